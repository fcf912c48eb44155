/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The master of another program that serves beside this one, on the same
 * sockets, while an upgrade is under way. Each holds one end of a channel:
 *
 *     MESSAGE_COUNTERS  what its processes count (peer_counters.h): it is added to the
 *                       totals here when the other one has ended
 *     MESSAGE_SUCCESSORS  who takes connections there (successors.h), for what processes that
 *                       end here give away when nobody here takes it
 *     MESSAGE_READY     the new one, for the first time: it serves
 *     MESSAGE_SOCKETS   sockets that it has opened: both have all of an address, since
 *                       closing one that listens loses the connections in it
 *     MESSAGE_LEAVING   its workers end: they are served here now
 *     its end           the other one has ended
 */
#ifndef SKUA_PROCESS_HANDOFF_PEER_MASTER_H
#define SKUA_PROCESS_HANDOFF_PEER_MASTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct generation;
struct receiver;

/*
 * There is one, at the other end of this channel, which is owned from now on.
 * ready() is called when it says that it serves; NULL: it does already. 0 or -errno.
 */
int peer_master_start(int fd, void (*ready)(void));

bool peer_master_is_there(void);

/* Tells it that this generation takes connections, and that this program serves. */
void peer_master_offer(const struct generation *generation);
void peer_master_say_ready(void);

/* Tells it of the sockets that were opened since the last call; and that all workers here end. */
void peer_master_share_sockets(void);
void peer_master_say_leaving(void);

/* It has said the same, or isn't there: all connections are for this program. */
bool peer_master_leaves_all(void);

/* Called when that has become true, unless NULL. */
extern void (*peer_master_left)(void);

/* Its workers that take connections; count 0: none. Valid until the next turn. */
struct receiver *peer_master_receivers(size_t *count);
bool peer_master_has_successors(void);

/* Writes the ids of the listeners that its workers serve, at most `max`. Returns how many. */
size_t peer_master_listeners(uint32_t *ids, size_t max);

/* Called when the receivers or their listeners have changed, unless NULL. */
extern void (*peer_master_changed)(void);

/* In a process that has been forked: it is not the child's. */
void peer_master_forget(void);

/* It has gone, or is of no interest any more. */
void peer_master_finish(void);

#endif
