/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Starts a process of the table. The child does what all kinds of children have in common
 * (signals, commands of the master, user, sandbox, the end) and runs its kind (child_ops.h).
 */
#ifndef SKUA_PROCESS_WORKER_CHILD_H
#define SKUA_PROCESS_WORKER_CHILD_H

struct process;

/* The exit status of a child that could not begin to serve; its log messages say why. */
#define EXIT_NO_START 2

/*
 * Forks. In the master: 0, the process is STARTING and process->channel.ready, which the
 * caller has set, is called when the child sends a message; or -errno. The child never
 * returns.
 */
int child_start(struct process *process);

#endif
