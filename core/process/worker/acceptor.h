/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The acceptor of `accept_mode handoff`: accepts all connections of a
 * generation and deals each to the worker that has least to do. It never reads
 * from one. When all workers are full it keeps what it has and takes no more;
 * the rest waits in the kernel's queue. When it ends it gives the connections that it still
 * holds to the master, which passes them on to the successors of its workers (relay.h).
 */
#ifndef SKUA_PROCESS_WORKER_ACCEPTOR_H
#define SKUA_PROCESS_WORKER_ACCEPTOR_H

#include <str.h>

struct process;

/* Deals to the workers of its generation in the table. 0, or -1 after a message. */
int acceptor_start(struct process *self);
void acceptor_quit(void);
void acceptor_stop(void);

/*
 * MESSAGE_LISTENERS has come: the ids (uint32_t) of the listeners whose connections other
 * processes take when the acceptor ends.
 */
void acceptor_listeners(struct str ids);
void acceptor_finish(void);

#endif
