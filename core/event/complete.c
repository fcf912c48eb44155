/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The completion queue: a singly linked list under a mutex. A post writes to the eventfd unless
 * another one has written since the loop took the list, so a burst wakes the loop once. It
 * writes after it has left the mutex: the loop, which takes the mutex as soon as it wakes up,
 * would often run at once on the core of the thread that posts, and wait for this thread to run
 * again. A thread of low priority may lose its processor between the mutex and the write. Other
 * posts do not rely on it: until it has written, they write, too.
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
	uint64_t turn; /* how often the loop has taken the list */
	atomic_uint_least64_t woken; /* 1 + a turn in which the eventfd was written */
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
	queue.turn++;
	pthread_mutex_unlock(&queue.lock);

	for (; item; item = next) {
		next = item->next;
		item->run(item);
	}
}

/* The eventfd is never read, since edge-triggered epoll reports each write. */
static void woken(struct event *event, uint32_t events)
{
	(void)event;
	(void)events;
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
	int error = event_add(&queue.wake, EPOLLIN | EPOLLET);
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
	uint64_t turn;

	completion->next = NULL;
	pthread_mutex_lock(&queue.lock);
	turn = queue.turn;
	if (queue.started) {
		wakes = atomic_load(&queue.woken) != 1 + turn;
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
	/* The turn may be over by now: then this only makes a later post write once more. */
	atomic_store(&queue.woken, 1 + turn);
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
	queue.turn++; /* what was written so far says nothing about the next eventfd */
	pthread_mutex_unlock(&queue.lock);
	while (atomic_load(&queue.writers))
		sched_yield();
	event_remove(&queue.wake);
	close(queue.wake.fd);
}
