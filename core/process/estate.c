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
#include "process/generation.h"
#include "process/inbox.h"
#include "process/partner.h"
#include "process/receiver.h"
#include "process/table.h"

enum { RETRY_MS = 5 };

struct estate {
	int inbox;
	struct generation *(*heir)(void);
	struct timer retry;
	struct estate *next;
};

static struct estate *estates;

void (*estate_none_left)(void);

/* `away`: to those that do not serve at present, which comes after the others. */
static int give_to_some(const struct generation *heir, bool away, const struct estate *estate)
{
	int result = -EPIPE;

	for (struct process *to = table_next(NULL); to; to = table_next(to)) {
		if (to->generation != heir || to->inbox[1] < 0 ||
		    (stats_get(&to->stats->away) != 0) != away)
			continue;
		result = inbox_forward(estate->inbox, to->inbox[1]);
		if (result > 0)
			receiver_count_dealt(to->stats, (uint64_t)result);
		if (result >= 0)
			return result;
	}
	return result;
}

/* One message to whichever worker of the heir takes it; as inbox_forward(). */
static int give_to(const struct generation *heir, const struct estate *estate)
{
	int result = give_to_some(heir, false, estate);

	return result == -EPIPE ? give_to_some(heir, true, estate) : result;
}

/* Workers that end themselves come last: they would only pass it on. */
static int give_one(const struct estate *estate)
{
	const struct generation *heir = estate->heir();

	if (heir && !heir->retiring)
		return give_to(heir, estate);
	if (partner_has_heirs())
		return partner_give(estate->inbox);
	return heir ? give_to(heir, estate) : 0;
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
	int result;

	while ((result = give_one(estate)) > 0)
		;
	if (result == -EAGAIN || result == -ETOOMANYREFS || result == -EMFILE) {
		timer_start(&estate->retry, RETRY_MS);
		return;
	}
	if (result < 0) {
		errno = -result;
		log_alert("connections that a worker has left behind are closed");
	}
	destroy(estate);
	if (!estates && estate_none_left)
		estate_none_left();
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

bool estate_is_there(void)
{
	return estates;
}
