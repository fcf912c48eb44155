/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Saves the connections of a process that has ended: those in its inbox, if the process is
 * not replaced, and those that it had sent to the master through its channel. The master
 * gives them to the workers of the active generation, or to the workers of the program
 * that serves beside this one during an upgrade (relay.h).
 */
#ifndef SKUA_PROCESS_HANDOFF_ORPHANS_H
#define SKUA_PROCESS_HANDOFF_ORPHANS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Takes over the read end of an inbox, or of a channel, and shuts it down, so that nothing
 * more can be put into it. At most `limit` connections in it are given to other workers,
 * now or as soon as one has room. If no worker is left to take them they are closed; the
 * error log says so. The descriptor is closed at the end.
 */
void orphans_take(int inbox, uint32_t limit);

/* Whether something still waits to be taken; called when that is over, unless NULL. */
bool orphans_are_left(void);
extern void (*orphans_none_left)(void);

/* Calls act() with each inbox that is not empty yet, until it returns false. */
bool orphans_for_each(bool (*act)(void *data, int inbox), void *data);

#endif
