/* SPDX-License-Identifier: BSD-2-Clause */
/* What waiter.c uses of the table in cache.c. */
#ifndef SKUA_FILE_CACHE_PRIVATE_H
#define SKUA_FILE_CACHE_PRIVATE_H

#include <stdint.h>

struct file_entry;
struct file_query;

/* The entry under this key; `hash` is hash_str() of the path. The caller gets no reference. */
struct file_entry *cache_find(const struct file_query *query, uint64_t hash);

/* Puts an entry in the place of the one that the cache holds under its key. */
void cache_put(struct file_entry *entry);

#endif
