/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs work on threads that would otherwise block the loop, such as calls of a slow library or
 * of a slow disk. Each process has a small pool of threads. The threads start when there is work
 * for them, so a process without such work stays single-threaded.
 */
#ifndef SKUA_THREAD_H
#define SKUA_THREAD_H

#include <stdbool.h>

/*
 * Runs work(data) on a thread of the process's pool; work is begun in the order of the calls.
 * work() may access nothing but `data`, which the caller keeps valid, and calls wakeup_fire()
 * (request.h) to tell the loop that it is done. 0, or -errno if there is no memory or no thread
 * could be started: then work() is not called. To be called on the loop's thread.
 */
int thread_run(void (*work)(void *data), void *data);

/*
 * A pool with a queue and threads of its own, for long work that would delay the work given to
 * thread_run(). Its threads are started at the first use in a process. It lives as long as the
 * process:
 *
 *     static struct thread_pool pool = { .max_threads = 2 };
 */
struct thread_pool {
	int max_threads;
	int nice; /* its threads give way to the loop by so much, setpriority(2); 0: as the loop */
	struct thread_queue *queue; /* belongs to event/threads.c; NULL at first */
};

/*
 * Runs work(data) on a thread of the pool, and then done(data) on the loop's thread. `data` must
 * stay valid until done() is called. When the process stops, done() is called even for work that
 * was not begun. 0, or -errno if there is no memory or no thread could be started: then neither
 * function is called. To be called on the loop's thread.
 */
int thread_pool_run(struct thread_pool *pool, void (*work)(void *data),
		    void (*done)(void *data), void *data);

/*
 * Whether the loop's thread may do some work itself that takes half a millisecond at most, because
 * nothing else waits for it: no event that has come, and no response. So two switches between
 * threads are saved. What comes meanwhile waits, and so do timers that are due, so this is true
 * only once in a turn of the loop.
 */
bool thread_loop_has_time(void);

#endif
