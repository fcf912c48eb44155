/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The socket is shut down first. From then on a process that sends a connection to it gets
 * an error and keeps the connection, so none can arrive after the last one was read.
 */
#include "process/handoff/orphans.h"

#include <errno.h>
#include <log.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <timer.h>
#include <unistd.h>

#include "process/handoff/receiver.h"
#include "process/handoff/relay.h"

struct orphan {
	int inbox;
	uint32_t limit; /* how many connections may still be taken out of it */
	struct timer retry;
	struct orphan *next;
};

static struct {
	struct orphan *first;
	void (*none_left)(void);
} orphans;

/* Passes on what the orphan holds, and closes it when it is empty; tries again if it cannot. */
static void settle(void *data)
{
	struct orphan *orphan = data, **link = &orphans.first;
	int result;

	while ((result = relay_pass_orphan(orphan->inbox, orphan->limit)) > 0 || result == -EPROTO)
		orphan->limit -= result > 0 ? (uint32_t)result : 0;
	if (result == -EAGAIN || result == -ETOOMANYREFS || result == -EMFILE) {
		timer_start(&orphan->retry, RECEIVER_RETRY_MS);
		return;
	}
	if (result < 0)
		log_alertc(result, "connections that a worker has left behind are closed");
	while (*link != orphan)
		link = &(*link)->next;
	*link = orphan->next;
	close(orphan->inbox);
	free(orphan);
	if (!orphans.first && orphans.none_left)
		orphans.none_left();
}

void orphans_init(void (*none_left)(void))
{
	orphans.none_left = none_left;
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
	*orphan = (struct orphan){ .inbox = inbox, .limit = limit, .next = orphans.first };
	orphans.first = orphan;
	orphan->retry = (struct timer){ .expired = settle, .data = orphan };
	settle(orphan);
}

bool orphans_for_each(bool (*act)(void *data, int inbox), void *data)
{
	for (const struct orphan *orphan = orphans.first; orphan; orphan = orphan->next)
		if (!act(data, orphan->inbox))
			return false;
	return true;
}

bool orphans_are_left(void)
{
	return orphans.first;
}
