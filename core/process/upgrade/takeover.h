/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The new program's side of an upgrade: a master has started it with a state
 * (upgrade_state.h).
 *
 *     instead: the old program's processes serve on ─> the new generation serves
 *                 │ anything fails, even a crash             │
 *                 └─> execve of the old program              └─> they retire
 *
 * A program beside the old one starts with the sockets of the other master, and ends
 * like any other if it fails.
 */
#ifndef SKUA_PROCESS_UPGRADE_TAKEOVER_H
#define SKUA_PROCESS_UPGRADE_TAKEOVER_H

#include <stdbool.h>
#include <str.h>

#include "net/listener.h"

struct generation;

/*
 * Reads the state that SKUA_STATE gives, if any, and takes its sockets; call it before any
 * socket is opened. A second call does nothing. 0, or -errno after a message: the program
 * must end, and may go back.
 */
int takeover_begin(void);

/* Whether the processes of another program serve until this one does. */
bool takeover_is_instead(void);

/* Whether this program was started beside another one; then there is no terminal to leave. */
bool takeover_is_beside(void);

/*
 * In the master, after table_start(): puts the processes of the other program into the table
 * and returns the generation that they belong to, which has no configuration. *number is its
 * number. NULL: there are no processes, or there is no memory.
 */
struct generation *takeover_processes(unsigned *number);

/*
 * The address of the first socket that came with the state; for a server that let the
 * kernel choose its port. False: there is none.
 */
bool takeover_address(union address *address, socklen_t *len);

/*
 * A channel through which a helper of the old program passes on what it keeps: its name, and the
 * descriptor, which is the caller's. Each is returned once. False: there is none left.
 */
bool takeover_next_kept(struct str *name, int *fd);

/* A generation of this program serves: the program stays. */
void takeover_settle(void);

/* Reports to the clients that wait for the upgrade, and to the old program, that this serves. */
void takeover_announce(void);

/* Becomes the old program again. Returns if there is none, or execve(2) fails. */
void takeover_go_back(void);

#endif
