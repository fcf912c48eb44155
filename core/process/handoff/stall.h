/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The stall watchdog of the master. A worker that lives and does nothing (it was stopped by
 * a signal or a debugger, or is caught in a system call) must not keep the connections in
 * its inbox waiting. The master sees by the counters that the worker takes none, takes the
 * connections out of the inbox, and gives them to others. Connections that the worker has
 * taken already stay with it.
 */
#ifndef SKUA_PROCESS_HANDOFF_STALL_H
#define SKUA_PROCESS_HANDOFF_STALL_H

#include <stdbool.h>

struct generation;

/*
 * In the master, once. Both functions are those of struct handoff_hooks; while
 * is_taking_over() returns true the watchdog only looks.
 */
void stall_init(struct generation *(*active)(void), bool (*is_taking_over)(void));

/*
 * Call it when inboxes are used, or will be: looks at the counters once a second for as long
 * as they are.
 */
void stall_watch(void);

#endif
