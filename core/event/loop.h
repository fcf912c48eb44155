/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The loop of a process. One turn:
 *
 *     1 wait      epoll, with the nearest timer; at once if work is left over
 *     2 receive   completions of threads, ready descriptors: ready(), then the jobs that were
 *                 queued for STAGE_RECEIVE
 *     3 respond   the jobs that were queued for STAGE_RESPOND,
 *     4 send      then those for STAGE_SEND
 *     5 finish    the jobs for STAGE_FINISH (lines of logs are written)
 *     6 expire    timers, then the hooks of loop_on_finish()
 *
 * Steps 2 to 4 are a round. Each takes a few of the descriptors, so that what was
 * received is still in the caches of the processor when it is used; rounds
 * follow each other until all descriptors have had their turn.
 *
 * There is one loop in a process, so it needs no handle. Other threads may
 * only post completions (complete.h).
 */
#ifndef SKUA_EVENT_LOOP_H
#define SKUA_EVENT_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>

#include <timer.h>

/* A descriptor that is watched. Lies in its owner's memory. */
struct event {
	int fd;
	void (*ready)(struct event *event, uint32_t events);
};

/*
 * Work that is queued for a stage. It is done in this round, or in the next one if the stage
 * is over or running. Lies in its owner's memory; the owner calls job_cancel() before that
 * memory ends.
 */
enum stage { STAGE_RECEIVE, STAGE_RESPOND, STAGE_SEND, STAGE_FINISH, STAGES };

struct job {
	void (*run)(struct job *job);
	struct job *next, **link; /* link NULL: not queued */
};

/* A function that is called at the end of every turn; never removed. */
struct hook {
	void (*run)(void *data);
	void *data;
	struct hook *next;
};

/* 0 or -errno. Ends with the process; after a fork the child starts its own. */
int loop_start(void);
void loop_finish(void);

/* Runs turns until loop_stop() is called. */
void loop_run(void);
void loop_stop(void);

/*
 * For tests: runs one turn of the loop, which waits at most max_wait_ms milliseconds for
 * an event (-1: without a limit). Returns false if there was nothing to do: no event, no
 * job and no timer that was due.
 */
bool loop_turn(int max_wait_ms);

/*
 * Watches event->fd for `events` of epoll_ctl(2); the caller says EPOLLET or
 * EPOLLEXCLUSIVE if it wants them. 0 or -errno.
 */
int event_add(struct event *event, uint32_t events);
int event_modify(struct event *event, uint32_t events);
/* Call it before the descriptor is closed. Pending events are not delivered any more. */
void event_remove(struct event *event);

void job_queue(struct job *job, enum stage stage);
void job_cancel(struct job *job);

static inline bool job_is_queued(const struct job *job)
{
	return job->link != NULL;
}

/* Adds a hook, which lies in its owner's memory. */
void loop_on_finish(struct hook *hook);

/*
 * The number of this round. A file that was looked at in the same round, after step 2, was
 * looked at after all requests of the round had arrived (file/cache.h).
 */
uint64_t loop_round_number(void);

/* As clock_ms() in microseconds: as the loop read it, and as it is now. */
int64_t clock_us(void);
int64_t clock_read_us(void);

/* Reads the clocks again. For use after slow work, and before the first turn. */
void clock_update(void);

/*
 * For tests: from now on clock_ms() returns this value. The date and the time of day
 * still follow the clock of the system.
 */
void clock_stop_at(int64_t ms);

#endif
