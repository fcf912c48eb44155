/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The completion queue: a singly linked list under a mutex. Only the post that
 * finds it empty writes to the eventfd, so a burst wakes the loop once. It writes after it
 * has left the mutex: the loop, which takes the mutex as soon as it wakes up, would often run
 * at once on the core of the thread that posts, and wait for this thread to run again.
 */
#include "event/complete.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "event/loop.h"

static struct {
	pthread_mutex_t lock;
	struct completion *first, **end;
	bool started;
	atomic_uint writers; /* posts that are about to write to the eventfd */
	struct event wake; /* the eventfd */
} queue = { .lock = PTHREAD_MUTEX_INITIALIZER, .end = &queue.first };

/* Takes the whole list first, so that what is posted meanwhile waits for the next turn. */
static void run_all(void)
{
	pthread_mutex_lock(&queue.lock);
	struct completion *item = queue.first, *next;
	queue.first = NULL;
	queue.end = &queue.first;
	pthread_mutex_unlock(&queue.lock);

	for (; item; item = next) {
		next = item->next;
		item->run(item);
	}
}

static void woken(struct event *event, uint32_t events)
{
	uint64_t count;

	(void)events;
	/* Reset before the list is taken: a post in between wakes us again. */
	while (read(event->fd, &count, sizeof(count)) < 0 && errno == EINTR)
		;
	run_all();
}

int completion_start(void)
{
	if (queue.started)
		return 0;
	int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (fd < 0)
		return -errno;
	queue.wake = (struct event){ .fd = fd, .ready = woken };
	int error = event_add(&queue.wake, EPOLLIN);
	if (error < 0) {
		close(fd);
		return error;
	}
	pthread_mutex_lock(&queue.lock);
	queue.started = true;
	pthread_mutex_unlock(&queue.lock);
	return 0;
}

void completion_post(struct completion *completion)
{
	bool wakes = false;

	completion->next = NULL;
	pthread_mutex_lock(&queue.lock);
	if (queue.started) {
		wakes = !queue.first;
		*queue.end = completion;
		queue.end = &completion->next;
		if (wakes)
			atomic_fetch_add(&queue.writers, 1);
	}
	pthread_mutex_unlock(&queue.lock);
	if (!wakes)
		return;
	/* An eventfd takes 2^64 - 2 of these before a write could fail. */
	(void)!write(queue.wake.fd, &(uint64_t){ 1 }, sizeof(uint64_t));
	atomic_fetch_sub(&queue.writers, 1);
}

void completion_finish(void)
{
	if (!queue.started)
		return;
	run_all();
	pthread_mutex_lock(&queue.lock);
	queue.started = false;
	queue.first = NULL;
	queue.end = &queue.first;
	pthread_mutex_unlock(&queue.lock);
	while (atomic_load(&queue.writers))
		sched_yield();
	event_remove(&queue.wake);
	close(queue.wake.fd);
}
