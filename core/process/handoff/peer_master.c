/* SPDX-License-Identifier: BSD-2-Clause */
#include "process/handoff/peer_master.h"

#include <errno.h>
#include <log.h>
#include <stdlib.h>
#include <unistd.h>

#include "event/loop.h"
#include "process/handoff/receiver.h"
#include "process/handoff/successors.h"
#include "process/ipc/channel.h"
#include "process/listen/listen_transfer.h"
#include "process/os/fork.h"
#include "process/server/table.h"

static struct {
	struct peer_master_hooks hooks;
	struct event channel; /* fd -1: there is no peer master */
	bool leaving; /* it has said that all its workers end */
	void (*on_ready)(void);
	struct successors successors; /* the workers that take connections there */
} peer = { .channel.fd = -1 };

void peer_master_init(const struct peer_master_hooks *hooks)
{
	peer.hooks = *hooks;
}

struct receiver *peer_master_receivers(size_t *count)
{
	*count = peer.successors.count;
	return peer.successors.receivers;
}

bool peer_master_has_successors(void)
{
	return successors_are_left(&peer.successors);
}

size_t peer_master_listeners(uint32_t *ids, size_t max)
{
	const struct successors *successors = &peer.successors;
	size_t count = successors->listeners_count < max ? successors->listeners_count : max;

	if (!successors_are_left(successors))
		return 0;
	memcpy(ids, successors->listeners, count * sizeof(*ids));
	return count;
}

/* Closes the channel and the inboxes. Children call it, too: both belong to the master. */
static void forget(void)
{
	successors_forget(&peer.successors);
	if (peer.channel.fd >= 0)
		close(peer.channel.fd);
	peer.channel.fd = -1;
}

/* As long as the peer master has not named its listeners, it may have any. */
static bool listens(uint32_t listener)
{
	return !peer.successors.listeners || successors_know(&peer.successors, listener);
}

void peer_master_finish(void)
{
	if (peer.channel.fd < 0)
		return;
	event_remove(&peer.channel);
	table_fold(&peer.successors.counters);
	forget();
	listen_share(NULL);
	peer.hooks.changed();
	peer.hooks.left();
}

static void on_message(struct message *message)
{
	switch (message->type) {
	case MESSAGE_SUCCESSORS:
		peer.leaving = false;
		successors_receive(&peer.successors, message);
		peer.hooks.changed();
		return;
	case MESSAGE_COUNTERS:
		successors_receive(&peer.successors, message);
		return;
	case MESSAGE_READY:
		message_discard(message);
		if (peer.on_ready)
			peer.on_ready();
		peer.on_ready = NULL;
		return;
	case MESSAGE_SOCKETS:
		for (size_t i = 0; i < message->fds_count; i++)
			listen_receive(message->fds[i]);
		message->fds_count = 0;
		return;
	case MESSAGE_TAKE_OVER:
		if (message->fds_count == 1)
			peer.hooks.passed(message->payload, message->fds[--message->fds_count]);
		message_discard(message);
		return;
	case MESSAGE_LEAVING:
		message_discard(message);
		peer.leaving = true;
		peer.hooks.left();
		return;
	default:
		message_discard(message);
	}
}

static void on_channel(struct event *event, uint32_t events)
{
	struct message message;
	int result = 0;

	(void)events;
	while (event->fd >= 0 && (result = channel_receive(event->fd, &message)) == 1)
		on_message(&message);
	if (event->fd < 0 || result != 0)
		return;
	log_notice("the other master process has ended, this one serves alone");
	peer_master_finish();
}

int peer_master_start(int fd, void (*ready)(void))
{
	fork_cleanup_add(forget);
	peer.on_ready = ready;
	peer.leaving = false;
	peer.channel = (struct event){ .fd = fd, .ready = on_channel };
	int error = event_add(&peer.channel, EPOLLIN);
	if (error < 0) {
		forget();
		return error;
	}
	listen_share(listens);
	successors_send_counters(fd, table_stats_fd(), table_stats_slots());
	return 0;
}

bool peer_master_is_there(void)
{
	return peer.channel.fd >= 0;
}

void peer_master_offer(const struct generation *generation)
{
	int error = peer.channel.fd >= 0 ? successors_send(peer.channel.fd, generation) : 0;

	if (error == 0)
		return;
	log_warnc(error,
		  "the other master process does not learn which workers take "
		  "connections here");
}

static void send_sockets(const int *fds, size_t count)
{
	while (count) {
		size_t some = count < CHANNEL_FDS ? count : CHANNEL_FDS;
		int error = channel_send(peer.channel.fd, MESSAGE_SOCKETS, 0, STR(""), fds, some);

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
	if (peer.channel.fd >= 0)
		listen_send_new(send_sockets);
}

void peer_master_pass(struct str name, int fd)
{
	if (peer.channel.fd >= 0)
		channel_send(peer.channel.fd, MESSAGE_TAKE_OVER, 0, name, &fd, 1);
}

void peer_master_say_leaving(void)
{
	if (peer.channel.fd >= 0)
		channel_send(peer.channel.fd, MESSAGE_LEAVING, 0, STR(""), NULL, 0);
}

bool peer_master_leaves_all(void)
{
	return peer.channel.fd < 0 || peer.leaving;
}

void peer_master_say_ready(void)
{
	if (peer.channel.fd >= 0)
		channel_send(peer.channel.fd, MESSAGE_READY, 0, STR(""), NULL, 0);
}
