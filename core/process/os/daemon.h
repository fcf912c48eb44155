/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Going to the background. The command that was started waits until the server
 * stands, so that its exit status tell whether it does:
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

/* This process is in the background already: a server there has started it. */
void daemon_stay(void);

/* Whether it is there. */
bool daemon_is_background(void);

/* The server stands. Standard descriptors become /dev/null. Nothing without daemon_start(). */
void daemon_ready(void);

/* In a child that has been forked before, once it is ready: the same but for the exit. */
void daemon_detach(void);

#endif
