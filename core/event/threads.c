/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A pool of at most MAX_THREADS threads on one queue. A thread is started when
 * work arrives and none is idle; none ends before threads_finish(), since who
 * needed one needs it again.
 */
#include "event/threads.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>

#include <thread.h>

enum { MAX_THREADS = 4 };

struct work {
	void (*run)(void *data);
	void *data;
	struct work *next;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t arrived = PTHREAD_COND_INITIALIZER;
static struct work *first, **end = &first;
static pthread_t threads[MAX_THREADS];
static int count, idle, queued;
static bool stopping;

static struct work *next_work(void)
{
	pthread_mutex_lock(&lock);
	idle++;
	while (!first && !stopping)
		pthread_cond_wait(&arrived, &lock);
	idle--;
	struct work *work = stopping ? NULL : first;
	if (work) {
		first = work->next;
		if (!first)
			end = &first;
		queued--;
	}
	pthread_mutex_unlock(&lock);
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
 * them blocked. But SIGSYS is sent to who makes a system call that the sandbox
 * refuses, and blocking it would end the process.
 */
static int start_thread(void)
{
	sigset_t all, before;

	sigfillset(&all);
	sigdelset(&all, SIGSYS);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int error = pthread_create(&threads[count], NULL, thread_main, NULL);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error)
		return -error;
	count++;
	return 0;
}

int thread_run(void (*run)(void *data), void *data)
{
	struct work *work = malloc(sizeof(*work));
	if (!work)
		return -ENOMEM;
	*work = (struct work){ .run = run, .data = data };

	int error = 0;
	pthread_mutex_lock(&lock);
	if (queued >= idle && count < MAX_THREADS)
		error = start_thread();
	/* A thread fewer than there could be is no failure while there is one. */
	if (count == 0) {
		pthread_mutex_unlock(&lock);
		free(work);
		return error;
	}
	*end = work;
	end = &work->next;
	queued++;
	pthread_cond_signal(&arrived);
	pthread_mutex_unlock(&lock);
	return 0;
}

void threads_finish(void)
{
	pthread_mutex_lock(&lock);
	stopping = true;
	pthread_cond_broadcast(&arrived);
	pthread_mutex_unlock(&lock);

	for (int i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
	while (first) {
		struct work *work = first;
		first = work->next;
		free(work);
	}
	end = &first;
	count = idle = queued = 0;
	stopping = false;
}
