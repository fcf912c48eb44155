/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pools of threads, each on one queue. A thread is started when work arrives and none is
 * idle; none ends before threads_finish(), since a process that has needed one is likely to
 * need it again.
 *
 * Of several idle threads the one that has worked last is woken up: its stack and its memory of
 * malloc(3) are in the caches of the processor. So each thread waits on a semaphore of its own.
 */
#include "event/threads.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "event/complete.h"
#include <thread.h>

struct work {
	struct completion completion; /* runs done() */
	void (*run)(void *data);
	void (*done)(void *data); /* or NULL */
	void *data;
	struct work *next;
};

struct thread {
	pthread_t id;
	struct thread_queue *queue;
	sem_t woken; /* there is work, or the threads are to end */
	struct thread *next_idle;
};

struct thread_queue {
	pthread_mutex_t lock;
	struct work *first, **end; /* what no thread has begun yet */
	struct thread threads[THREADS_MAX];
	struct thread *idle; /* a stack: those that wait, and that nobody has woken up */
	int max_threads;
	int nice; /* of the threads, in addition to that of the process */
	int count; /* of the threads */
	bool stopping;
	struct thread_queue *other; /* in the list of all */
};

static struct thread_queue shared = {
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.end = &shared.first,
	.max_threads = 4,
};

static void finish_work(struct work *work)
{
	if (work->done)
		work->done(work->data);
	free(work);
}

static void completed(struct completion *completion)
{
	finish_work((struct work *)completion);
}

static struct work *next_work(struct thread *thread)
{
	struct thread_queue *queue = thread->queue;

	pthread_mutex_lock(&queue->lock);
	while (!queue->first && !queue->stopping) {
		thread->next_idle = queue->idle;
		queue->idle = thread;
		pthread_mutex_unlock(&queue->lock);
		while (sem_wait(&thread->woken) < 0) /* EINTR */
			;
		pthread_mutex_lock(&queue->lock);
	}
	struct work *work = queue->stopping ? NULL : queue->first;
	if (work) {
		queue->first = work->next;
		if (!queue->first)
			queue->end = &queue->first;
	}
	pthread_mutex_unlock(&queue->lock);
	return work;
}

static void *thread_main(void *data)
{
	struct thread *thread = data;
	const struct thread_queue *queue = thread->queue;

	/* On Linux the priority is that of the calling thread. Without it the work is done, too. */
	if (queue->nice)
		setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + queue->nice);
	for (struct work *work; (work = next_work(thread));) {
		work->run(work->data);
		if (work->done)
			completion_post(&work->completion);
		else
			free(work);
	}
	return NULL;
}

/*
 * Signals are for the loop's thread: the new one inherits a mask with all of
 * them blocked. But SIGSYS is sent to the thread that makes a system call that the
 * sandbox refuses, and the kernel ends the process if it is blocked.
 */
static int start_thread(struct thread_queue *queue)
{
	struct thread *thread = &queue->threads[queue->count];
	sigset_t all, before;

	thread->queue = queue;
	sem_init(&thread->woken, 0, 0);
	sigfillset(&all);
	sigdelset(&all, SIGSYS);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int error = pthread_create(&thread->id, NULL, thread_main, thread);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error)
		return -error;
	queue->count++;
	return 0;
}

static int enqueue(struct thread_queue *queue, struct work what)
{
	struct work *work = malloc(sizeof(*work));
	if (!work)
		return -ENOMEM;
	*work = what;

	int error = 0;
	pthread_mutex_lock(&queue->lock);
	struct thread *idle = queue->idle;
	if (!idle && queue->count < queue->max_threads)
		error = start_thread(queue);
	/* If another thread runs already, it does the work. */
	if (queue->count == 0) {
		pthread_mutex_unlock(&queue->lock);
		free(work);
		return error;
	}
	*queue->end = work;
	queue->end = &work->next;
	if (idle)
		queue->idle = idle->next_idle;
	pthread_mutex_unlock(&queue->lock);
	/* Not under the lock: the thread that wakes up takes it at once. */
	if (idle)
		sem_post(&idle->woken);
	return 0;
}

void threads_limit(int limit)
{
	shared.max_threads = limit < THREADS_MAX ? limit : THREADS_MAX;
}

int thread_run(void (*run)(void *data), void *data)
{
	return enqueue(&shared, (struct work){ .run = run, .data = data });
}

static struct thread_queue *create_queue(const struct thread_pool *pool)
{
	struct thread_queue *queue = calloc(1, sizeof(*queue));

	if (!queue)
		return NULL;
	pthread_mutex_init(&queue->lock, NULL);
	queue->end = &queue->first;
	queue->max_threads = pool->max_threads < THREADS_MAX ? pool->max_threads : THREADS_MAX;
	queue->nice = pool->nice;
	queue->other = shared.other;
	shared.other = queue;
	return queue;
}

int thread_pool_run(struct thread_pool *pool, void (*work)(void *data),
		    void (*done)(void *data), void *data)
{
	int error = completion_start();

	if (error < 0)
		return error;
	if (!pool->queue)
		pool->queue = create_queue(pool);
	if (!pool->queue)
		return -ENOMEM;
	return enqueue(pool->queue, (struct work){ { .run = completed }, work, done, data, NULL });
}

static void finish(struct thread_queue *queue)
{
	pthread_mutex_lock(&queue->lock);
	queue->stopping = true;
	for (struct thread *idle = queue->idle; idle; idle = idle->next_idle)
		sem_post(&idle->woken);
	queue->idle = NULL;
	pthread_mutex_unlock(&queue->lock);

	for (int i = 0; i < queue->count; i++) {
		pthread_join(queue->threads[i].id, NULL);
		sem_destroy(&queue->threads[i].woken);
	}
	while (queue->first) {
		struct work *work = queue->first;

		queue->first = work->next;
		finish_work(work);
	}
	queue->end = &queue->first;
	queue->count = 0;
	queue->stopping = false;
}

void threads_finish(void)
{
	for (struct thread_queue *queue = &shared; queue; queue = queue->other)
		finish(queue);
}
