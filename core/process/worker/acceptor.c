/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Collects the connections that it has accepted in this turn of the loop, plans by the counters
 * of the workers which worker gets which connection, and sends each worker its share in one
 * message. Connections that could not be sent are kept and planned again.
 */
#include "process/worker/acceptor.h"

#include <errno.h>
#include <log.h>
#include <stdlib.h>
#include <unistd.h>

#include "process/handoff/accept.h"
#include "process/handoff/receiver.h"
#include "process/ipc/channel.h"
#include "process/ipc/inbox.h"
#include "process/sandbox/privileges.h"
#include "process/server/generation.h"
#include "process/server/table.h"
#include "process/worker/giving.h"
#include "stats/stats.h"

enum {
	HELD_MAX = CHANNEL_FDS, /* accepted connections that are not sent yet, at most */
};

static struct {
	struct receiver *receivers; /* the workers of its generation */
	size_t receivers_count;
	struct passed_conn held[HELD_MAX]; /* fd -1: it was sent */
	struct receiver *plan[HELD_MAX]; /* the worker for each of them; NULL: none has room */
	size_t held_count, held_limit;
	bool quitting;
	bool logged_full; /* the log says that all workers are full */
} acceptor;

/* Sends a worker its share of the plan; on failure the connections stay held. */
static void send_share(struct receiver *receiver)
{
	static struct batch batch;

	batch.count = batch.len = 0;
	for (size_t i = 0; i < acceptor.held_count; i++)
		if (acceptor.plan[i] == receiver)
			batch_add(&batch, &acceptor.held[i]);
	int error = receiver_send(receiver, &batch);
	receiver->planned = 0;
	if (error < 0)
		return;
	for (size_t i = 0; i < acceptor.held_count; i++)
		if (acceptor.plan[i] == receiver)
			acceptor.held[i].fd = -1;
}

/* Gives as many of the held connections as possible to the workers. */
static void share_out(void)
{
	struct receiver *receivers = acceptor.receivers;

	for (size_t i = 0; i < acceptor.held_count; i++) {
		acceptor.plan[i] = receiver_choose(receivers, acceptor.receivers_count, true);
		if (acceptor.plan[i])
			acceptor.plan[i]->planned++;
	}
	for (size_t i = 0; i < acceptor.receivers_count; i++)
		if (receivers[i].planned)
			send_share(&receivers[i]);
	receivers_unblock(receivers, acceptor.receivers_count);
}

/* At the end: gives the master the held connections that the successors take. */
static void give_to_master(void)
{
	static struct batch batch;
	bool batched[HELD_MAX] = { false };

	batch.count = batch.len = 0;
	for (size_t i = 0; i < acceptor.held_count; i++)
		batched[i] = giving_is_taken(acceptor.held[i].listener) &&
			  batch_add(&batch, &acceptor.held[i]);
	if (batch.count == 0 || giving_send(&batch) < 0)
		return;
	for (size_t i = 0; i < acceptor.held_count; i++)
		if (batched[i])
			acceptor.held[i].fd = -1;
}

static void forget_sent(void)
{
	size_t kept = 0;

	for (size_t i = 0; i < acceptor.held_count; i++)
		if (acceptor.held[i].fd >= 0)
			acceptor.held[kept++] = acceptor.held[i];
	acceptor.held_count = kept;
}

/* Whether a worker, or a successor, may still take connections that are held. */
static bool are_takers_left(void)
{
	for (size_t i = 0; i < acceptor.receivers_count; i++)
		if (acceptor.receivers[i].inbox >= 0)
			return true;
	for (size_t i = 0; i < acceptor.held_count; i++)
		if (giving_is_taken(acceptor.held[i].listener))
			return true;
	return false;
}

static void deal(void)
{
	if (acceptor.quitting)
		give_to_master();
	forget_sent();
	share_out();
	forget_sent();
	size_t held = acceptor.held_count;
	if (held == acceptor.held_limit && !acceptor.logged_full) {
		log_alertx("all workers are full or busy: new connections wait");
		acceptor.logged_full = true;
	} else if (held == 0) {
		acceptor.logged_full = false;
	}
	bool is_over = acceptor.quitting && !are_takers_left();
	if (held && is_over)
		log_alertx("%zu connections are closed: no worker is left", held);
	if (is_over || (acceptor.quitting && held == 0))
		loop_stop();
	else if (held)
		giving_retry();
}

static void after_turn(void *data)
{
	(void)data;
	if (acceptor.held_count && !giving_waits())
		deal();
}

static bool has_room(void)
{
	return acceptor.held_count < acceptor.held_limit;
}

static void take(const struct listener *listener, int fd, const union address *peer,
		 socklen_t peer_len)
{
	acceptor.held[acceptor.held_count++] = (struct passed_conn){
		.fd = fd, .listener = listener->id, .peer = *peer, .peer_len = peer_len,
	};
	stats_add(&stats_mine->accepted, 1);
}

static int find_receivers(const struct generation *generation)
{
	acceptor.receivers = calloc(generation->workers, sizeof(*acceptor.receivers));
	if (!acceptor.receivers)
		return -ENOMEM;
	for (struct process *other = table_next(NULL); other; other = table_next(other))
		if (other->generation == generation && other->kind == PROCESS_WORKER)
			acceptor.receivers[acceptor.receivers_count++] = (struct receiver){
				.inbox = other->inbox[1],
				.stats = other->stats,
				.limit = (uint64_t)generation->events->worker_connections,
			};
	return 0;
}

static int start(struct process *self)
{
	static struct hook hook = { .run = after_turn };
	const struct accept_rules rules = {
		.workers = 1, .many = true, .has_room = has_room, .take = take,
	};

	giving_init(deal);
	uint32_t left = privileges_files_left();
	acceptor.held_limit = left < HELD_MAX ? left : HELD_MAX;
	int error = find_receivers(self->generation);
	if (error == 0) {
		loop_on_finish(&hook);
		error = accept_start(self->generation->listeners, &rules);
	}
	if (error < 0)
		log_emergc(error, "cannot wait for connections");
	return error;
}

static void quit(void)
{
	acceptor.quitting = true;
	accept_stop();
	deal();
}

static void finish(void)
{
	giving_finish();
	for (size_t i = 0; i < acceptor.held_count; i++)
		close(acceptor.held[i].fd);
	acceptor.held_count = 0;
	free(acceptor.receivers);
}

const struct child_ops acceptor_ops = {
	.start = start,
	.quit = quit,
	.stop = loop_stop,
	.finish = finish,
};
