/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Starts a process of the table, and what all of them have in common: signals,
 * commands of the master, rights, the end.
 */
#ifndef SKUA_PROCESS_WORKER_CHILD_H
#define SKUA_PROCESS_WORKER_CHILD_H

#include "process/ipc/channel.h"

struct batch;
struct process;

/* It had no chance to serve: its exit status. */
#define EXIT_NO_START 2

/*
 * Forks. In the master: 0, the process is STARTING and its channel is watched
 * by process->channel.ready; or -errno. The child never returns.
 */
int child_start(struct process *process);

/*
 * In a child: tells the master something, by a message without content. 0 or -errno;
 * -EPIPE: there is no master any more.
 */
int child_tell(enum message_type type, uint32_t number);

/* In a child: gives the master connections (relay.h); as batch_send(). */
int child_give(struct batch *batch);

#endif
