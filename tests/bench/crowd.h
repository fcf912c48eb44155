/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Callers that come at their own pace, whether the server keeps up or not, and
 * ask when they are told to. Each answer says which worker gave it (X-Worker), so
 * the crowd knows who holds which connection.
 */
#ifndef BENCH_CROWD_H
#define BENCH_CROWD_H

#include "histogram.h"

#include <stdbool.h>
#include <stdint.h>

enum { CROWD_MAX = 40000, CROWD_WORKERS_MAX = 64 };

struct caller {
	int fd; /* -1: its connection is over */
	unsigned worker; /* the process that answered last; 0: nobody has yet */
	bool once; /* it asks once and hangs up */
	bool waiting; /* for an answer */
	bool blocked; /* not connected yet, the request waits */
	uint64_t asked_at; /* ns */
	uint64_t took; /* ns from asking to the last answer; a first one: from connect() */
	int64_t body_left; /* bytes to the end of this answer; -1 at a head */
};

struct crowd {
	struct caller callers[CROWD_MAX]; /* in the order of their coming */
	long count;
	long waiting; /* callers that wait for an answer */
	uint64_t answers;
	uint64_t failures; /* connections that failed or were ended, wrong answers */
	struct histogram latencies; /* ns */
	void (*answered)(struct caller *caller); /* may ask again; NULL: nothing is done */
};

extern struct crowd crowd;

/* Once, before all else. Every answer must be 200. */
void crowd_start(long port, const char *path);

/*
 * So many callers come, `rate` in a second; each one_in-th hangs up after its
 * answer (0: none does). Doesn't wait for answers; what a busy machine has delayed is
 * not made up for by a rush.
 */
void crowd_come(long count, long rate, long one_in);

void crowd_ask(struct caller *caller);
void crowd_hang_up(struct caller *caller);

/* Takes what comes for so many milliseconds. */
void crowd_run(long ms);

/* Until nobody waits for an answer, or so many milliseconds have passed. */
void crowd_settle(long ms);

/* How many of those who stay each worker holds; workers by their number. */
struct crowd_worker {
	unsigned pid;
	long holds;
};

/* Returns how many workers hold any. */
int crowd_workers(struct crowd_worker *workers);

/* Ends the program if any caller was treated badly or still waits; `when` ends the message. */
void crowd_give_up_on_failures(const char *program, const char *when);

#endif
