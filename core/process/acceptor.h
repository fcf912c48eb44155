/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The acceptor of `accept_mode handoff`: accepts all connections of a
 * generation and deals each to the worker that has least to do. It never reads
 * from one. When all workers are full it keeps what it has and takes no more;
 * the rest waits in the kernel's queue. When it ends, what it still holds goes to
 * those who take the connections of its workers, where they can take it.
 */
#ifndef SKUA_PROCESS_ACCEPTOR_H
#define SKUA_PROCESS_ACCEPTOR_H

struct message;
struct process;

/* Deals to the workers of its generation in the table. 0, or -1 after a message. */
int acceptor_start(struct process *self);
void acceptor_quit(void);
void acceptor_stop(void);

/* MESSAGE_HEIRS or MESSAGE_COUNTERS has come; owns its descriptors. */
void acceptor_heirs(struct message *message);
void acceptor_finish(void);

#endif
