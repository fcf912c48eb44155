/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The cache of entries of a process: what was found under a path, misses too.
 *
 * An entry is validated by one fstatat() at most in a round of the loop. That is
 * as good as one for each request: every request that runs in a round was
 * received in step 2 of it, before the first one runs in step 4. A change that
 * was complete before some client sent its request is therefore older than any
 * validation of that round. This holds for look-ups in step 4 and later, which is
 * where requests run; a completion (complete.h) only queues them.
 *
 * Not for several threads.
 */
#ifndef SKUA_FILE_CACHE_H
#define SKUA_FILE_CACHE_H

#include <stdbool.h>

#include "file/policy.h"
#include <file.h>

struct file_cache_limits {
	size_t entries; /* misses are at most a quarter of it */
	size_t bytes; /* of memory */
	size_t fds; /* descriptors of large files; 0: a quarter of RLIMIT_NOFILE */
};

/*
 * What is beyond the limits is dropped, longest unused first. Without a call:
 * 8192 entries, 64 MiB.
 */
void file_cache_limit(struct file_cache_limits limits);

/* Always gives an entry; the caller holds it until file_release(). */
struct file *file_lookup(const struct file_query *query);

void file_hold(struct file *file); /* one more reference */
void file_release(struct file *file);

/*
 * Memory or descriptors are needed elsewhere: drops all entries that only the cache holds.
 * Returns true if there was any.
 */
bool file_cache_trim(void);

/* Everything goes, now or when it is released: the process ends. */
void file_cache_clear(void);

struct file_cache_counts {
	size_t entries, missing, bytes, fds; /* now */
	uint64_t hits, fills; /* so far */
};
extern struct file_cache_counts file_cache_counts;

#endif
