/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The end of the process's thread pools; what runs work on them is in <thread.h>.
 */
#ifndef SKUA_EVENT_THREADS_H
#define SKUA_EVENT_THREADS_H

enum { THREADS_MAX = 32 };

/* From now on there are at most so many threads, and THREADS_MAX at most; until then 4. */
void threads_limit(int limit);

/*
 * Waits for the work that is being done, drops what is still queued, ends the
 * threads of all pools. Before completion_finish(). Work given later starts a pool again.
 */
void threads_finish(void);

#endif
