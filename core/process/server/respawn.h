/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Decides when a process that has ended is started again. A process that has served is
 * replaced at once, even if it is killed or crashes several times a second: requests wait
 * no longer than a start takes. After a process that ended before it served, the delay
 * grows with each failure, since the next start will most likely fail, too.
 */
#ifndef SKUA_PROCESS_SERVER_RESPAWN_H
#define SKUA_PROCESS_SERVER_RESPAWN_H

#include <stdbool.h>
#include <stdint.h>

/* Why the process is missing. */
enum respawn_cause {
	RESPAWN_SERVED, /* it has ended after it had served */
	RESPAWN_UNSERVED, /* it has ended before */
	RESPAWN_UNABLE, /* the same, and it has said why it cannot serve */
	RESPAWN_NOT_FORKED, /* the system has no process or no descriptors for it */
};

/* What is remembered of a process. Zero it to begin. */
struct respawn {
	unsigned failures; /* how often in a row it has ended before it served */
	unsigned not_forked; /* in a row */
};

/* What else the decision depends on. */
struct respawn_place {
	bool is_proven; /* all processes of its configuration have served at the same time */
	bool is_needed; /* no other process of its kind and configuration serves */
};

#define RESPAWN_NEVER (-1)

/*
 * Counts the failure, if it was one, and returns in how many milliseconds the process is to
 * be started again; 0: at once. RESPAWN_NEVER: its configuration is not proven, and will not
 * be after this. A process that is needed waits for the shortest of the delays at most.
 */
int64_t respawn_after(struct respawn *respawn, enum respawn_cause cause,
		      struct respawn_place place);

/* The process was forked: resets the count of failed forks. */
void respawn_forked(struct respawn *respawn);

#endif
