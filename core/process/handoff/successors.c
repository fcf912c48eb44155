/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The other program may be another version, so each length is checked, and the layout of
 * the counters must be the same as here.
 */
#include "process/handoff/successors.h"

#include <errno.h>
#include <log.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "net/listener.h"
#include "net/transport.h"
#include "process/ipc/channel.h"
#include "process/server/generation.h"
#include "process/server/main_conf.h"
#include "process/server/table.h"

/*
 * What MESSAGE_SUCCESSORS begins with. The ids of the listeners, a worker_entry for each
 * worker, and the slot of each worker follow. Other versions of the program read these
 * bytes, so they must not change.
 */
struct successors_head {
	uint32_t listeners;
	uint32_t receivers; /* as many as descriptors */
};

/* No slot of the counters. */
#define NO_SLOT UINT32_MAX

struct worker_entry {
	uint32_t unused; /* NO_SLOT; older versions had the slot of a worker here */
	uint32_t limit; /* worker_connections */
};

/* The payload of MESSAGE_COUNTERS. */
struct counters_shape {
	uint32_t stride; /* bytes from one slot to the next */
	uint32_t slots;
};

enum { SLOTS_MAX = 1 << 20 };

/* So many listeners fit in a message; the connections of others are not given away. */
#define LISTENERS_MAX                                                       \
	((CHANNEL_PAYLOAD - sizeof(struct successors_head) -                \
	  CHANNEL_FDS * (sizeof(struct worker_entry) + sizeof(uint32_t))) / \
	 sizeof(uint32_t))

/* --- sending ------------------------------------------------------------------------- */

/* A message that is being written. */
struct outgoing {
	char payload[CHANNEL_PAYLOAD];
	size_t len;
	int fds[CHANNEL_FDS];
	size_t count;
	uint32_t slots[CHANNEL_FDS]; /* of the workers */
};

static void put(struct outgoing *outgoing, const void *data, size_t len)
{
	memcpy(outgoing->payload + outgoing->len, data, len);
	outgoing->len += len;
}

static void begin(struct outgoing *outgoing, const struct generation *active)
{
	size_t all = active ? active->listeners->count : 0;
	struct successors_head head = { 0 };

	outgoing->count = 0;
	outgoing->len = sizeof(head);
	for (size_t i = 0; i < all; i++) {
		const struct listener *one = &active->listeners->items[i];

		for (; one && head.listeners < LISTENERS_MAX; one = one->also) {
			uint32_t ids[8]; /* an address has no more transports than this */
			size_t room = LISTENERS_MAX - head.listeners;
			size_t count = transport_listener_ids(one, ids, room < 8 ? room : 8);

			put(outgoing, ids, count * sizeof(ids[0]));
			head.listeners += (uint32_t)count;
		}
	}
	memcpy(outgoing->payload, &head, sizeof(head));
}

static int finish(struct outgoing *outgoing, int channel, uint32_t *first)
{
	uint32_t count = (uint32_t)outgoing->count;

	put(outgoing, outgoing->slots, count * sizeof(uint32_t));
	memcpy(outgoing->payload + offsetof(struct successors_head, receivers), &count,
	       sizeof(count));
	int error = channel_send(channel, MESSAGE_SUCCESSORS, *first,
				 (struct str){ outgoing->payload, outgoing->len }, outgoing->fds,
				 outgoing->count);
	*first += count;
	return error;
}

int successors_send(int channel, const struct generation *active)
{
	static struct outgoing outgoing;
	uint32_t first = 0;
	int error = 0;

	begin(&outgoing, active);
	for (struct process *to = active ? table_next(NULL) : NULL; to; to = table_next(to)) {
		if (to->generation != active || to->inbox[1] < 0)
			continue;
		if (outgoing.count == CHANNEL_FDS) {
			error = finish(&outgoing, channel, &first);
			begin(&outgoing, active);
		}
		const struct worker_entry entry = {
			.unused = NO_SLOT,
			.limit = (uint32_t)active->events->worker_connections,
		};
		put(&outgoing, &entry, sizeof(entry));
		outgoing.slots[outgoing.count] = table_slot(to);
		outgoing.fds[outgoing.count++] = to->inbox[1];
	}
	return error < 0 ? error : finish(&outgoing, channel, &first);
}

int successors_send_counters(int channel, int file, size_t slots)
{
	const struct counters_shape shape = { (uint32_t)stats_stride(), (uint32_t)slots };

	if (file < 0)
		return 0;
	return channel_send(channel, MESSAGE_COUNTERS, STATS_LAYOUT,
			    (struct str){ (const char *)&shape, sizeof(shape) }, &file, 1);
}

