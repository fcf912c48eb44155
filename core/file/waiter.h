/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The wait for the opener (opener.h), after the cache (cache.h) could not look a file up by itself.
 * The answer becomes an entry of the cache.
 */
#ifndef SKUA_FILE_WAITER_H
#define SKUA_FILE_WAITER_H

#include "file/cache.h"

struct shared_question;

/* A caller that waits for the opener. It lies in the caller's memory. */
struct file_waiter {
	/*
	 * Called once with the answer, on the loop's thread, before requests run that were
	 * received after the answer. `file` is an entry, which the callee must release. NULL:
	 * file_lookup() must be called again.
	 */
	void (*found)(struct file_waiter *waiter, struct file *file);
	struct shared_question *shared;
	struct file_waiter *next, **link;
};

/*
 * Asks the opener after file_lookup() has returned NULL, or file_status_may_wait() true. found() is
 * called later. All waiters of the same turn of the loop share one answer, so the answer is newer
 * than their requests.
 */
void file_ask(const struct file_query *query, const struct file_need *need,
	      struct file_waiter *waiter);

/* Ends the wait: found() will not be called. No effect if it was called already. */
void file_waiter_cancel(struct file_waiter *waiter);

#endif
