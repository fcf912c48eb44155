/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Holds what it has accepted in this turn, plans who gets which by the counters
 * of the workers, and sends each its share in one message. What could not be
 * sent stays held and is planned anew.
 */
#include "process/worker/acceptor.h"

#include <errno.h>
#include <log.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/stats.h"
#include "process/handoff/accept.h"
#include "process/ipc/channel.h"
#include "process/worker/child.h"
#include "process/server/generation.h"
#include "process/ipc/inbox.h"
#include "process/sandbox/privileges.h"
#include "process/handoff/receiver.h"
#include "process/server/table.h"

enum {
	HELD_MAX = CHANNEL_FDS, /* connections that are accepted and not dealt out */
	RETRY_MS = 5,
};

static struct generation *generation;
static struct receiver *receivers;
static size_t receivers_count;
static struct passed_conn held[HELD_MAX];
static struct receiver *plan[HELD_MAX];
static size_t held_count, held_limit;
static struct timer retry;
static uint32_t *listeners; /* ids: the successors take the connections of these */
static size_t listeners_count;
static bool quitting, said_full;

static void make_plan(void)
{
	for (size_t i = 0; i < held_count; i++) {
		plan[i] = receiver_choose(receivers, receivers_count, true);
		if (plan[i])
			plan[i]->planned++;
	}
}

/* Sends a worker its share; on failure it stays held. */
static void send_share(struct receiver *receiver)
{
	static struct batch batch;

	batch.count = batch.len = 0;
	for (size_t i = 0; i < held_count; i++)
		if (plan[i] == receiver)
			batch_add(&batch, &held[i]);
	int error = receiver_send(receiver, &batch);
	receiver->planned = 0;
	if (error < 0)
		return;
	for (size_t i = 0; i < held_count; i++)
		if (plan[i] == receiver)
			held[i].fd = -1;
}

static void send_shares(void)
{
	for (size_t i = 0; i < receivers_count; i++)
		if (receivers[i].planned)
			send_share(&receivers[i]);
	receivers_unblock(receivers, receivers_count);
}

static bool is_taken(uint32_t listener)
{
	for (size_t i = 0; i < listeners_count; i++)
		if (listeners[i] == listener)
			return true;
	return false;
}

/* At the end: gives the master the held connections that the successors take. */
static void give_to_master(void)
{
	static struct batch batch;
	bool gone[HELD_MAX] = { false };

	batch.count = batch.len = 0;
	for (size_t i = 0; i < held_count; i++)
		gone[i] = is_taken(held[i].listener) && batch_add(&batch, &held[i]);
	size_t count = batch.count;
	if (count == 0 || child_give(&batch) < 0)
		return;
	stats_add(&stats_mine->handed_off, count);
	for (size_t i = 0; i < held_count; i++)
		if (gone[i])
			held[i].fd = -1;
}

static void forget_sent(void)
{
	size_t kept = 0;

	for (size_t i = 0; i < held_count; i++)
		if (held[i].fd >= 0)
			held[kept++] = held[i];
	held_count = kept;
}

static void say_full(void)
{
	if (!said_full)
		log_alertx("all workers are full or busy: new connections wait");
	said_full = true;
}

/* Whether a worker, or a successor, may still take the connections that are held. */
static bool are_left(void)
{
	for (size_t i = 0; i < receivers_count; i++)
		if (receivers[i].inbox >= 0)
			return true;
	for (size_t i = 0; i < held_count; i++)
		if (is_taken(held[i].listener))
			return true;
	return false;
}

static void deal(void)
{
	if (quitting)
		give_to_master();
	forget_sent();
	make_plan();
	send_shares();
	forget_sent();
	if (held_count == held_limit)
		say_full();
	else if (held_count == 0)
		said_full = false;
	bool is_over = quitting && !are_left();
	if (held_count && is_over)
		log_alertx("%zu connections are closed: no worker is left", held_count);
	if (is_over || (quitting && held_count == 0))
		loop_stop();
	else if (held_count)
		timer_start(&retry, RETRY_MS);
}

static void after_turn(void *data)
{
	(void)data;
	if (held_count && !timer_is_started(&retry))
		deal();
}

static void on_retry(void *data)
{
	(void)data;
	deal();
}

static bool has_room(void)
{
	return held_count < held_limit;
}

static void take(const struct listener *listener, int fd, const union address *peer,
		 socklen_t peer_len)
{
	held[held_count++] = (struct passed_conn){
		.fd = fd, .listener = listener->id, .peer = *peer, .peer_len = peer_len,
	};
	stats_add(&stats_mine->accepted, 1);
}

static int find_receivers(void)
{
	receivers = calloc(generation->workers, sizeof(*receivers));
	if (!receivers)
		return -ENOMEM;
	for (struct process *other = table_next(NULL); other; other = table_next(other))
		if (other->generation == generation && other->kind == PROCESS_WORKER)
			receivers[receivers_count++] = (struct receiver){
				.inbox = other->inbox[1],
				.stats = other->stats,
				.limit = (uint64_t)generation->events->worker_connections,
			};
	return 0;
}

int acceptor_start(struct process *self)
{
	static struct hook hook = { .run = after_turn };
	const struct accept_rules rules = {
		.workers = 1, .many = true, .has_room = has_room, .take = take,
	};

	generation = self->generation;
	retry = (struct timer){ .expired = on_retry };
	int error = find_receivers();
	uint32_t left = privileges_files_left();
	held_limit = left < HELD_MAX ? left : HELD_MAX;
	if (error == 0) {
		loop_on_finish(&hook);
		error = accept_start(generation->listeners, &rules);
	}
	if (error == 0)
		return 0;
	log_emergc(error, "cannot wait for connections");
	return -1;
}

void acceptor_quit(void)
{
	quitting = true;
	accept_stop();
	deal();
}

void acceptor_listeners(struct str ids)
{
	free(listeners);
	listeners = malloc(ids.len + 1);
	listeners_count = listeners ? ids.len / sizeof(*listeners) : 0;
	if (listeners_count)
		memcpy(listeners, ids.data, listeners_count * sizeof(*listeners));
}

void acceptor_stop(void)
{
	loop_stop();
}

void acceptor_finish(void)
{
	timer_stop(&retry);
	for (size_t i = 0; i < held_count; i++)
		close(held[i].fd);
	held_count = 0;
	free(listeners);
	free(receivers);
}
