/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The master becomes another program, or starts one beside itself (USR2):
 *
 *     USR2 ─> the program on trial ─ fails ─> nothing has changed
 *                │ passes
 *                ├─ in the background: pid file aside, fork, execve; both serve
 *                │  until one of them is told to end (WINCH, QUIT; HUP goes back)
 *                └─ daemon off, pid 1, a service manager: execve in this process,
 *                   children and sockets carried over (takeover.h)
 */
#ifndef SKUA_PROCESS_UPGRADE_H
#define SKUA_PROCESS_UPGRADE_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * Begins. over() is called from the loop when the attempt has ended and this
 * program still runs: it has failed, or the other one runs beside. In the same
 * process success ends this program instead. Refuses with a message if one is
 * under way, or two programs run already; then over() isn't called.
 */
void upgrade_begin(unsigned generation, bool in_background, void (*over)(void));

/* The trial is running: nothing else may change the processes. */
bool upgrade_is_busy(void);

/* Another program serves beside this one. */
bool upgrade_has_partner(void);

/* A child that is not in the table has ended. */
void upgrade_reap(pid_t pid, int status);

#endif
