/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The loop over epoll(7): one descriptor for all events, a queue of jobs for each stage, and a list
 * of hooks. The order of a turn is the one in loop.h.
 */
#include "event/loop.h"

#include <errno.h>
#include <unistd.h>

#include <log.h>
#include <thread.h>

#include "event/timer_heap.h"

enum {
	EVENTS_A_TURN = 128,
	EVENTS_A_ROUND = 32, /* the memory of so many connections fits the first-level cache */
};

struct queue {
	struct job *first, **end;
};

static struct {
	int epoll_fd;
	bool stopped;
	uint64_t round;
	struct queue queues[STAGES];
	struct hook *at_end; /* of loop_on_finish() */
	struct epoll_event *pending; /* of this turn, not delivered yet */
	int pending_count;
	bool is_full; /* there may be more events than epoll_wait() has returned in this turn */
	bool time_is_given; /* thread_loop_has_time() was true in this turn */
} loop = { .epoll_fd = -1 };

int loop_start(void)
{
	loop.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (loop.epoll_fd < 0)
		return -errno;
	loop.stopped = false;
	loop.at_end = NULL;
	for (int i = 0; i < STAGES; i++)
		loop.queues[i] = (struct queue){ NULL, &loop.queues[i].first };
	clock_update();
	return 0;
}

void loop_finish(void)
{
	if (loop.epoll_fd >= 0)
		close(loop.epoll_fd);
	loop.epoll_fd = -1;
	timer_heap_clear();
}

static int control(int op, struct event *event, uint32_t events)
{
	struct epoll_event request = { .events = events, .data.ptr = event };

	return epoll_ctl(loop.epoll_fd, op, event->fd, &request) < 0 ? -errno : 0;
}

int event_add(struct event *event, uint32_t events)
{
	return control(EPOLL_CTL_ADD, event, events);
}

int event_modify(struct event *event, uint32_t events)
{
	return control(EPOLL_CTL_MOD, event, events);
}

void event_remove(struct event *event)
{
	control(EPOLL_CTL_DEL, event, 0);
	for (int i = 0; i < loop.pending_count; i++)
		if (loop.pending[i].data.ptr == event)
			loop.pending[i].data.ptr = NULL;
}

void job_queue(struct job *job, enum stage stage)
{
	struct queue *queue = &loop.queues[stage];

	if (job->link)
		return;
	job->next = NULL;
	job->link = queue->end;
	*queue->end = job;
	queue->end = &job->next;
}

void job_cancel(struct job *job)
{
	if (!job->link)
		return;
	*job->link = job->next;
	if (job->next)
		job->next->link = job->link;
	for (int i = 0; i < STAGES; i++)
		if (loop.queues[i].end == &job->next)
			loop.queues[i].end = job->link;
	job->link = NULL;
}

/*
 * Runs the jobs that are queued now. A job that queues itself again comes behind the marker,
 * and so waits for the next turn.
 */
static void run_stage(enum stage stage)
{
	struct queue *queue = &loop.queues[stage];
	struct job marker = { 0 };

	if (!queue->first)
		return;
	job_queue(&marker, stage);
	while (queue->first != &marker) {
		struct job *job = queue->first;

		job_cancel(job);
		job->run(job);
	}
	job_cancel(&marker);
}

void loop_on_finish(struct hook *hook)
{
	struct hook **link = &loop.at_end;

	while (*link)
		link = &(*link)->next;
	hook->next = NULL;
	*link = hook;
}

uint64_t loop_round_number(void)
{
	return loop.round;
}

static int wait_time(int max_wait_ms)
{
	int64_t next = timer_heap_next();

	if (!next)
		return max_wait_ms;

	int64_t wait = next - clock_ms();

	if (wait < 0)
		return 0;
	if (max_wait_ms >= 0 && wait > max_wait_ms)
		return max_wait_ms;
	return wait < INT32_MAX ? (int)wait : INT32_MAX;
}

static void deliver(int count)
{
	for (; count > 0 && loop.pending_count > 0; count--) {
		struct epoll_event next = *loop.pending++;
		struct event *event = next.data.ptr;

		loop.pending_count--;
		if (event)
			event->ready(event, next.events);
	}
}

/* Apart from the marker of run_stage(). */
static bool has_jobs(void)
{
	for (int i = 0; i < STAGES; i++) {
		const struct job *first = loop.queues[i].first;

		if (first && (first->run || first->next))
			return true;
	}
	return false;
}

bool thread_loop_has_time(void)
{
	if (loop.time_is_given || loop.is_full || loop.pending_count > 0 || has_jobs())
		return false;
	loop.time_is_given = true;
	return true;
}

bool loop_turn(int max_wait_ms)
{
	struct epoll_event events[EVENTS_A_TURN];
	bool is_busy = has_jobs();
	int max_wait = is_busy ? 0 : wait_time(max_wait_ms);
	int count = epoll_wait(loop.epoll_fd, events, EVENTS_A_TURN, max_wait);

	if (count < 0 && errno != EINTR)
		log_alert("epoll_wait() failed");
	clock_update();
	loop.is_full = count == EVENTS_A_TURN;
	loop.time_is_given = false;
	loop.pending = events;
	loop.pending_count = count;
	do {
		loop.round++;
		deliver(EVENTS_A_ROUND);
		run_stage(STAGE_RECEIVE);
		run_stage(STAGE_RESPOND);
		run_stage(STAGE_SEND);
	} while (loop.pending_count > 0);
	run_stage(STAGE_FINISH);
	is_busy |= timer_heap_expire();
	for (const struct hook *hook = loop.at_end; hook; hook = hook->next)
		hook->run(hook->data);
	return is_busy || count > 0;
}

void loop_run(void)
{
	loop.stopped = false;
	while (!loop.stopped)
		loop_turn(-1);
}

void loop_stop(void)
{
	loop.stopped = true;
}
