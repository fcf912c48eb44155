/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Looks once a second, and moves connections in steps while there are some to move. The
 * receiver must have taken all that was sent to it before. Until it was seen to take
 * something it is sent one connection at a time: a worker that hangs has few connections,
 * too, and those that are moved to it would have been served where they were.
 */
#include "process/handoff/balance.h"

#include <timer.h>

#include "process/handoff/receiver.h"
#include "process/handoff/relay.h"
#include "process/server/generation.h"
#include "process/server/main_conf.h"
#include "process/server/table.h"
#include "stats/stats.h"

enum {
	LOOK_MS = 1000,
	STEP_MS = 250,
	STEP = 32, /* connections: 128 a second */
	FRESH_MS = 2500, /* a worker counts as alive so long after it took a connection */
	FEW = 64, /* connections are not moved for a smaller difference between two workers */
};

static struct {
	struct generation *(*active)(void);
	struct timer timer;
} balance;

uint64_t balance_share(uint64_t own, uint64_t lightest)
{
	if (own < FEW || own - FEW < lightest || own / 2 < lightest)
		return 0;
	uint64_t half = (own - lightest) / 2;
	return half < STEP ? half : STEP;
}

/* Asks the process for some of its connections if it has far too many; true if it did. */
static bool relieve(struct process *process)
{
	struct receiver *to = relay_lightest(process);

	if (!to || stats_get(&to->stats->unavailable) || receiver_on_the_way(to))
		return false;
	uint64_t share = balance_share(stats_get(&process->stats->active),
				       stats_get(&to->stats->active));
	if (share > 1 && !receiver_took_within(to, FRESH_MS))
		share = 1;
	if (share == 0 || !relay_request(process, (uint32_t)share))
		return false;
	to->planned += (unsigned)share;
	return true;
}

static void step(void *data)
{
	const struct generation *generation = balance.active();
	bool moved = false;

	(void)data;
	if (!generation || generation->retiring || !generation->events->balance ||
	    generation->workers < 2)
		return;
	for (struct process *process = table_next(NULL); process; process = table_next(process))
		if (process->generation == generation && process->kind == PROCESS_WORKER &&
		    relieve(process))
			moved = true;
	relay_forget_plans();
	timer_start(&balance.timer, moved ? STEP_MS : LOOK_MS);
}

void balance_init(struct generation *(*active)(void))
{
	balance.active = active;
	balance.timer = (struct timer){ .expired = step };
}

void balance_watch(void)
{
	if (!timer_is_started(&balance.timer))
		timer_start(&balance.timer, LOOK_MS);
}
