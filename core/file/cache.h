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

/*
 * Gives an entry, which the caller holds until file_release(). NULL: the sandbox keeps this
 * process from opening the file, and the opener has to be asked: file_ask(). Then *device is
 * the disk that the file lies on.
 */
struct file *file_lookup(const struct file_query *query, dev_t *device);

/*
 * policy_stat() of the path, or what an entry says of it that was validated in this round. A
 * name that does not exist becomes an entry.
 */
struct file_status file_lookup_status(const struct file_query *query, char *why, size_t why_size);

struct asked;

/* Somebody who waits for the opener. Lies in his memory. */
struct file_waiter {
	/*
	 * Called once, on the loop's thread, before anything else runs that was received after
	 * the answer: `file` is an entry, which the callee holds; NULL: file_lookup() is to
	 * be called again.
	 */
	void (*found)(struct file_waiter *waiter, struct file *file);
	struct asked *asked;
	struct file_waiter *next, **link;
};

/*
 * Asks the opener, after file_lookup() has returned NULL; found() is called later. All who ask
 * in the same round of the loop share one answer, which is therefore younger than what they
 * have received.
 */
void file_ask(const struct file_query *query, dev_t device, struct file_waiter *waiter);

/* It waits no longer. Does nothing if found() was called already. */
void file_waiter_cancel(struct file_waiter *waiter);

/*
 * An entry that is not kept, for a file that could not be looked for: file->error is `error`,
 * and `why` is for the log.
 */
struct file *file_unavailable(const struct file_query *query, int error, const char *why);

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