/* --- receiving ----------------------------------------------------------------------- */

static void forget_receivers(struct successors *successors)
{
	for (size_t i = 0; i < successors->count; i++)
		if (successors->receivers[i].inbox >= 0)
			close(successors->receivers[i].inbox);
	free(successors->receivers);
	successors->receivers = NULL;
	successors->count = 0;
}

static void forget_counters(struct successors *successors)
{
	struct stats_slots *counters = &successors->counters;

	if (counters->memory)
		munmap(counters->memory, counters->count * counters->stride);
	*counters = (struct stats_slots){ 0 };
}

static void take_counters(struct successors *successors, const struct message *message)
{
	struct counters_shape shape;

	/* The receivers point into the counters that were known before. */
	forget_receivers(successors);
	forget_counters(successors);
	if (message->payload.len < sizeof(shape) || message->fds_count != 1)
		return;
	memcpy(&shape, message->payload.data, sizeof(shape));
	if (message->number != STATS_LAYOUT || !stats_stride_is_sound(shape.stride) ||
	    shape.slots == 0 || shape.slots > SLOTS_MAX)
		return;
	struct stats_slots slots = { .stride = shape.stride, .count = shape.slots };
	int file = message->fds[0];
	if (stats_map(&slots, &file) == 0)
		successors->counters = slots;
}

/* 0: the descriptors belong to *successors; -EBADMSG, -ENOMEM: they are still the caller's. */
static int take_workers(struct successors *successors, const struct message *message)
{
	struct str payload = message->payload;
	struct successors_head head;

	if (payload.len < sizeof(head))
		return -EBADMSG;
	memcpy(&head, payload.data, sizeof(head));
	payload = str_skip(payload, sizeof(head));
	size_t count = message->fds_count, ids_len = sizeof(uint32_t) * (size_t)head.listeners;
	size_t entries_len = sizeof(struct worker_entry) * count;
	if (head.receivers != count || payload.len < ids_len + entries_len)
		return -EBADMSG;
	if (message->number == 0)
		forget_receivers(successors);
	struct receiver *receivers = realloc(successors->receivers,
					     sizeof(*receivers) * (successors->count + count + 1));
	if (!receivers)
		return -ENOMEM;
	successors->receivers = receivers;
	uint32_t *listeners = malloc(ids_len + 1);
	if (!listeners)
		return -ENOMEM;
	free(successors->listeners);
	successors->listeners = memcpy(listeners, payload.data, ids_len);
	successors->listeners_count = head.listeners;

	const char *entries = payload.data + ids_len;
	struct str slots = str_skip(payload, ids_len + entries_len);
	for (size_t i = 0; i < count; i++) {
		struct worker_entry entry;
		uint32_t slot = NO_SLOT;

		memcpy(&entry, entries + i * sizeof(entry), sizeof(entry));
		if ((i + 1) * sizeof(slot) <= slots.len)
			memcpy(&slot, slots.data + i * sizeof(slot), sizeof(slot));
		receivers[successors->count++] = (struct receiver){
			.inbox = message->fds[i],
			.stats = successors_stats(successors, slot),
			.limit = entry.limit,
		};
	}
	return 0;
}

int successors_receive(struct successors *successors, struct message *message)
{
	if (message->type == MESSAGE_COUNTERS) {
		take_counters(successors, message);
		message_discard(message);
		return 0;
	}
	int error = take_workers(successors, message);

	if (error < 0) {
		log_alertc(error,
			   "cannot learn which workers of the other program take "
			   "connections");
		message_discard(message);
	}
	message->fds_count = 0;
	return error;
}

/* --- asking -------------------------------------------------------------------------- */

bool successors_are_left(const struct successors *successors)
{
	for (size_t i = 0; i < successors->count; i++)
		if (successors->receivers[i].inbox >= 0)
			return true;
	return false;
}

bool successors_know(const struct successors *successors, uint32_t listener)
{
	for (size_t i = 0; i < successors->listeners_count; i++)
		if (successors->listeners[i] == listener)
			return true;
	return successors->listeners_count == LISTENERS_MAX;
}

struct stats *successors_stats(const struct successors *successors, uint32_t slot)
{
	const struct stats_slots *counters = &successors->counters;

	return counters->memory && slot < counters->count ? stats_slot(counters, slot) :
							    &receiver_unknown;
}

void successors_forget(struct successors *successors)
{
	forget_receivers(successors);
	forget_counters(successors);
	free(successors->listeners);
	*successors = (struct successors){ 0 };
}
