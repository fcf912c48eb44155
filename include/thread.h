/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The process's small pool of threads, for what would make the loop wait: a
 * slow library, a slow disk. Threads start when there is work for them, so a
 * process that has none stays single-threaded.
 */
#ifndef SKUA_THREAD_H
#define SKUA_THREAD_H

/*
 * Runs work(data) on a thread of the pool, after the work that was given before. work() may
 * touch nothing but `data`; by wakeup_fire() (request.h) it tells the loop that it is done.
 * 0, or -errno when no thread can be started: then work() is not called. Call it on the
 * loop's thread.
 */
int thread_run(void (*work)(void *data), void *data);

#endif
