/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Looks once a second, and acts in steps while it has something to give. The
 * receiver must have taken all that was sent to it before, and until it was seen to
 * take something it gets one connection: those that are moved would be answered
 * where they are, and a worker that hangs looks light.
 */
#include "process/balance.h"

#include <errno.h>
#include <stdlib.h>
#include <timer.h>
#include <unistd.h>

#include "base/stats.h"
#include "net/conn.h"
#include "process/generation.h"
#include "process/main_conf.h"
#include "process/passing.h"
#include "process/receiver.h"
#include "process/table.h"

enum {
	LOOK_MS = 1000,
	STEP_MS = 250,
	STEP = 32, /* connections: 128 a second */
	FRESH_MS = 2500, /* that long it is believed to be alive after it took something */
	FEW = 64, /* more than the lightest: not worth a move */
};

static struct receiver *peers;
static size_t count;
static struct timer timer;
static uint64_t left; /* of this step */

uint64_t balance_share(uint64_t own, uint64_t lightest)
{
	if (own < FEW || own - FEW < lightest || own / 2 < lightest)
		return 0;
	uint64_t half = (own - lightest) / 2;
	return half < STEP ? half : STEP;
}

static struct receiver *lightest(void)
{
	struct receiver *best;

	receivers_unblock(peers, count);
	best = receiver_choose(peers, count, false);
	if (!best || stats_get(&best->stats->away) || receiver_on_the_way(best))
		return NULL;
	return best;
}

/* One that has just come will ask in a moment; the others have waited for longer. */
static bool move(struct conn *conn)
{
	if (conn->requests && passing_add(conn) == 0)
		left--;
	return left > 0;
}

static void step(void *data)
{
	struct receiver *to = lightest();

	(void)data;
	left = to ? balance_share(conn_counts.active, stats_get(&to->stats->active)) : 0;
	timer_start(&timer, left ? STEP_MS : LOOK_MS);
	if (!left)
		return;
	if (!receiver_took_within(to, FRESH_MS))
		left = 1;
	passing_begin(to, 1);
	conn_for_idle(move);
	passing_end();
}

int balance_start(const struct process *self)
{
	peers = calloc(self->generation->workers, sizeof(*peers));
	if (!peers)
		return -ENOMEM;
	for (struct process *other = table_next(NULL); other; other = table_next(other))
		if (other != self && other->generation == self->generation &&
		    other->kind == PROCESS_WORKER)
			peers[count++] = (struct receiver){
				.inbox = other->inbox[1],
				.stats = other->stats,
				.limit = (uint64_t)self->generation->events->worker_connections,
			};
	timer = (struct timer){ .expired = step };
	if (count)
		timer_start(&timer, LOOK_MS);
	return 0;
}

void balance_stop(void)
{
	timer_stop(&timer);
	for (size_t i = 0; i < count; i++)
		if (peers[i].inbox >= 0)
			close(peers[i].inbox);
	free(peers);
	peers = NULL;
	count = 0;
}
