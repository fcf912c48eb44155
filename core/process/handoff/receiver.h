/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A worker that may be given connections, as the sender sees it: the write end of its inbox,
 * its counters, and how many connections fit in.
 */
#ifndef SKUA_PROCESS_HANDOFF_RECEIVER_H
#define SKUA_PROCESS_HANDOFF_RECEIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct batch;
struct stats;

/* A worker that works normally takes what it is sent in one turn of its loop. */
#define RECEIVER_LATE_MS 10

/* The time until another attempt when receivers, or the master, are behind. */
#define RECEIVER_RETRY_MS 5

struct receiver {
	int inbox; /* -1: the worker has ended and is not replaced */
	struct stats *stats;
	uint64_t limit; /* worker_connections; the worker itself may know a lower one */
	unsigned planned; /* connections that the sender has chosen it for and not sent yet */
	bool blocked; /* the last message could not be sent; until receivers_unblock() */
	uint64_t taken; /* stats->taken when it was looked at last */
	int64_t took_ms; /* when `taken` was last seen to grow (clock_ms()); 0: not yet */
	int64_t owed_ms; /* since when connections lie in its inbox; 0: there are none */
};

/* The counters of a worker of another program, when nothing is known of them. */
extern struct stats receiver_unknown;

/*
 * How much a worker has to do: its open connections, and those on their way to it, which
 * count more, since a worker that does not empty its inbox is overloaded or hangs.
 */
uint64_t receiver_load(uint64_t active, uint64_t on_the_way);

/* Whether it was seen to take a connection in the last `ms` milliseconds. */
bool receiver_took_within(const struct receiver *receiver, int64_t ms);

/* How many connections it has been sent, or is about to be, and has not taken yet. */
uint64_t receiver_on_the_way(const struct receiver *receiver);

/* How many more fit, by its credit and its limit. */
uint64_t receiver_room(const struct receiver *receiver);

/*
 * Whether it has as many connections as it may. Otherwise, if none fits, room comes as soon
 * as it empties its inbox.
 */
bool receiver_is_full(const struct receiver *receiver);

/*
 * The least loaded of those that can take one. A worker that has died and is not replaced
 * yet, and one that has taken nothing out of its inbox for RECEIVER_LATE_MS, come last.
 * NULL: none can take one.
 */
struct receiver *receiver_choose(struct receiver *receivers, size_t count, bool displace);

/* Counts connections that were put into the inbox of the worker with these counters. */
void receiver_count_dealt(struct stats *stats, uint64_t count);

/*
 * Sends a batch and counts its connections as on their way and as handed off. 0; or the error
 * of batch_send(): the batch is as before, and the receiver is blocked; -EPIPE: the inbox is
 * closed here as well. An error that waiting does not mend is logged, once.
 */
int receiver_send(struct receiver *receiver, struct batch *batch);

/* From now on receiver_choose() may choose all of them again. */
void receivers_unblock(struct receiver *receivers, size_t count);

#endif
