/* SPDX-License-Identifier: BSD-2-Clause */
#include "process/worker/master_channel.h"

#include <errno.h>
#include <unistd.h>

#include "event/loop.h"
#include "process/ipc/inbox.h"

static struct {
	struct event event; /* fd -1: there is no master */
	struct master_channel_hooks hooks;
} channel = { .event.fd = -1 };

static void on_ready(struct event *event, uint32_t events)
{
	struct message message;
	int result;

	(void)events;
	while ((result = channel_receive(event->fd, &message)) == 1)
		channel.hooks.message(&message);
	if (result != 0)
		return;
	event_remove(event);
	close(event->fd);
	event->fd = -1;
	channel.hooks.lost();
}

int master_channel_start(int fd, const struct master_channel_hooks *hooks)
{
	channel.event = (struct event){ .fd = fd, .ready = on_ready };
	channel.hooks = *hooks;
	return event_add(&channel.event, EPOLLIN);
}

int master_channel_send(enum message_type type, uint32_t number)
{
	int fd = channel.event.fd;

	return fd < 0 ? -EPIPE : channel_send(fd, type, number, STR(""), NULL, 0);
}

int master_channel_give(struct batch *batch)
{
	return channel.event.fd < 0 ? -EPIPE : batch_send(batch, channel.event.fd);
}
