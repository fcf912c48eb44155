/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A sweep goes over all connections and passes on those that are between two
 * requests. What finds no receiver is tried again in a moment. Connections that
 * are busy come by themselves, through conn_export.
 */
#include "process/handover.h"

#include <errno.h>
#include <log.h>
#include <timer.h>

#include "net/conn.h"
#include "process/channel.h"
#include "process/child.h"
#include "process/heirs.h"
#include "process/passing.h"

enum {
	RETRY_MS = 5, /* when receivers are behind */
	FULL_MS = 100, /* when they have no room */
};

static struct heirs heirs;
static bool leaving;
static bool asked; /* the master has been asked who the heirs are now */
static bool said_full;
static struct timer retry;

static bool may_leave(const struct conn *conn)
{
	return heirs_know(&heirs, conn->listener->id) && conn_is_portable(conn);
}

static void leave(struct conn *conn)
{
	/* What one message does not hold is answered here, too. */
	if (!may_leave(conn) || passing_add(conn) == -EMSGSIZE)
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

static bool all_are_full(void)
{
	for (size_t i = 0; i < heirs.count; i++)
		if (!receiver_is_full(&heirs.receivers[i]))
			return false;
	return true;
}

static void say_full(void)
{
	if (!said_full)
		log_warnx("all new workers are full: %u connections stay with this one until "
			  "there is room; worker_connections says how many a worker takes",
			  conn_counts.active);
	said_full = true;
}

static void try_later(void)
{
	bool full = all_are_full();

	timer_start(&retry, full ? FULL_MS : RETRY_MS);
	if (!heirs_are_left(&heirs))
		ask_for_heirs();
	else if (full)
		say_full();
}

static void sweep(void)
{
	passing_begin(heirs.receivers, heirs.count);
	conn_for_each(leave);
	if (passing_end())
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
	if (!may_leave(conn))
		return false;
	int gone = passing_one(heirs.receivers, heirs.count, conn);
	if (gone == 0 && !timer_is_started(&retry))
		timer_start(&retry, RETRY_MS);
	return gone > 0;
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
	/* Counters alone say nothing: heirs follow. */
	bool says_all = message->type == MESSAGE_HEIRS;

	asked = asked && !says_all;
	if (heirs_receive(&heirs, message) < 0 || !leaving || !says_all)
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
