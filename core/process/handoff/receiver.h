/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The workers that may be given connections, as a giver sees them: the write
 * end of an inbox, the counters beside it, and how many connections fit in.
 */
#ifndef SKUA_PROCESS_HANDOFF_RECEIVER_H
#define SKUA_PROCESS_HANDOFF_RECEIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct batch;
struct stats;

/* A worker that is well takes what it is sent in one turn of its loop. */
#define RECEIVER_LATE_MS 10

/* The time until another attempt when receivers, or the master, are behind. */
#define RECEIVER_RETRY_MS 5

struct receiver {
	int inbox; /* -1: it has gone for good */
	struct stats *stats;
	uint64_t limit; /* worker_connections; the worker itself may know a lower one */
	unsigned planned; /* connections that the giver has chosen it for and not sent yet */
	bool blocked; /* it has taken nothing in this round */
	uint64_t taken; /* how many connections it had taken when it was looked at last */
	int64_t took_ms; /* when it was seen to have taken some; 0: not yet */
	int64_t owed_ms; /* since when something waits for it to be taken; 0: nothing does */
};

/* The counters of a worker of another program, when nothing is known of them. */
extern struct stats receiver_unknown;

/*
 * How much a worker has to do: its open connections, and those on their way to
 * it, which weigh more: a worker that takes its time has trouble.
 */
uint64_t receiver_load(uint64_t active, uint64_t on_the_way);

/* Whether it was seen to take something in the last `ms` milliseconds: it is alive. */
bool receiver_took_within(const struct receiver *receiver, int64_t ms);

/* How many connections it has been sent, or is about to be, and has not taken yet. */
uint64_t receiver_on_the_way(const struct receiver *receiver);

/*
 * Whether one more fits: into its credit, and into its limit. `displace`: idle
 * connections there make room for new ones.
 */
bool receiver_can_take(const struct receiver *receiver, bool displace);

/* How many more fit, by its credit and its limit. */
uint64_t receiver_room(const struct receiver *receiver);

/* All its room is taken: waiting for credit alone would not help. */
bool receiver_is_full(const struct receiver *receiver);

/*
 * Of those that can take one the least loaded. Last come a worker that has died and
 * isn't replaced yet, and one that has left lying for RECEIVER_LATE_MS what it was
 * sent: it hangs, or somebody has stopped it. NULL: there is none.
 */
struct receiver *receiver_choose(struct receiver *receivers, size_t count, bool displace);

/* So many connections were put into the inbox of the worker that has these counters. */
void receiver_count_dealt(struct stats *stats, uint64_t count);

/*
 * Sends a batch and counts it as on its way. 0, or the error of batch_send(),
 * after which the receiver is blocked; -EPIPE: its inbox is closed and forgotten.
 * An error that isn't of the usual kind is logged, once.
 */
int receiver_send(struct receiver *receiver, struct batch *batch);

/* The next round: all may be asked again. */
void receivers_unblock(struct receiver *receivers, size_t count);

#endif
