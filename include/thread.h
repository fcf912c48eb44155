/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The process's small pool of threads, for what would make the loop wait: a
 * slow library, a slow disk. Threads start when there is work for them, so a
 * process that has none stays single-threaded.
 */
#ifndef SKUA_THREAD_H
#define SKUA_THREAD_H

/*
 * Runs work(data) on a thread of the pool, in turn with what was given before.
 * There it may touch only what it was given, and tell the loop that it is
 * done with wakeup_fire() (request.h). 0, or -errno when no thread can be
 * started: then work is not called. Call it on the loop's thread.
 */
int thread_run(void (*work)(void *data), void *data);

#endif
