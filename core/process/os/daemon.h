/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Going to the background. The command that was started waits until the server
 * serves, so that its exit status tells whether it does:
 *
 *     skua ──fork──> server: binds, starts workers, writes the pid file
 *       │                │
 *       └─ waits <─pipe──┘ daemon_ready(): exit 0; an end without it: exit 1
 */
#ifndef SKUA_PROCESS_OS_DAEMON_H
#define SKUA_PROCESS_OS_DAEMON_H

#include <stdbool.h>

/*
 * Returns in the server's process, which leads a session of its own; the first
 * process exits when the server is ready or has ended. 0 or -errno.
 */
int daemon_start(void);

/* Notes that this process is in the background already: a server there has started it. */
void daemon_stay(void);

/* Whether this process is in the background. */
bool daemon_is_background(void);

/*
 * The server serves: the first process exits with status 0, and the standard descriptors
 * of this one become /dev/null. Does nothing without daemon_start().
 */
void daemon_ready(void);

/* In a child of the server, once it is ready: its standard descriptors become /dev/null. */
void daemon_detach(void);

#endif
