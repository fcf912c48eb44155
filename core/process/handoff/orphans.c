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

struct orphan {
	int inbox;
	uint32_t limit; /* how many connections may still be taken out of it */
	struct timer retry;
	struct orphan *next;
};

static struct orphan *orphans;

void (*orphans_none_left)(void);

static void destroy(struct orphan *orphan)
{
	struct orphan **link = &orphans;

	while (*link != orphan)
		link = &(*link)->next;
	*link = orphan->next;
	close(orphan->inbox);
	free(orphan);
}

static void settle(void *data)
{
	struct orphan *orphan = data;
	int result;

	while ((result = relay_left(orphan->inbox, orphan->limit)) > 0 || result == -EPROTO)
		orphan->limit -= result > 0 ? (uint32_t)result : 0;
	if (result == -EAGAIN || result == -ETOOMANYREFS || result == -EMFILE) {
		timer_start(&orphan->retry, RETRY_MS);
		return;
	}
	if (result < 0) {
		log_alertc(result, "connections that a worker has left behind are closed");
	}
	destroy(orphan);
	if (!orphans && orphans_none_left)
		orphans_none_left();
}

void orphans_take(int inbox, uint32_t limit)
{
	struct orphan *orphan = calloc(1, sizeof(*orphan));

	shutdown(inbox, SHUT_RD);
	if (!orphan) {
		log_alertx("no memory for what a worker has left behind: it is closed");
		close(inbox);
		return;
	}
	*orphan = (struct orphan){ .inbox = inbox, .limit = limit, .next = orphans };
	orphans = orphan;
	orphan->retry = (struct timer){ .expired = settle, .data = orphan };
	settle(orphan);
}

bool orphans_for_each(bool (*act)(void *data, int inbox), void *data)
{
	for (const struct orphan *orphan = orphans; orphan; orphan = orphan->next)
		if (!act(data, orphan->inbox))
			return false;
	return true;
}

bool orphans_are_left(void)
{
	return orphans;
}
