/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * During an upgrade, tells the master of the other program which workers take connections
 * here: those of the active generation. The other master passes the connections that its
 * own workers give away on to them (relay.h). In older versions of the program workers gave
 * connections to each other; the message goes to such workers, too.
 *
 *     payload   which listeners the receivers have, the limit of each; the numbers of their
 *               slots, in the counters of this program, follow
 *     fds       the write ends of their inboxes
 *
 * More than fit in one message come in several.
 */
#ifndef SKUA_PROCESS_HANDOFF_SUCCESSORS_H
#define SKUA_PROCESS_HANDOFF_SUCCESSORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <str.h>

#include "process/handoff/peer_counters.h"
#include "process/handoff/receiver.h"

struct generation;
struct message;

/* The workers of the other program, as its last message named them. Zero it to begin. */
struct successors {
	struct receiver *receivers;
	size_t count;
	uint32_t *listeners; /* ids of those they have; NULL: nothing was said yet */
	size_t listeners_count;
	struct peer_counters counters; /* their counters */
};

/* Sends the workers of this generation; NULL: none. 0 or -errno of channel_send(). */
int successors_send(int channel, const struct generation *active);

/*
 * Takes a message in (MESSAGE_COUNTERS, then MESSAGE_SUCCESSORS), with its descriptors;
 * the first of several forgets what was there. 0, or -EBADMSG, -ENOMEM: it is
 * dropped, and the log says so.
 */
int successors_receive(struct successors *successors, struct message *message);

/* Whether they serve this listener. True as well if a message could not name them all. */
bool successors_know(const struct successors *successors, uint32_t listener);

/* Some that take connections are left. */
bool successors_are_left(const struct successors *successors);

/* Closes the inboxes. */
void successors_forget(struct successors *successors);

#endif
