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

/*
 * A pool with a queue and threads of its own, for work that would hold up what is given to
 * thread_run(). It is made at the first use in a process, and lives as long as that:
 *
 *     static struct thread_pool pool = { .max_threads = 2 };
 */
struct thread_pool {
	int max_threads;
	struct thread_queue *queue; /* event/threads.c's; begin with NULL */
};

/*
 * Runs work(data) on a thread of the pool, and then done(data) on the loop's thread. When the
 * process stops, done() is called even for work that was not begun. 0, or -errno: neither is
 * called.
 */
int thread_pool_run(struct thread_pool *pool, void (*work)(void *data),
		    void (*done)(void *data), void *data);

#endif
