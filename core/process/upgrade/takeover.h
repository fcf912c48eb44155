/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The other side of an upgrade: this program was started by a master with a
 * state (upgrade_state.h).
 *
 *     instead: the old program's processes serve on ─> the new generation serves
 *                 │ anything fails, even a crash             │
 *                 └─> execve of the old program              └─> they retire
 *
 * Beside: it starts with the sockets of the other master, and is an end like any
 * other when it fails.
 */
#ifndef SKUA_PROCESS_UPGRADE_TAKEOVER_H
#define SKUA_PROCESS_UPGRADE_TAKEOVER_H

#include <stdbool.h>

#include "net/listener.h"

struct generation;

/*
 * Reads the state that SKUA_STATE gives, if any, and takes its sockets, before
 * any is opened. A second call does nothing. 0, or -1 after a message: the program
 * must end (and may go back).
 */
int takeover_begin(void);

/* The processes of another program serve until this one does. */
bool takeover_is_instead(void);

/* This program was started beside another one: there is no terminal to leave. */
bool takeover_is_beside(void);

/*
 * Puts the processes into the table and returns the generation that they are; it
 * has no configuration. *number is its number. NULL: there are none, or not the
 * memory.
 */
struct generation *takeover_processes(unsigned *number);

/*
 * The address of the first socket that came with the state; for a server that
 * let the kernel choose its port. False: there is none.
 */
bool takeover_address(union address *address, socklen_t *len);

/* In a process that has been forked: going back is the master's. */
void takeover_forget(void);

/* This program serves: it stays. */
void takeover_settle(void);

/* Tells those who have asked for the upgrade, and the old program, that this one serves. */
void takeover_answer(void);

/* Becomes the old program again. Returns when there is none, or it can't be. */
void takeover_go_back(void);

#endif
