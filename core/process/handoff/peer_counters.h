/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The counters of the processes of another program that serves beside this one:
 * MESSAGE_COUNTERS brings their file. By them a giver sees how much the workers
 * there have to do, and counts what it sends; when that program has ended the master
 * adds up what they have counted.
 *
 *     number    STATS_LAYOUT
 *     payload   how far apart slots are, how many there are
 *     fds       the file (stats_map())
 */
#ifndef SKUA_PROCESS_HANDOFF_PEER_COUNTERS_H
#define SKUA_PROCESS_HANDOFF_PEER_COUNTERS_H

#include <stddef.h>
#include <stdint.h>

#include "base/stats.h"

struct message;

/* Zero it to begin. */
struct peer_counters {
	struct stats_slots slots; /* none: nothing is known of them */
};

/* Sends the file of counters, if there is one; 0 or -errno of channel_send(). */
int peer_counters_send(int channel, int file, size_t slots);

/*
 * Takes the message in instead of what was there; its descriptors stay the
 * caller's. Counters that are not understood (-EINVAL, or -errno of mmap(2)) are
 * no reason for a word: all works without.
 */
int peer_counters_receive(struct peer_counters *counters, const struct message *message);

/* One slot; what is not there has one that nobody looks at (receiver_unknown). */
struct stats *peer_counters_slot(const struct peer_counters *counters, uint32_t slot);

void peer_counters_forget(struct peer_counters *counters);

#endif
