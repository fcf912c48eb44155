/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The inbox is shut first, so that a giver learns that it is closed and keeps
 * what it has: between the last look and the close nothing can get lost.
 */
#include "process/estate.h"

#include <errno.h>
#include <log.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <timer.h>
#include <unistd.h>

#include "base/stats.h"
#include "process/inbox.h"
#include "process/table.h"

enum { RETRY_MS = 5 };

struct estate {
	int inbox;
	struct generation *(*heir)(void);
	struct timer retry;
	struct estate *next;
};

static struct estate *estates;

/* One message to whichever worker takes it; as inbox_forward(). */
static int give_one(struct estate *estate, const struct generation *heir)
{
	int result = -EPIPE;

	for (struct process *to = table_next(NULL); to; to = table_next(to)) {
		if (to->generation != heir || to->inbox[1] < 0)
			continue;
		result = inbox_forward(estate->inbox, to->inbox[1]);
		if (result > 0)
			atomic_fetch_add_explicit(&to->stats->dealt, (unsigned)result,
						  memory_order_relaxed);
		if (result >= 0)
			return result;
	}
	return result;
}

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
	const struct generation *heir = estate->heir();
	int result = 0;

	while (heir && (result = give_one(estate, heir)) > 0)
		;
	if (heir && (result == -EAGAIN || result == -ETOOMANYREFS || result == -EMFILE)) {
		timer_start(&estate->retry, RETRY_MS);
		return;
	}
	if (result < 0) {
		errno = -result;
		log_alert("connections that a worker has left behind are closed");
	}
	destroy(estate);
}

void estate_take(int inbox, struct generation *(*heir)(void))
{
	struct estate *estate = calloc(1, sizeof(*estate));

	shutdown(inbox, SHUT_RD);
	if (!estate) {
		log_alertx("no memory for what a worker has left behind: it is closed");
		close(inbox);
		return;
	}
	*estate = (struct estate){ .inbox = inbox, .heir = heir, .next = estates };
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
