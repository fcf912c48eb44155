/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who takes the connections of a process that ends: the workers of the ruling
 * generation. The master tells it by MESSAGE_HEIRS before it says MESSAGE_QUIT,
 * and again when it is asked, since heirs end, too.
 *
 *     payload   which listeners the heirs have, slot and limit of each receiver;
 *               a slot that nobody has is that of another program's worker: the
 *               numbers of those slots, in its counters, follow
 *     fds       the write ends of their inboxes
 *
 * More than fit in one message come in several.
 */
#ifndef SKUA_PROCESS_HEIRS_H
#define SKUA_PROCESS_HEIRS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <str.h>

#include "process/foreign.h"
#include "process/receiver.h"

struct generation;
struct message;

/* As a process that ends has them. Zero it to begin. */
struct heirs {
	struct receiver *receivers;
	size_t count;
	uint32_t *listeners; /* ids of those they have */
	size_t listeners_count;
	struct foreign foreign; /* the counters of those abroad */
};

/*
 * As master: tells a process; NULL: there are none. `abroad`: it belongs to
 * another program, which has counters of its own. 0 or -errno of channel_send().
 */
int heirs_send(int channel, const struct generation *heir, bool abroad);

/* Whether the payload says that the receivers have this listener. */
bool heirs_listen(struct str payload, uint32_t listener);

/* The slot of the receiver of this index, in the counters of the sender's program. */
uint32_t heirs_slot_abroad(struct str payload, size_t index);

/*
 * Takes a message in (MESSAGE_COUNTERS, then MESSAGE_HEIRS), with its descriptors;
 * the first of several forgets what was there. 0, or -EBADMSG, -ENOMEM: it is
 * dropped, and the log says so.
 */
int heirs_receive(struct heirs *heirs, struct message *message);

/* Whether they serve this listener. */
bool heirs_know(const struct heirs *heirs, uint32_t listener);

/* Some that take connections are left. */
bool heirs_are_left(const struct heirs *heirs);

/* Closes the inboxes. */
void heirs_forget(struct heirs *heirs);

#endif
