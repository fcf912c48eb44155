/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The channel closes when the other master ends, whichever way it does.
 */
#include "process/partner.h"

#include <errno.h>
#include <log.h>
#include <unistd.h>

#include "event/loop.h"
#include "process/channel.h"
#include "process/listen.h"

static struct event partner = { .fd = -1 };

void partner_forget(void)
{
	if (partner.fd >= 0)
		close(partner.fd);
	partner.fd = -1;
}

void partner_finish(void)
{
	if (partner.fd < 0)
		return;
	event_remove(&partner);
	partner_forget();
	listen_share(false);
}

static void on_partner(struct event *event, uint32_t events)
{
	struct message message;
	int result;

	(void)events;
	while ((result = channel_receive(event->fd, &message)) == 1)
		message_discard(&message);
	if (result != 0)
		return;
	log_notice("the other master process has ended, this one serves alone");
	partner_finish();
}

int partner_start(int fd)
{
	partner = (struct event){ .fd = fd, .ready = on_partner };
	int error = event_add(&partner, EPOLLIN);
	if (error < 0) {
		partner_forget();
		return error;
	}
	listen_share(true);
	return 0;
}

bool partner_is_there(void)
{
	return partner.fd >= 0;
}
