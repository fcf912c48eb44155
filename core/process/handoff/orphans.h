/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Orphans are sockets whose reader has ended while connections were on their way in them:
 * the inbox of a worker that is not replaced, or the channel by which a process had sent
 * connections to the master. A message that was removed from such a socket, or from the channel
 * of a process that runs, and that no worker can take now, is an orphan, too. The master gives
 * these connections to the workers of the active generation, or to the workers of the program
 * that serves beside this one during an upgrade (relay.h).
 */
#ifndef SKUA_PROCESS_HANDOFF_ORPHANS_H
#define SKUA_PROCESS_HANDOFF_ORPHANS_H

#include <stdbool.h>
#include <stdint.h>

struct message;

/* In the master, once. none_left() is called when the last orphan has been dealt with. */
void orphans_init(void (*none_left)(void));

/*
 * Owns the descriptor, which is the read end of an inbox, or a channel. Shuts it down so that
 * nothing more can be put into it. At most `limit` connections in it are given to other
 * workers, now or as soon as one has room. If no worker is left to take them they are closed;
 * the error log says so.
 */
void orphans_take(int inbox, uint32_t limit);

/*
 * Takes over the descriptors of a message of type MESSAGE_CONNECTIONS, and copies its payload. The
 * connections are given to other workers as soon as one has room, as those of orphans_take(). The
 * message is wiped.
 */
void orphans_keep(struct message *message);

/* Whether connections of an orphan still wait for a worker with room. */
bool orphans_are_left(void);

/*
 * Calls act() with the descriptor of each orphan, which stays owned here, and with the limit that
 * orphans_take() has to get in another program, until it returns false. False: it did, or a
 * message that was kept could not be put into a socket.
 */
bool orphans_for_each(bool (*act)(void *data, int inbox, uint32_t limit), void *data);

#endif
