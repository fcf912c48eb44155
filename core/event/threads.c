/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A pool of at most pool.limit threads on one queue. A thread is started when
 * work arrives and none is idle; none ends before threads_finish(), since a
 * process that has needed one is likely to need it again.
 */
#include "event/threads.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>

#include <thread.h>

struct work {
	void (*run)(void *data);
	void *data;
	struct work *next;
};

static struct {
	pthread_mutex_t lock;
	pthread_cond_t arrived; /* there is work, or the threads are to end */
	struct work *first, **end; /* what no thread has begun yet */
	pthread_t threads[THREADS_MAX];
	int limit; /* of their number */
	int count; /* of the threads */
	int idle; /* threads that wait for work */
	int queued; /* in the list */
	bool stopping;
} pool = {
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.arrived = PTHREAD_COND_INITIALIZER,
	.end = &pool.first,
	.limit = 4,
};

static struct work *next_work(void)
{
	pthread_mutex_lock(&pool.lock);
	pool.idle++;
	while (!pool.first && !pool.stopping)
		pthread_cond_wait(&pool.arrived, &pool.lock);
	pool.idle--;
	struct work *work = pool.stopping ? NULL : pool.first;
	if (work) {
		pool.first = work->next;
		if (!pool.first)
			pool.end = &pool.first;
		pool.queued--;
	}
	pthread_mutex_unlock(&pool.lock);
	return work;
}

static void *thread_main(void *unused)
{
	for (struct work *work; (work = next_work());) {
		work->run(work->data);
		free(work);
	}
	return unused;
}

/*
 * Signals are for the loop's thread: the new one inherits a mask with all of
 * them blocked. But SIGSYS is sent to the thread that makes a system call that the
 * sandbox refuses, and the kernel ends the process if it is blocked.
 */
static int start_thread(void)
{
	sigset_t all, before;

	sigfillset(&all);
	sigdelset(&all, SIGSYS);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int error = pthread_create(&pool.threads[pool.count], NULL, thread_main, NULL);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error)
		return -error;
	pool.count++;
	return 0;
}

void threads_limit(int limit)
{
	pool.limit = limit < THREADS_MAX ? limit : THREADS_MAX;
}

int thread_run(void (*run)(void *data), void *data)
{
	struct work *work = malloc(sizeof(*work));
	if (!work)
		return -ENOMEM;
	*work = (struct work){ .run = run, .data = data };

	int error = 0;
	pthread_mutex_lock(&pool.lock);
	if (pool.queued >= pool.idle && pool.count < pool.limit)
		error = start_thread();
	/* If another thread runs already, it does the work. */
	if (pool.count == 0) {
		pthread_mutex_unlock(&pool.lock);
		free(work);
		return error;
	}
	*pool.end = work;
	pool.end = &work->next;
	pool.queued++;
	pthread_cond_signal(&pool.arrived);
	pthread_mutex_unlock(&pool.lock);
	return 0;
}

void threads_finish(void)
{
	pthread_mutex_lock(&pool.lock);
	pool.stopping = true;
	pthread_cond_broadcast(&pool.arrived);
	pthread_mutex_unlock(&pool.lock);

	for (int i = 0; i < pool.count; i++)
		pthread_join(pool.threads[i], NULL);
	while (pool.first) {
		struct work *work = pool.first;
		pool.first = work->next;
		free(work);
	}
	pool.end = &pool.first;
	pool.count = pool.idle = pool.queued = 0;
	pool.stopping = false;
}
