/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A sweep goes over all connections and sends those that are between two
 * requests, in batches, each batch to the receiver with least to do. What finds
 * no receiver is watched again and tried in a moment. Connections that are busy
 * come by themselves, through conn_export.
 *
 *     pack ─> out of epoll ─> batch ─> sent: forgotten here
 *                               └────> not sent: back into epoll
 */
#include "process/handover.h"

#include <errno.h>
#include <log.h>
#include <timer.h>

#include "base/stats.h"
#include "net/conn.h"
#include "process/channel.h"
#include "process/child.h"
#include "process/heirs.h"
#include "process/inbox.h"

enum {
	BATCH = 32, /* connections in a message: so that many receivers get their share */
	RETRY_MS = 5,
};

static struct heirs heirs;
static bool leaving;
static bool asked; /* the master has been asked who the heirs are now */
static bool said_full;
static struct timer retry;

static struct batch batch;
static struct conn *gathered[BATCH];
static struct receiver *target; /* of what is gathered */
static unsigned refused; /* connections that found no receiver in this sweep */

static bool may_leave(const struct conn *conn)
{
	return heirs_know(&heirs, conn->listener->id) && conn_is_portable(conn);
}

static void take_back(void)
{
	refused += (unsigned)batch.count;
	for (size_t i = 0; i < batch.count; i++)
		conn_watch(gathered[i]);
	batch.count = batch.len = 0;
}

static void forget_gathered(size_t count)
{
	for (size_t i = 0; i < count; i++)
		conn_forget(gathered[i]);
}

/* Sends what is gathered, if not to its target then to another one. */
static void flush(void)
{
	while (batch.count) {
		size_t count = batch.count;

		if (!target) {
			take_back();
			return;
		}
		int error = receiver_send(target, &batch);
		target->planned = 0;
		if (error == 0) {
			target = NULL;
			forget_gathered(count);
			return;
		}
		if (error != -EAGAIN && error != -ETOOMANYREFS && error != -EPIPE) {
			errno = -error;
			log_alert("cannot pass connections to a worker, trying another one");
		}
		target = receiver_choose(heirs.receivers, heirs.count, false);
	}
	if (target)
		target->planned = 0;
	target = NULL;
}

static void gather(struct conn *conn)
{
	struct passed_conn passed = {
		.fd = conn->event.fd,
		.listener = conn->listener->id,
		.peer = conn->peer,
		.peer_len = conn->peer_len,
	};

	if (!conn_pack(conn, &passed.past))
		return;
	if (!target)
		target = receiver_choose(heirs.receivers, heirs.count, false);
	if (!target) {
		refused++;
		return;
	}
	if (!batch_add(&batch, &passed)) {
		/* What one message does not hold is answered here. */
		if (batch.count == 0) {
			conn->protocol->drain(conn);
			return;
		}
		flush();
		gather(conn);
		return;
	}
	conn_unwatch(conn);
	gathered[batch.count - 1] = conn;
	target->planned++;
	if (batch.count == BATCH || !receiver_can_take(target, false))
		flush();
}

static void leave(struct conn *conn)
{
	if (may_leave(conn))
		gather(conn);
	else
		conn->protocol->drain(conn);
}

static void drain_all(void)
{
	conn_export = NULL;
	timer_stop(&retry);
	conn_drain_all();
}

/* Those that the master has named have ended themselves. */
static void ask_for_heirs(void)
{
	if (asked)
		return;
	int error = child_ask(MESSAGE_HEIRS);
	asked = error == 0;
	if (error == -EPIPE)
		drain_all();
}

static void say_full(void)
{
	for (size_t i = 0; i < heirs.count; i++)
		if (!receiver_is_full(&heirs.receivers[i]))
			return;
	if (!said_full)
		log_warnx("all new workers are full: %u connections stay with this one until "
			  "there is room; worker_connections says how many a worker takes",
			  conn_counts.active);
	said_full = true;
}

static void try_later(void)
{
	timer_start(&retry, RETRY_MS);
	if (heirs_are_left(&heirs))
		say_full();
	else
		ask_for_heirs();
}

static void sweep(void)
{
	refused = 0;
	receivers_unblock(heirs.receivers, heirs.count);
	conn_for_each(leave);
	flush();
	if (refused)
		try_later();
}

static void on_retry(void *data)
{
	(void)data;
	sweep();
}

/* conn_export: a connection has come to the end of an answer, or begins with a request. */
static bool export_one(struct conn *conn)
{
	uint64_t before = stats_get(&stats_mine->handed_off);

	if (!may_leave(conn))
		return false;
	refused = 0;
	receivers_unblock(heirs.receivers, heirs.count);
	gather(conn);
	flush();
	if (refused && !timer_is_started(&retry))
		try_later();
	return stats_get(&stats_mine->handed_off) != before;
}

void handover_start(void)
{
	leaving = true;
	retry = (struct timer){ .expired = on_retry };
	if (!heirs_are_left(&heirs)) {
		drain_all();
		return;
	}
	conn_export = export_one;
	sweep();
}

void handover_again(void)
{
	if (!leaving)
		return;
	if (conn_export)
		sweep();
	else
		drain_all();
}

void handover_heirs(struct message *message)
{
	asked = false;
	if (heirs_receive(&heirs, message) < 0 || !leaving)
		return;
	if (!heirs_are_left(&heirs))
		drain_all();
	else if (conn_export)
		sweep();
}

void handover_finish(void)
{
	conn_export = NULL;
	timer_stop(&retry);
	heirs_forget(&heirs);
}
