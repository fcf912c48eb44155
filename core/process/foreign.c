/* SPDX-License-Identifier: BSD-2-Clause */
/* The other program may be another build: size and layout of a slot must be the same. */
#include "process/foreign.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "base/memfile.h"
#include "base/stats.h"
#include "process/channel.h"
#include "process/receiver.h"

/* Spoken between binaries. */
struct shape {
	uint32_t size; /* of a slot */
	uint32_t slots;
};

enum { SLOTS_MAX = 1 << 20 };

int foreign_send(int channel, int file, size_t slots)
{
	const struct shape shape = { sizeof(struct stats), (uint32_t)slots };

	return channel_send(channel, MESSAGE_COUNTERS, STATS_LAYOUT,
			    (struct str){ (const char *)&shape, sizeof(shape) }, &file, 1);
}

int foreign_receive(struct foreign *foreign, const struct message *message)
{
	struct shape shape;

	foreign_forget(foreign);
	if (message->payload.len < sizeof(shape) || message->fds_count != 1)
		return -EINVAL;
	memcpy(&shape, message->payload.data, sizeof(shape));
	if (message->number != STATS_LAYOUT || shape.size != sizeof(struct stats) ||
	    shape.slots == 0 || shape.slots > SLOTS_MAX)
		return -EINVAL;
	struct stats *slots = memfile_map(message->fds[0], shape.slots * sizeof(struct stats));
	if (!slots)
		return -errno;
	*foreign = (struct foreign){ slots, shape.slots };
	return 0;
}

struct stats *foreign_slot(const struct foreign *foreign, uint32_t slot)
{
	return slot < foreign->count ? &foreign->slots[slot] : &receiver_unknown;
}

void foreign_forget(struct foreign *foreign)
{
	if (foreign->slots)
		munmap(foreign->slots, foreign->count * sizeof(struct stats));
	*foreign = (struct foreign){ 0 };
}
