/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The master's part in moving connections between processes:
 *
 *     relay.h        passes what one process gives away on to a worker that has room
 *     orphans.h      does the same with what a process that has ended left unread
 *     stall.h        finds workers that take nothing, and treats their inboxes as orphans
 *     balance.h      asks a worker with far too many connections for some of them
 *     peer_master.h  the other program of an upgrade, and the workers that it offers
 *
 * A connection goes this way from a worker that ends to its successor (file: function):
 *
 *     worker     worker/handover.c: add() packs it, flush() sends a batch of connections
 *                worker/giving.c: giving_send(), ipc/inbox.c: batch_send()
 *     master     master/supervisor.c: receive() sees that the message carries connections
 *                handoff/relay.c: relay_take() sends it to the inbox of a successor
 *     successor  worker/worker.c: take_from_inbox() unpacks it and serves the connection
 */
#ifndef SKUA_PROCESS_HANDOFF_HANDOFF_H
#define SKUA_PROCESS_HANDOFF_HANDOFF_H

#include <stdbool.h>
#include <str.h>

struct generation;

/* What the master knows and does. Members may not be NULL. */
struct handoff_hooks {
	/* The generation that takes connections; may return NULL. */
	struct generation *(*active)(void);
	/* Whether the processes in the table serve for another program until this one does. */
	bool (*is_taking_over)(void);
	/* The last of the orphans (orphans.h) has been dealt with. */
	void (*orphans_gone)(void);
	/* peer_master_leaves_all() may have become true. */
	void (*peer_left)(void);
	/* peer_master_hooks, passed. */
	void (*passed)(struct str name, int fd);
};

/* In the master, once, before any other function of this folder but peer_master_start(). */
void handoff_start(const struct handoff_hooks *hooks);

#endif
