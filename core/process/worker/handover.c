/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A sweep goes over all connections and gives away those that are between two requests, in
 * batches, as long as there is room for them. The protocol offers the other connections,
 * through conns.export, when they come to the end of a response.
 */
#include "process/worker/handover.h"

#include <errno.h>

#include "net/conn.h"
#include "net/listener.h"
#include "net/transport.h"
#include "process/ipc/channel.h"
#include "process/ipc/inbox.h"
#include "process/worker/giving.h"
#include "process/worker/master_channel.h"

enum { BATCH = 32 /* connections in a message: so that many workers get their share */ };

static struct {
	uint32_t credit; /* how many connections may be given away */
	bool leaving; /* this worker ends */
	bool is_blocked; /* the last batch was not sent: the master is behind */
	struct batch batch;
	struct conn *gathered[BATCH]; /* the connections in the batch */
} handover;

static uint32_t listener_id(const struct conn *conn)
{
	const struct transport *transport = conn->transport;

	return transport_listener_id(conn->listener->id, transport ? transport->type : NULL,
				     conn->protocol->state_name);
}

static bool may_leave(const struct conn *conn)
{
	return giving_is_taken(listener_id(conn)) && conn_is_portable(conn);
}

static void drain_all(void)
{
	conns.export = NULL;
	conn_drain_all();
}

/* --- giving away --------------------------------------------------------------------- */

/* Sends the batch. False: that has failed, and its connections are served here as before. */
static bool flush(void)
{
	size_t count = handover.batch.count;

	if (count == 0)
		return true;
	bool is_sent = giving_send(&handover.batch) == 0;
	for (size_t i = 0; i < count; i++)
		if (is_sent)
			conn_forget(handover.gathered[i]);
		else
			conn_watch(handover.gathered[i]);
	if (is_sent)
		return true;
	handover.credit += (uint32_t)count;
	batch_clear(&handover.batch);
	handover.is_blocked = true;
	if (handover.leaving)
		giving_retry();
	return false;
}

/*
 * Puts a connection into the batch. 0: flush() will send it, or has sent it. -EAGAIN: no process
 * has room for it. -EBUSY: a request or a response is in progress on it. -EMSGSIZE: its state
 * does not fit into a message. After an error the connection is unchanged.
 */
static int add(struct conn *conn)
{
	struct passed_conn passed = {
		.fd = conn->event.fd,
		.listener = listener_id(conn),
		.peer = conn->peer,
		.peer_len = conn->peer_len,
	};

	if (handover.credit == 0 || handover.is_blocked)
		return -EAGAIN;
	if (!conn_pack(conn, &passed.past))
		return -EBUSY;
	bool is_added = batch_add(&handover.batch, &passed);
	if (passed.past.transport.len) /* it may hold keys */
		explicit_bzero((char *)passed.past.transport.data, passed.past.transport.len);
	if (!is_added) {
		if (handover.batch.count == 0)
			return -EMSGSIZE;
		flush();
		return add(conn);
	}
	conn_unwatch(conn);
	handover.gathered[handover.batch.count - 1] = conn;
	handover.credit--;
	if (handover.batch.count == BATCH)
		flush();
	return 0;
}

/* Whether add() may take more connections. */
static bool has_credit(void)
{
	return handover.credit > 0 && !handover.is_blocked;
}

/* --- of a worker that ends ------------------------------------------------------------- */

/* A connection whose state does not fit into one message is drained here as well. */
static void leave(struct conn *conn)
{
	if (!may_leave(conn) || add(conn) == -EMSGSIZE)
		conn->protocol->drain(conn);
}

/* Handles all connections, also those that no other worker takes. */
static void sweep(void)
{
	conn_for_each(leave);
	flush();
}

static bool offer(struct conn *conn)
{
	if (may_leave(conn))
		add(conn);
	return has_credit();
}

/* Continues giving connections away in a worker that ends, since others may have room again. */
static void go_on(void)
{
	handover.is_blocked = false;
	if (!conns.export)
		return;
	conn_for_all(offer);
	flush();
}

/* conns.export: a connection has come to the end of a response, or begins with a request. */
static bool export_one(struct conn *conn)
{
	/* The sweep has ended those that cannot move. This one was in its handshake then. */
	if (!conn_is_portable(conn)) {
		conn->protocol->drain(conn);
		return false;
	}
	return may_leave(conn) && add(conn) == 0 && flush();
}

void handover_init(void)
{
	giving_init(go_on);
}

void handover_start(void)
{
	handover.leaving = true;
	if (giving_has_takers())
		conns.export = export_one;
	handover_again();
}

void handover_again(void)
{
	if (!handover.leaving)
		return;
	if (conns.export)
		sweep();
	else
		drain_all();
}

void handover_takers_changed(void)
{
	if (!handover.leaving)
		return;
	if (!giving_has_takers())
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
	return has_credit();
}

/*
 * A worker that does not end gives idle connections now, and reports the rest of its credit
 * as kept (MESSAGE_KEPT).
 */
void handover_give(uint32_t count)
{
	handover.is_blocked = false;
	handover.credit += count;
	if (handover.leaving) {
		go_on();
		return;
	}
	if (handover.credit)
		conn_for_idle(move);
	flush();
	if (handover.credit)
		master_channel_send(MESSAGE_KEPT, handover.credit);
	handover.credit = 0;
}

void handover_finish(void)
{
	conns.export = NULL;
	giving_finish();
}
