/* SPDX-License-Identifier: BSD-2-Clause */
/* Messages come from another binary, perhaps of another version: each length is checked. */
#include "process/handoff/successors.h"

#include <errno.h>
#include <log.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/listener.h"
#include "process/ipc/channel.h"
#include "process/server/generation.h"
#include "process/server/main_conf.h"
#include "process/server/table.h"

/* Exchanged between binaries. The ids of listeners, the entries and their slots follow it. */
struct head {
	uint32_t listeners;
	uint32_t receivers; /* as many as descriptors */
};

/* It was the slot of a receiver of the same program. */
#define NO_SLOT UINT32_MAX

struct entry {
	uint32_t unused; /* NO_SLOT */
	uint32_t limit; /* worker_connections */
};

/* So many listeners fit; those beyond count as gone. */
#define LISTENERS_MAX                                                \
	((CHANNEL_PAYLOAD - sizeof(struct head) -                    \
	  CHANNEL_FDS * (sizeof(struct entry) + sizeof(uint32_t))) / \
	 sizeof(uint32_t))

struct parcel {
	char payload[CHANNEL_PAYLOAD];
	size_t len;
	int fds[CHANNEL_FDS];
	size_t count;
	uint32_t slots[CHANNEL_FDS]; /* of the receivers */
};

static void put(struct parcel *parcel, const void *data, size_t len)
{
	memcpy(parcel->payload + parcel->len, data, len);
	parcel->len += len;
}

static void begin(struct parcel *parcel, const struct generation *active)
{
	size_t all = active ? active->listeners->count : 0;
	struct head head = { 0 };

	parcel->count = 0;
	parcel->len = sizeof(head);
	for (size_t i = 0; i < all; i++) {
		const struct listener *one = &active->listeners->items[i];

		for (; one && head.listeners < LISTENERS_MAX; one = one->also) {
			put(parcel, &one->id, sizeof(one->id));
			head.listeners++;
		}
	}
	memcpy(parcel->payload, &head, sizeof(head));
}

static int finish(struct parcel *parcel, int channel, uint32_t *first)
{
	uint32_t count = (uint32_t)parcel->count;

	put(parcel, parcel->slots, count * sizeof(uint32_t));
	memcpy(parcel->payload + offsetof(struct head, receivers), &count, sizeof(count));
	int error = channel_send(channel, MESSAGE_SUCCESSORS, *first,
				 (struct str){ parcel->payload, parcel->len }, parcel->fds,
				 parcel->count);
	*first += count;
	return error;
}

int successors_send(int channel, const struct generation *active)
{
	static struct parcel parcel;
	uint32_t first = 0;
	int error = 0;

	begin(&parcel, active);
	for (struct process *to = active ? table_next(NULL) : NULL; to; to = table_next(to)) {
		if (to->generation != active || to->inbox[1] < 0)
			continue;
		if (parcel.count == CHANNEL_FDS) {
			error = finish(&parcel, channel, &first);
			begin(&parcel, active);
		}
		const struct entry entry = {
			.unused = NO_SLOT,
			.limit = (uint32_t)active->events->worker_connections,
		};
		put(&parcel, &entry, sizeof(entry));
		parcel.slots[parcel.count] = table_slot(to);
		parcel.fds[parcel.count++] = to->inbox[1];
	}
	return error < 0 ? error : finish(&parcel, channel, &first);
}

static int keep_listeners(struct successors *successors, const char *from, size_t count)
{
	uint32_t *listeners = malloc(sizeof(*listeners) * (count + 1));

	if (!listeners)
		return -ENOMEM;
	memcpy(listeners, from, sizeof(*listeners) * count);
	free(successors->listeners);
	successors->listeners = listeners;
	successors->listeners_count = count;
	return 0;
}

/* Where the entries begin; NULL: the message does not hold all of them. */
static const char *find_entries(struct str payload, struct head *head)
{
	if (payload.len < sizeof(*head))
		return NULL;
	memcpy(head, payload.data, sizeof(*head));
	size_t before = sizeof(*head) + sizeof(uint32_t) * (size_t)head->listeners;
	size_t after = before + sizeof(struct entry) * (size_t)head->receivers;
	return payload.len < after ? NULL : payload.data + before;
}

/* The counters of the receiver with this index among `entries`; NULL: they are not known. */
static struct stats *find_stats(const struct successors *successors, const struct message *message,
				const char *entries, size_t index)
{
	struct str rest = str_range(entries, message->payload.data + message->payload.len);
	uint32_t slot = NO_SLOT;
	size_t skip = sizeof(struct entry) * message->fds_count + sizeof(slot) * index;

	if (skip + sizeof(slot) <= rest.len)
		memcpy(&slot, entries + skip, sizeof(slot));
	return peer_counters_slot(&successors->counters, slot);
}

static int add_receivers(struct successors *successors, const struct message *message,
			 const char *from)
{
	size_t count = successors->count + message->fds_count;
	struct receiver *receivers =
		realloc(successors->receivers, sizeof(*receivers) * (count + 1));

	if (!receivers)
		return -ENOMEM;
	successors->receivers = receivers;
	for (size_t i = 0; i < message->fds_count; i++) {
		struct entry entry;

		memcpy(&entry, from + i * sizeof(entry), sizeof(entry));
		receivers[successors->count++] = (struct receiver){
			.inbox = message->fds[i],
			.stats = find_stats(successors, message, from, i),
			.limit = entry.limit,
		};
	}
	return 0;
}

static void forget_receivers(struct successors *successors)
{
	for (size_t i = 0; i < successors->count; i++)
		if (successors->receivers[i].inbox >= 0)
			close(successors->receivers[i].inbox);
	free(successors->receivers);
	successors->receivers = NULL;
	successors->count = 0;
}

static int take_in(struct successors *successors, const struct message *message)
{
	struct head head;
	const char *entries = find_entries(message->payload, &head);

	if (!entries || head.receivers != message->fds_count)
		return -EBADMSG;
	if (message->number == 0)
		forget_receivers(successors);
	int error =
		keep_listeners(successors, message->payload.data + sizeof(head), head.listeners);
	return error < 0 ? error : add_receivers(successors, message, entries);
}

int successors_receive(struct successors *successors, struct message *message)
{
	if (message->type == MESSAGE_COUNTERS) {
		/* They choose by what lies there. */
		forget_receivers(successors);
		peer_counters_receive(&successors->counters, message);
		message_discard(message);
		return 0;
	}
	int error = take_in(successors, message);

	if (error < 0) {
		log_alertc(error, "cannot learn who takes connections in the other program");
		message_discard(message);
	}
	message->fds_count = 0;
	return error;
}

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

void successors_forget(struct successors *successors)
{
	forget_receivers(successors);
	peer_counters_forget(&successors->counters);
	free(successors->listeners);
	*successors = (struct successors){ 0 };
}
