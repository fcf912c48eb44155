/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The master of another program that serves beside this one, on the same sockets, while an
 * upgrade is under way. Each of the two masters holds one end of a channel:
 *
 *     MESSAGE_COUNTERS    the counters of its processes (successors.h): they are added to the
 *                         totals here when that program has ended
 *     MESSAGE_SUCCESSORS  the workers that take connections there (successors.h)
 *     MESSAGE_READY       from the new program, for the first time: it serves
 *     MESSAGE_SOCKETS     sockets that it has opened. Both programs keep all sockets of an
 *                         address: closing one that listens loses the connections in it
 *     MESSAGE_TAKE_OVER   from the old program: what its helper of this name keeps is to be
 *                         received from this channel (worker/helper_passing.h)
 *     MESSAGE_LEAVING     all its workers end: this program serves the connections now
 *     end of file         the other master has ended
 */
#ifndef SKUA_PROCESS_HANDOFF_PEER_MASTER_H
#define SKUA_PROCESS_HANDOFF_PEER_MASTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <str.h>

struct generation;
struct receiver;

struct peer_master_hooks {
	/* peer_master_leaves_all() has become true. */
	void (*left)(void);
	/* The receivers, or the listeners that they have, have changed. */
	void (*changed)(void);
	/* What a helper there keeps can be received from this channel, which the callee owns. */
	void (*passed)(struct str name, int fd);
};

/* In the master, once, before its loop runs. */
void peer_master_init(const struct peer_master_hooks *hooks);

/*
 * From now on there is a peer master, at the other end of this channel, which is owned here.
 * ready() is called when it says that it serves; NULL: it serves already. 0 or -errno.
 */
int peer_master_start(int fd, void (*ready)(void));

bool peer_master_is_there(void);

/* Each of these functions sends the peer master a message, if there is one. */

/* The workers of this generation take connections here; NULL: none do. */
void peer_master_offer(const struct generation *generation);
/* This program serves. */
void peer_master_say_ready(void);
/* What the helper of this name keeps can be received from this channel, which stays open here. */
void peer_master_pass(struct str name, int fd);
/* The sockets that were opened since the last call are passed on. */
void peer_master_share_sockets(void);
/* All workers of this program end. */
void peer_master_say_leaving(void);

/*
 * Whether all connections are for this program: the peer master has said that its workers
 * end, or there is none.
 */
bool peer_master_leaves_all(void);

/* Its workers that take connections; *count 0: none. Valid until the next turn of the loop. */
struct receiver *peer_master_receivers(size_t *count);

/* Whether at least one of its workers takes connections. */
bool peer_master_has_successors(void);

/* Writes the ids of the listeners that its workers have, at most `max`. Returns how many. */
size_t peer_master_listeners(uint32_t *ids, size_t max);

/* The peer master has ended, or is not needed any more. Closes the channel. */
void peer_master_finish(void);

#endif
