/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Timers: a binary heap of pointers, ordered by the deadline with which they
 * were queued. A deadline that moves away is only noted; the timer is put in
 * its new place when its old one comes up. Connections push their deadlines
 * away with each request, so this is the usual case.
 */
#include "event/timer_heap.h"

#include "event/loop.h"

#include <stdlib.h>
#include <time.h>

#include <log.h>

static struct {
	struct timer **timers; /* timers[1] to timers[count] */
	size_t count, capacity;
} heap;

/* The clocks as they were read last. */
static struct {
	int64_t now_us, now_ms, wall_ms;
	int64_t stopped_at_ms; /* clock_stop_at(); 0: the clock runs */
} times;

int64_t clock_ms(void)
{
	return times.now_ms;
}

int64_t clock_wall_ms(void)
{
	return times.wall_ms;
}

bool clock_is_due(int64_t *last_ms, int64_t apart_ms)
{
	if (*last_ms && times.now_ms - *last_ms < apart_ms)
		return false;
	*last_ms = times.now_ms;
	return true;
}

int64_t clock_us(void)
{
	return times.now_us;
}

static int64_t read_clock(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

int64_t clock_read_us(void)
{
	return times.stopped_at_ms ? times.now_us : read_clock(CLOCK_MONOTONIC);
}

void clock_update(void)
{
	times.now_us = times.stopped_at_ms ? times.stopped_at_ms * 1000 :
					     read_clock(CLOCK_MONOTONIC);
	times.now_ms = times.now_us / 1000;
	times.wall_ms = read_clock(CLOCK_REALTIME) / 1000;
}

void clock_stop_at(int64_t ms)
{
	times.now_ms = times.stopped_at_ms = ms;
	times.now_us = ms * 1000;
}

static void put(struct timer *timer, size_t place)
{
	heap.timers[place] = timer;
	timer->place = place;
}

static void sift_up(struct timer *timer, size_t place)
{
	for (; place > 1 && heap.timers[place / 2]->queued > timer->queued; place /= 2)
		put(heap.timers[place / 2], place);
	put(timer, place);
}

static void sift_down(struct timer *timer, size_t place)
{
	for (;;) {
		size_t child = place * 2;

		if (child > heap.count)
			break;
		if (child < heap.count &&
		    heap.timers[child + 1]->queued < heap.timers[child]->queued)
			child++;
		if (heap.timers[child]->queued >= timer->queued)
			break;
		put(heap.timers[child], place);
		place = child;
	}
	put(timer, place);
}

static void make_room(void)
{
	if (heap.count + 1 < heap.capacity)
		return;
	heap.capacity = heap.capacity ? heap.capacity * 2 : 256;
	heap.timers = realloc(heap.timers, heap.capacity * sizeof(struct timer *));
	if (!heap.timers) {
		log_emergx("no memory for %zu timers: this process ends", heap.capacity);
		abort();
	}
}

static void enqueue(struct timer *timer)
{
	timer->queued = timer->deadline;
	make_room();
	sift_up(timer, ++heap.count);
}

static void dequeue(struct timer *timer)
{
	struct timer *last = heap.timers[heap.count--];
	size_t place = timer->place;

	timer->place = 0;
	if (last == timer)
		return;
	if (place > 1 && heap.timers[place / 2]->queued > last->queued)
		sift_up(last, place);
	else
		sift_down(last, place);
}

void timer_start_at(struct timer *timer, int64_t deadline)
{
	timer->deadline = deadline;
	if (timer->place && timer->queued <= timer->deadline)
		return;
	if (timer->place)
		dequeue(timer);
	enqueue(timer);
}

void timer_start(struct timer *timer, int64_t ms)
{
	int64_t longest = INT64_MAX - times.now_ms;

	if (ms < 1)
		ms = 1;
	timer_start_at(timer, times.now_ms + (ms < longest ? ms : longest));
}

void timer_stop(struct timer *timer)
{
	timer->deadline = 0;
	if (timer->place)
		dequeue(timer);
}

int64_t timer_heap_next(void)
{
	return heap.count ? heap.timers[1]->queued : 0;
}

bool timer_heap_expire(void)
{
	bool any = false;

	while (heap.count && heap.timers[1]->queued <= times.now_ms) {
		struct timer *timer = heap.timers[1];

		dequeue(timer);
		if (timer->deadline > times.now_ms) {
			enqueue(timer);
			continue;
		}
		timer->deadline = 0;
		any = true;
		timer->expired(timer->data);
	}
	return any;
}

void timer_heap_clear(void)
{
	for (size_t i = 1; i <= heap.count; i++)
		heap.timers[i]->place = 0, heap.timers[i]->deadline = 0;
	free(heap.timers);
	heap.timers = NULL;
	heap.count = heap.capacity = 0;
}
