/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Workers are chosen by numbers in shared memory that may be a moment old, or wrong: at worst
 * a connection goes to a worker that is not the best one. The kernel limits what an inbox
 * holds, whatever the numbers say.
 */
#include "process/handoff/receiver.h"

#include <errno.h>
#include <log.h>
#include <timer.h>
#include <unistd.h>

#include "process/ipc/inbox.h"
#include "stats/stats.h"

enum { WEIGHT = 4 }; /* a connection on its way counts as much as so many open ones */

struct stats receiver_unknown;

uint64_t receiver_load(uint64_t active, uint64_t on_the_way)
{
	return active + on_the_way * WEIGHT;
}

uint64_t receiver_on_the_way(const struct receiver *receiver)
{
	uint64_t dealt = stats_get(&receiver->stats->dealt);
	uint64_t taken = stats_get(&receiver->stats->taken);

	return (dealt > taken ? dealt - taken : 0) + receiver->planned;
}

static uint64_t limit_of(const struct receiver *receiver)
{
	uint64_t own = stats_get(&receiver->stats->limit);

	return own && own < receiver->limit ? own : receiver->limit;
}

static bool has_room(const struct receiver *receiver, bool displace)
{
	uint64_t active = stats_get(&receiver->stats->active);
	uint64_t idle = displace ? stats_get(&receiver->stats->idle) : 0;
	uint64_t limit = limit_of(receiver);

	return active + receiver_on_the_way(receiver) < limit + (idle < active ? idle : active);
}

/*
 * Whether one more fits: into its credit, and into its limit. `displace`: idle connections there
 * make room for new ones.
 */
static bool can_take(const struct receiver *receiver, bool displace)
{
	return receiver->inbox >= 0 && !receiver->blocked &&
	       receiver_on_the_way(receiver) < INBOX_CREDIT && has_room(receiver, displace);
}

uint64_t receiver_room(const struct receiver *receiver)
{
	if (receiver->inbox < 0)
		return 0;
	uint64_t coming = receiver_on_the_way(receiver), limit = limit_of(receiver);
	uint64_t active = stats_get(&receiver->stats->active);
	if (coming >= INBOX_CREDIT || active >= limit ||
	    coming >= limit - active)
		return 0;
	uint64_t room = limit - active - coming;
	return room < INBOX_CREDIT - coming ? room : INBOX_CREDIT - coming;
}

bool receiver_is_full(const struct receiver *receiver)
{
	return !has_room(receiver, false);
}

bool receiver_took_within(const struct receiver *receiver, int64_t ms)
{
	return receiver->took_ms && clock_ms() - receiver->took_ms <= ms;
}

/* Notes whether it takes what it is sent. */
static void look_at(struct receiver *receiver)
{
	uint64_t taken = stats_get(&receiver->stats->taken);
	bool took = taken != receiver->taken;

	if (took)
		receiver->took_ms = clock_ms();
	receiver->taken = taken;
	if (stats_get(&receiver->stats->dealt) <= taken)
		receiver->owed_ms = 0;
	else if (took || !receiver->owed_ms)
		receiver->owed_ms = clock_ms();
}

static bool is_late(const struct receiver *receiver)
{
	return receiver->owed_ms && clock_ms() - receiver->owed_ms >= RECEIVER_LATE_MS;
}

struct receiver *receiver_choose(struct receiver *receivers, size_t count, bool displace)
{
	struct receiver *best = NULL;
	uint64_t least = UINT64_MAX;

	for (size_t i = 0; i < count; i++) {
		struct receiver *receiver = &receivers[i];

		if (receiver->inbox < 0)
			continue;
		look_at(receiver);
		if (!can_take(receiver, displace))
			continue;
		uint64_t load = receiver_load(stats_get(&receiver->stats->active),
					      receiver_on_the_way(receiver));
		if (is_late(receiver) || stats_get(&receiver->stats->unavailable))
			load += UINT32_MAX;
		if (load < least) {
			least = load;
			best = receiver;
		}
	}
	return best;
}

void receiver_count_dealt(struct stats *stats, uint64_t count)
{
	if (stats != &receiver_unknown)
		atomic_fetch_add_explicit(&stats->dealt, count, memory_order_relaxed);
}

int receiver_send(struct receiver *receiver, struct batch *batch)
{
	static int logged;
	size_t count = batch->count;
	int error = batch_send(batch, receiver->inbox);

	if (error == 0) {
		receiver_count_dealt(receiver->stats, count);
		look_at(receiver);
		stats_add(&stats_mine->handed_off, count);
		return 0;
	}
	receiver->blocked = true;
	if (error == -EPIPE || error == -ECONNREFUSED) {
		close(receiver->inbox);
		receiver->inbox = -1;
		return -EPIPE;
	}
	if (error != -EAGAIN && error != -ETOOMANYREFS && error != logged) {
		logged = error;
		log_alertc(error,
			   "cannot pass connections to a worker: others are tried now, and this "
			   "one later");
	}
	return error;
}

void receivers_unblock(struct receiver *receivers, size_t count)
{
	for (size_t i = 0; i < count; i++)
		receivers[i].blocked = false;
}
