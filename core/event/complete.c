/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The completion queue: a singly linked list under a mutex. Only the post that
 * finds it empty writes to the eventfd, so a burst wakes the loop once.
 */
#include "event/complete.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "event/loop.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct completion *first, **end = &first;
static bool started;
static struct event wake;

/* Takes the whole list, so that what is posted meanwhile waits for the next turn. */
static struct completion *take_all(void)
{
	pthread_mutex_lock(&lock);
	struct completion *list = first;
	first = NULL;
	end = &first;
	pthread_mutex_unlock(&lock);
	return list;
}

static void run_all(void)
{
	for (struct completion *item = take_all(); item;) {
		struct completion *next = item->next;
		item->run(item);
		item = next;
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
	if (started)
		return 0;
	int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (fd < 0)
		return -errno;
	wake = (struct event){ .fd = fd, .ready = woken };
	int error = event_add(&wake, EPOLLIN);
	if (error < 0) {
		close(fd);
		return error;
	}
	pthread_mutex_lock(&lock);
	started = true;
	pthread_mutex_unlock(&lock);
	return 0;
}

void completion_post(struct completion *completion)
{
	completion->next = NULL;
	pthread_mutex_lock(&lock);
	if (started) {
		bool was_empty = !first;
		*end = completion;
		end = &completion->next;
		/* An eventfd takes 2^64 - 2 of these before a write could fail. */
		if (was_empty)
			(void)!write(wake.fd, &(uint64_t){ 1 }, sizeof(uint64_t));
	}
	pthread_mutex_unlock(&lock);
}

void completion_finish(void)
{
	if (!started)
		return;
	run_all();
	pthread_mutex_lock(&lock);
	started = false;
	first = NULL;
	end = &first;
	pthread_mutex_unlock(&lock);
	event_remove(&wake);
	close(wake.fd);
}
