/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hashing of strings, and a table from names to pointers that lives in a pool.
 * The function is keyed at the start of the process, so that nobody outside can
 * choose names that collide.
 */
#ifndef SKUA_BASE_HASH_H
#define SKUA_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

#include <pool.h>
#include <str.h>

uint64_t hash_str(struct str s);

/*
 * The same without a key, for what others may see: it tells nothing of the key, and is the
 * same in each process.
 */
uint64_t hash_public(struct str s);

/*
 * A table that only grows. Names are borrowed. Zeroed memory with `pool` set is
 * an empty table.
 */
struct hash_table {
	struct pool *pool;
	struct hash_slot *slots;
	size_t capacity, count;
};

/* The value under this name, or NULL. */
void *hash_get(const struct hash_table *table, struct str name);

/* Stores a value (not NULL); returns the one that was there before, or NULL. */
void *hash_put(struct hash_table *table, struct str name, void *value);

#endif
