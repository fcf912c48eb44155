/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A sweep goes over all connections and gives away those that are between two requests,
 * in batches, as long as there is room for them. Connections that are busy come by
 * themselves, through conns.export.
 */
#include "process/worker/handover.h"

#include <errno.h>
#include <stdlib.h>
#include <timer.h>

#include "base/stats.h"
#include "net/conn.h"
#include "process/ipc/channel.h"
#include "process/worker/child.h"
#include "process/ipc/inbox.h"

enum {
	RETRY_MS = 5, /* when the master is behind */
	BATCH = 32, /* connections in a message: so that many workers get their share */
};

static uint32_t *listeners; /* ids of the listeners whose connections other workers take */
static size_t listeners_count;
static uint32_t credit; /* connections that may be given away */
static bool leaving;
static bool is_blocked; /* the last batch was not sent */
static struct timer retry;
static struct batch batch;
static struct conn *gathered[BATCH]; /* the connections in it */

static bool is_taken(uint32_t listener)
{
	for (size_t i = 0; i < listeners_count; i++)
		if (listeners[i] == listener)
			return true;
	return false;
}

static bool may_leave(const struct conn *conn)
{
	return is_taken(conn->listener->id) && conn_is_portable(conn);
}

static void drain_all(void)
{
	conns.export = NULL;
	timer_stop(&retry);
	conn_drain_all();
}

/* --- giving away --------------------------------------------------------------------- */

static void take_back(void)
{
	for (size_t i = 0; i < batch.count; i++)
		conn_watch(gathered[i]);
	credit += (uint32_t)batch.count;
	batch.count = batch.len = 0;
}

/* False: nothing was sent, and all is as before. */
static bool flush(void)
{
	size_t count = batch.count;

	if (count == 0)
		return true;
	if (child_give(&batch) < 0) {
		take_back();
		is_blocked = true;
		if (leaving)
			timer_start(&retry, RETRY_MS);
		return false;
	}
	stats_add(&stats_mine->handed_off, count);
	for (size_t i = 0; i < count; i++)
		conn_forget(gathered[i]);
	return true;
}

/*
 * 0: it is in the batch, which flush() sends, or was sent with it already. -EAGAIN:
 * there is no room for it. -EBUSY: something is under way on it. -EMSGSIZE: no message
 * holds what belongs to it. After an error it is as before.
 */
static int add(struct conn *conn)
{
	struct passed_conn passed = {
		.fd = conn->event.fd,
		.listener = conn->listener->id,
		.peer = conn->peer,
		.peer_len = conn->peer_len,
	};

	if (credit == 0 || is_blocked)
		return -EAGAIN;
	if (!conn_pack(conn, &passed.past))
		return -EBUSY;
	if (!batch_add(&batch, &passed)) {
		if (batch.count == 0)
			return -EMSGSIZE;
		flush();
		return add(conn);
	}
	conn_unwatch(conn);
	gathered[batch.count - 1] = conn;
	credit--;
	if (batch.count == BATCH)
		flush();
	return 0;
}

/* --- of a worker that ends ------------------------------------------------------------- */

/* A connection whose state does not fit into one message is drained here as well. */
static void leave(struct conn *conn)
{
	if (!may_leave(conn) || add(conn) == -EMSGSIZE)
		conn->protocol->drain(conn);
}

/* Goes over all connections, also those that no other worker takes. */
static void sweep(void)
{
	conn_for_each(leave);
	flush();
}

static bool offer(struct conn *conn)
{
	if (may_leave(conn))
		add(conn);
	return credit > 0 && !is_blocked;
}

/* There is room again. */
static void go_on(void)
{
	is_blocked = false;
	conn_for_all(offer);
	flush();
}

static void on_retry(void *data)
{
	(void)data;
	if (conns.export)
		go_on();
}

/* conns.export: a connection has come to the end of an answer, or begins with a request. */
static bool export_one(struct conn *conn)
{
	return may_leave(conn) && add(conn) == 0 && flush();
}

void handover_start(void)
{
	leaving = true;
	retry = (struct timer){ .expired = on_retry };
	if (!listeners_count) {
		drain_all();
		return;
	}
	conns.export = export_one;
	sweep();
}

void handover_again(void)
{
	if (!leaving)
		return;
	if (conns.export)
		sweep();
	else
		drain_all();
}

void handover_listeners(struct str ids)
{
	free(listeners);
	listeners = malloc(ids.len + 1);
	listeners_count = listeners ? ids.len / sizeof(*listeners) : 0;
	if (listeners_count)
		memcpy(listeners, ids.data, listeners_count * sizeof(*listeners));
	if (!leaving)
		return;
	if (!listeners_count)
		drain_all();
	else if (conns.export)
		sweep();
}

/* --- of one that has more than others --------------------------------------------------- */

/*
 * A connection without a request so far is new, and its first request will come in a
 * moment: it stays. Connections that have had requests are given away.
 */
static bool move(struct conn *conn)
{
	if (conn->requests)
		add(conn);
	return credit > 0 && !is_blocked;
}

/* Gives idle connections now; reports the rest of the credit as kept (MESSAGE_KEPT). */
static void give_idle(void)
{
	if (credit)
		conn_for_idle(move);
	flush();
	if (credit)
		child_tell(MESSAGE_KEPT, credit);
	credit = 0;
}

void handover_give(uint32_t count)
{
	is_blocked = false;
	credit += count;
	if (!leaving)
		give_idle();
	else if (conns.export)
		go_on();
}

void handover_finish(void)
{
	conns.export = NULL;
	timer_stop(&retry);
	free(listeners);
	listeners = NULL;
	listeners_count = 0;
}
