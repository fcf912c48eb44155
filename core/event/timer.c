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

static struct timer **heap; /* heap[1] … heap[count] */
static size_t count, capacity;

static int64_t now_ms, wall_ms;
static int64_t stopped_at_ms; /* 0: the clock goes */

int64_t clock_ms(void)
{
	return now_ms;
}

int64_t clock_wall_ms(void)
{
	return wall_ms;
}

bool clock_is_due(int64_t *last_ms, int64_t apart_ms)
{
	if (*last_ms && now_ms - *last_ms < apart_ms)
		return false;
	*last_ms = now_ms;
	return true;
}

static int64_t read_clock(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

void clock_update(void)
{
	now_ms = stopped_at_ms ? stopped_at_ms : read_clock(CLOCK_MONOTONIC);
	wall_ms = read_clock(CLOCK_REALTIME);
}

void clock_stop_at(int64_t ms)
{
	now_ms = stopped_at_ms = ms;
}

static void put(struct timer *timer, size_t place)
{
	heap[place] = timer;
	timer->place = place;
}

static void sift_up(struct timer *timer, size_t place)
{
	for (; place > 1 && heap[place / 2]->queued > timer->queued; place /= 2)
		put(heap[place / 2], place);
	put(timer, place);
}

static void sift_down(struct timer *timer, size_t place)
{
	for (;;) {
		size_t child = place * 2;

		if (child > count)
			break;
		if (child < count && heap[child + 1]->queued < heap[child]->queued)
			child++;
		if (heap[child]->queued >= timer->queued)
			break;
		put(heap[child], place);
		place = child;
	}
	put(timer, place);
}

static void make_room(void)
{
	if (count + 1 < capacity)
		return;
	capacity = capacity ? capacity * 2 : 256;
	heap = realloc(heap, capacity * sizeof(struct timer *));
	if (!heap) {
		log_emergx("no memory for %zu timers: this process ends", capacity);
		abort();
	}
}

static void enqueue(struct timer *timer)
{
	timer->queued = timer->deadline;
	make_room();
	sift_up(timer, ++count);
}

static void dequeue(struct timer *timer)
{
	struct timer *last = heap[count--];
	size_t place = timer->place;

	timer->place = 0;
	if (last == timer)
		return;
	if (place > 1 && heap[place / 2]->queued > last->queued)
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
	timer_start_at(timer, now_ms + (ms > 0 ? ms : 1));
}

void timer_stop(struct timer *timer)
{
	timer->deadline = 0;
	if (timer->place)
		dequeue(timer);
}

int64_t timer_heap_next(void)
{
	return count ? heap[1]->queued : 0;
}

bool timer_heap_expire(void)
{
	bool any = false;

	while (count && heap[1]->queued <= now_ms) {
		struct timer *timer = heap[1];

		dequeue(timer);
		if (timer->deadline > now_ms) {
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
	for (size_t i = 1; i <= count; i++)
		heap[i]->place = 0, heap[i]->deadline = 0;
	free(heap);
	heap = NULL;
	count = capacity = 0;
}
