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
#ifndef SKUA_PROCESS_UPGRADE_UPGRADE_H
#define SKUA_PROCESS_UPGRADE_UPGRADE_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * Begins; none may be under way. over() is called when it has ended and this
 * program still runs: `serves` says that the other one serves beside it, otherwise
 * it has failed, with messages, and nothing has changed. In the same process
 * success ends this program instead. `generation` is the number of the last one.
 */
void upgrade_begin(unsigned generation, bool in_background, void (*over)(bool serves));

/*
 * This program is to end: one on trial does not take over, and over() is not
 * called. Another one that was started already goes its own way.
 */
void upgrade_cancel(void);

/* From the trial to over(): nothing else may change the processes. */
bool upgrade_is_busy(void);

/* Another program serves beside this one. */
bool upgrade_has_partner(void);

/* The process of the one that this one has started; 0: there is none. */
pid_t upgrade_child(void);

/* A child that is not in the table has ended. */
void upgrade_reap(pid_t pid, int status);

#endif
