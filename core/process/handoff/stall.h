/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A worker that lives and does nothing (stopped by a signal or a debugger, or
 * caught in a call that doesn't return) must not keep what lies in its inbox
 * waiting. The master sees by the counters that it takes none, takes the connections
 * out of its inbox, and gives them to others. What the worker has taken itself stays
 * with it.
 */
#ifndef SKUA_PROCESS_HANDOFF_STALL_H
#define SKUA_PROCESS_HANDOFF_STALL_H

struct generation;

/* As master, once: active() is that of supervisor.h. */
void stall_start(struct generation *(*active)(void));

/*
 * Inboxes are being used, or will be: looks after them from time to time for as
 * long as that is so.
 */
void stall_watch(void);

#endif
