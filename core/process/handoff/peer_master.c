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

void (*partner_left)(void);
void (*partner_changed)(void);

static struct event partner = { .fd = -1 };
static bool leaving; /* it has said so */
static void (*on_ready)(void);
static struct heirs heirs; /* who takes connections there */

struct receiver *partner_receivers(size_t *count)
{
	*count = heirs.count;
	return heirs.receivers;
}

bool partner_has_heirs(void)
{
	return heirs_are_left(&heirs);
}

size_t partner_listeners(uint32_t *ids, size_t max)
{
	size_t count = heirs.listeners_count < max ? heirs.listeners_count : max;

	if (!partner_has_heirs())
		return 0;
	memcpy(ids, heirs.listeners, count * sizeof(*ids));
	return count;
}

static void tell_of_change(void)
{
	if (partner_changed)
		partner_changed();
}

void partner_forget(void)
{
	heirs_forget(&heirs);
	if (partner.fd >= 0)
		close(partner.fd);
	partner.fd = -1;
}

/* As long as it has not said what it serves, it may serve anything. */
static bool listens(uint32_t listener)
{
	return !heirs.listeners || heirs_know(&heirs, listener);
}

void partner_finish(void)
{
	if (partner.fd < 0)
		return;
	event_remove(&partner);
	table_fold(&heirs.foreign.slots);
	partner_forget();
	listen_share(NULL);
	tell_of_change();
	if (partner_left)
		partner_left();
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
	if (partner_left)
		partner_left();
}

static void on_message(struct message *message)
{
	switch (message->type) {
	case MESSAGE_HEIRS:
		leaving = false;
		heirs_receive(&heirs, message);
		tell_of_change();
		return;
	case MESSAGE_COUNTERS:
		heirs_receive(&heirs, message);
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

static void on_partner(struct event *event, uint32_t events)
{
	struct message message;
	int result = 0;

	(void)events;
	while (partner.fd >= 0 && (result = channel_receive(event->fd, &message)) == 1)
		on_message(&message);
	if (partner.fd < 0 || result != 0)
		return;
	log_notice("the other master process has ended, this one serves alone");
	partner_finish();
}

int partner_start(int fd, void (*ready)(void))
{
	fork_cleanup_add(partner_forget);
	on_ready = ready;
	leaving = false;
	partner = (struct event){ .fd = fd, .ready = on_partner };
	int error = event_add(&partner, EPOLLIN);
	if (error < 0) {
		partner_forget();
		return error;
	}
	listen_share(listens);
	foreign_send(fd, table_stats_fd(), table_stats_slots());
	return 0;
}

bool partner_is_there(void)
{
	return partner.fd >= 0;
}

void partner_offer(const struct generation *generation)
{
	int error = partner.fd >= 0 ? heirs_send(partner.fd, generation) : 0;

	if (error == 0)
		return;
	log_warnc(error, "the other master process does not hear who takes connections here");
}

static void send_sockets(const int *fds, size_t count)
{
	while (count) {
		size_t some = count < CHANNEL_FDS ? count : CHANNEL_FDS;
		int error = channel_send(partner.fd, MESSAGE_SOCKETS, 0, STR(""), fds, some);

		if (error < 0) {
			log_warnc(error,
				  "the other master process does not get the sockets opened here");
		}
		fds += some;
		count -= some;
	}
}

void partner_share_sockets(void)
{
	if (partner.fd >= 0)
		listen_tell(send_sockets);
}

void partner_say_leaving(void)
{
	if (partner.fd >= 0)
		channel_send(partner.fd, MESSAGE_LEAVING, 0, STR(""), NULL, 0);
}

bool partner_leaves_all(void)
{
	return partner.fd < 0 || leaving;
}

void partner_say_ready(void)
{
	if (partner.fd >= 0)
		channel_send(partner.fd, MESSAGE_READY, 0, STR(""), NULL, 0);
}
