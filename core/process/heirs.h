/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tells another program who takes connections here: the workers of the ruling
 * generation. The other master passes on to them what its own workers give away
 * (relay.h). Workers of a program of before, which gave connections to each other, hear of
 * it themselves.
 *
 *     payload   which listeners the receivers have, the limit of each; the numbers of their
 *               slots, in the counters of this program, follow
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

/* As the other program has them. Zero it to begin. */
struct heirs {
	struct receiver *receivers;
	size_t count;
	uint32_t *listeners; /* ids of those they have; NULL: nothing was said yet */
	size_t listeners_count;
	struct foreign foreign; /* their counters */
};

/* Sends who they are; NULL: nobody. 0 or -errno of channel_send(). */
int heirs_send(int channel, const struct generation *heir);

/*
 * Takes a message in (MESSAGE_COUNTERS, then MESSAGE_HEIRS), with its descriptors;
 * the first of several forgets what was there. 0, or -EBADMSG, -ENOMEM: it is
 * dropped, and the log says so.
 */
int heirs_receive(struct heirs *heirs, struct message *message);

/* Whether they have this listener; there may be more than they could say. */
bool heirs_know(const struct heirs *heirs, uint32_t listener);

/* Some that take connections are left. */
bool heirs_are_left(const struct heirs *heirs);

/* Closes the inboxes. */
void heirs_forget(struct heirs *heirs);

#endif
