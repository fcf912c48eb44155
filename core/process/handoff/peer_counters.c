/* SPDX-License-Identifier: BSD-2-Clause */
/* The other program may be another build: the layout of a slot must be the same. */
#include "process/handoff/peer_counters.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "process/ipc/channel.h"
#include "process/handoff/receiver.h"

/* Spoken between binaries. */
struct shape {
	uint32_t stride; /* from one slot to the next */
	uint32_t slots;
};

enum { SLOTS_MAX = 1 << 20 };

int peer_counters_send(int channel, int file, size_t slots)
{
	const struct shape shape = { (uint32_t)stats_stride(), (uint32_t)slots };

	if (file < 0)
		return 0;
	return channel_send(channel, MESSAGE_COUNTERS, STATS_LAYOUT,
			    (struct str){ (const char *)&shape, sizeof(shape) }, &file, 1);
}

int peer_counters_receive(struct peer_counters *counters, const struct message *message)
{
	struct shape shape;

	peer_counters_forget(counters);
	if (message->payload.len < sizeof(shape) || message->fds_count != 1)
		return -EINVAL;
	memcpy(&shape, message->payload.data, sizeof(shape));
	if (message->number != STATS_LAYOUT || !stats_stride_is_sound(shape.stride) ||
	    shape.slots == 0 || shape.slots > SLOTS_MAX)
		return -EINVAL;
	struct stats_slots slots = { .stride = shape.stride, .count = shape.slots };
	int file = message->fds[0], error = stats_map(&slots, &file);
	if (error == 0)
		counters->slots = slots;
	return error;
}

struct stats *peer_counters_slot(const struct peer_counters *counters, uint32_t slot)
{
	bool is_known = counters->slots.memory && slot < counters->slots.count;

	return is_known ? stats_slot(&counters->slots, slot) : &receiver_unknown;
}

void peer_counters_forget(struct peer_counters *counters)
{
	if (counters->slots.memory)
		munmap(counters->slots.memory, counters->slots.count * counters->slots.stride);
	*counters = (struct peer_counters){ 0 };
}
