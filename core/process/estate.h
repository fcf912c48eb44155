/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What lies in the inbox of a process that has gone and isn't replaced, and what one
 * that has gone was about to give away: the master gives it to the workers that rule
 * now, or to those of the program that serves beside this one (relay.h).
 */
#ifndef SKUA_PROCESS_ESTATE_H
#define SKUA_PROCESS_ESTATE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Owns the read end of an inbox, or of a channel. From now on nothing can be put into
 * it; at most `limit` connections that are there go to others, at once or when they
 * take them. Without anybody to take them they are closed.
 */
void estate_take(int inbox, uint32_t limit);

/* Whether something still waits to be taken; called when that is over, unless NULL. */
bool estate_is_there(void);
extern void (*estate_none_left)(void);

/* Calls act() with each inbox that is not empty yet, until it returns false. */
bool estate_for_each(bool (*act)(void *data, int inbox), void *data);

#endif
