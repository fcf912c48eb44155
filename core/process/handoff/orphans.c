/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The inbox is shut down first. From then on a process that sends a connection to it gets
 * an error and keeps the connection, so none can arrive after the last one was read.
 */
#include "process/handoff/orphans.h"

#include <errno.h>
#include <log.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <timer.h>
#include <unistd.h>

#include "process/handoff/relay.h"

enum { RETRY_MS = 5 };

struct estate {
	int inbox;
	uint32_t limit; /* how many connections may still be taken out of it */
	struct timer retry;
	struct estate *next;
};

static struct estate *estates;

void (*estate_none_left)(void);

static void destroy(struct estate *estate)
{
	struct estate **link = &estates;

	while (*link != estate)
		link = &(*link)->next;
	*link = estate->next;
	close(estate->inbox);
	free(estate);
}

static void settle(void *data)
{
	struct estate *estate = data;
	int result;

	while ((result = relay_left(estate->inbox, estate->limit)) > 0 || result == -EPROTO)
		estate->limit -= result > 0 ? (uint32_t)result : 0;
	if (result == -EAGAIN || result == -ETOOMANYREFS || result == -EMFILE) {
		timer_start(&estate->retry, RETRY_MS);
		return;
	}
	if (result < 0) {
		log_alertc(result, "connections that a worker has left behind are closed");
	}
	destroy(estate);
	if (!estates && estate_none_left)
		estate_none_left();
}

void estate_take(int inbox, uint32_t limit)
{
	struct estate *estate = calloc(1, sizeof(*estate));

	shutdown(inbox, SHUT_RD);
	if (!estate) {
		log_alertx("no memory for what a worker has left behind: it is closed");
		close(inbox);
		return;
	}
	*estate = (struct estate){ .inbox = inbox, .limit = limit, .next = estates };
	estates = estate;
	estate->retry = (struct timer){ .expired = settle, .data = estate };
	settle(estate);
}

bool estate_for_each(bool (*act)(void *data, int inbox), void *data)
{
	for (const struct estate *estate = estates; estate; estate = estate->next)
		if (!act(data, estate->inbox))
			return false;
	return true;
}

bool estate_is_there(void)
{
	return estates;
}
