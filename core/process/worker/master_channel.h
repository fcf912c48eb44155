/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A child's end of its channel to the master: commands come through it, reports and
 * connections go through it.
 */
#ifndef SKUA_PROCESS_WORKER_MASTER_CHANNEL_H
#define SKUA_PROCESS_WORKER_MASTER_CHANNEL_H

#include "process/ipc/channel.h"

struct batch;

struct master_channel_hooks {
	/* Called for each message; the callee owns its descriptors. */
	void (*message)(struct message *message);
	/* The master has ended. The channel is closed already. */
	void (*lost)(void);
};

/* Watches the channel. Once in a child, in its own loop. Takes over the descriptor. 0 or -errno. */
int master_channel_start(int fd, const struct master_channel_hooks *hooks);

/*
 * Sends a message without a payload. 0, or -errno of channel_send(); -EPIPE: there is no
 * master.
 */
int master_channel_send(enum message_type type, uint32_t number);

/* Gives connections to the master (relay.h); otherwise as batch_send(). -EPIPE: no master. */
int master_channel_give(struct batch *batch);

#endif
