/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * During an upgrade two programs serve side by side. Each master tells the other one which
 * workers take connections in its program: the workers of the active generation. The other
 * master gives them the connections of its own processes that end (relay.h).
 *
 * MESSAGE_COUNTERS comes first, if at all, and brings the counters of all processes of the
 * other program. By them the sender of connections sees how much each worker has to do, and
 * counts what it sends.
 *
 *     number    STATS_LAYOUT
 *     payload   the distance between two slots, the number of slots (uint32_t each)
 *     fds       the file of the counters (stats_map())
 *
 * MESSAGE_SUCCESSORS names the workers. More than fit in one message come in several.
 *
 *     number    the index of the first worker in this message
 *     payload   the listeners that all of these workers have, the connection limit of each
 *               worker, the number of each worker's slot of the counters
 *     fds       the write ends of their inboxes
 *
 * In older versions of the program workers gave connections to each other. Such a worker is
 * sent MESSAGE_SUCCESSORS as well.
 */
#ifndef SKUA_PROCESS_HANDOFF_SUCCESSORS_H
#define SKUA_PROCESS_HANDOFF_SUCCESSORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <str.h>

#include "process/handoff/receiver.h"
#include "stats/stats.h"

struct generation;
struct message;

/* The workers of the other program, as its last message named them. Zero it to begin. */
struct successors {
	struct receiver *receivers; /* owns their inboxes */
	size_t count;
	uint32_t *listeners; /* ids of the listeners they have; NULL: not known yet */
	size_t listeners_count;
	struct stats_slots counters; /* of the other program; memory NULL: not known */
};

/*
 * Sends the workers of this generation; NULL: there are none. 0 or -errno of
 * channel_send().
 */
int successors_send(int channel, const struct generation *active);

/*
 * Sends the file of the counters of this program, which has so many slots; file -1: does
 * nothing. 0 or -errno of channel_send().
 */
int successors_send_counters(int channel, int file, size_t slots);

/*
 * Takes in a message of one of the two types, and owns its descriptors. The first of several
 * messages replaces all workers that were known. 0; or -EBADMSG, -ENOMEM: the message is
 * dropped, and the log says so. Counters that are not understood are ignored without a
 * message, since everything works without them.
 */
int successors_receive(struct successors *successors, struct message *message);

/* Whether they have this listener. True as well if a message could not name all listeners. */
bool successors_know(const struct successors *successors, uint32_t listener);

/* Whether at least one worker that takes connections is left. */
bool successors_are_left(const struct successors *successors);

/*
 * The counters in a slot of the other program; &receiver_unknown if they are not known or
 * there is no such slot.
 */
struct stats *successors_stats(const struct successors *successors, uint32_t slot);

/* Closes the inboxes, unmaps the counters, and zeroes the struct. */
void successors_forget(struct successors *successors);

#endif
