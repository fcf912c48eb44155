/* SPDX-License-Identifier: BSD-2-Clause */
#include "process/handoff/peer_master.h"

#include <errno.h>
#include <log.h>
#include <stdlib.h>
#include <unistd.h>

#include "event/loop.h"
#include "process/ipc/channel.h"
#include "process/handoff/peer_counters.h"
#include "process/handoff/successors.h"
#include "process/ipc/inbox.h"
#include "process/server/listen_transfer.h"
#include "process/os/fork.h"
#include "process/handoff/receiver.h"
#include "process/server/table.h"

void (*peer_master_left)(void);
void (*peer_master_changed)(void);

static struct event peer = { .fd = -1 };
static bool leaving; /* it has said so */
static void (*on_ready)(void);
static struct successors successors; /* who takes connections there */

struct receiver *peer_master_receivers(size_t *count)
{
	*count = successors.count;
	return successors.receivers;
}

bool peer_master_has_successors(void)
{
	return successors_are_left(&successors);
}

size_t peer_master_listeners(uint32_t *ids, size_t max)
{
	size_t count = successors.listeners_count < max ? successors.listeners_count : max;

	if (!peer_master_has_successors())
		return 0;
	memcpy(ids, successors.listeners, count * sizeof(*ids));
	return count;
}

static void tell_of_change(void)
{
	if (peer_master_changed)
		peer_master_changed();
}

void peer_master_forget(void)
{
	successors_forget(&successors);
	if (peer.fd >= 0)
		close(peer.fd);
	peer.fd = -1;
}

/* As long as it has not said what it serves, it may serve anything. */
static bool listens(uint32_t listener)
{
	return !successors.listeners || successors_know(&successors, listener);
}

void peer_master_finish(void)
{
	if (peer.fd < 0)
		return;
	event_remove(&peer);
	table_fold(&successors.counters.slots);
	peer_master_forget();
	listen_share(NULL);
	tell_of_change();
	if (peer_master_left)
		peer_master_left();
}

static void keep_sockets(struct message *message)
{
	for (size_t i = 0; i < message->fds_count; i++)
		listen_receive(message->fds[i]);
	message->fds_count = 0;
}

static void on_leaving(void)
{
	leaving = true;
	if (peer_master_left)
		peer_master_left();
}

static void on_message(struct message *message)
{
	switch (message->type) {
	case MESSAGE_SUCCESSORS:
		leaving = false;
		successors_receive(&successors, message);
		tell_of_change();
		return;
	case MESSAGE_COUNTERS:
		successors_receive(&successors, message);
		return;
	case MESSAGE_READY:
		message_discard(message);
		if (on_ready)
			on_ready();
		on_ready = NULL;
		return;
	case MESSAGE_SOCKETS:
		keep_sockets(message);
		return;
	case MESSAGE_LEAVING:
		message_discard(message);
		on_leaving();
		return;
	default:
		message_discard(message);
	}
}

static void on_peer(struct event *event, uint32_t events)
{
	struct message message;
	int result = 0;

	(void)events;
	while (peer.fd >= 0 && (result = channel_receive(event->fd, &message)) == 1)
		on_message(&message);
	if (peer.fd < 0 || result != 0)
		return;
	log_notice("the other master process has ended, this one serves alone");
	peer_master_finish();
}

int peer_master_start(int fd, void (*ready)(void))
{
	fork_cleanup_add(peer_master_forget);
	on_ready = ready;
	leaving = false;
	peer = (struct event){ .fd = fd, .ready = on_peer };
	int error = event_add(&peer, EPOLLIN);
	if (error < 0) {
		peer_master_forget();
		return error;
	}
	listen_share(listens);
	peer_counters_send(fd, table_stats_fd(), table_stats_slots());
	return 0;
}

bool peer_master_is_there(void)
{
	return peer.fd >= 0;
}

void peer_master_offer(const struct generation *generation)
{
	int error = peer.fd >= 0 ? successors_send(peer.fd, generation) : 0;

	if (error == 0)
		return;
	log_warnc(error, "the other master process does not hear who takes connections here");
}

static void send_sockets(const int *fds, size_t count)
{
	while (count) {
		size_t some = count < CHANNEL_FDS ? count : CHANNEL_FDS;
		int error = channel_send(peer.fd, MESSAGE_SOCKETS, 0, STR(""), fds, some);

		if (error < 0) {
			log_warnc(error,
				  "the other master process does not get the sockets opened here");
		}
		fds += some;
		count -= some;
	}
}

void peer_master_share_sockets(void)
{
	if (peer.fd >= 0)
		listen_tell(send_sockets);
}

void peer_master_say_leaving(void)
{
	if (peer.fd >= 0)
		channel_send(peer.fd, MESSAGE_LEAVING, 0, STR(""), NULL, 0);
}

bool peer_master_leaves_all(void)
{
	return peer.fd < 0 || leaving;
}

void peer_master_say_ready(void)
{
	if (peer.fd >= 0)
		channel_send(peer.fd, MESSAGE_READY, 0, STR(""), NULL, 0);
}
