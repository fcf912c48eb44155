/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The steps of a connection: receive, respond, send. Each calls the files below it (h2.h) and
 * then queues another step, waits, or closes the connection.
 */
#include "http/h2/h2.h"

#include <errno.h>

#include "http/conf/http.h"
#include "http/h2/http2.h"

enum { PREFACE_LEAST = 4 }; /* "PRI ": no other request begins in this way */

bool http2_begins(struct conn *conn, struct str bytes)
{
	struct str protocol = conn_protocol(conn);
	struct str begin = str_head(STR(H2_PREFACE), bytes.len);

	if (protocol.data)
		return str_eq(protocol, STR("h2"));
	return bytes.len >= PREFACE_LEAST && str_starts(bytes, begin) && http_has_http2(conn);
}

static void wait_or_close(struct h2 *h2)
{
	struct conn *conn = h2->conn;

	if (!h2_wait(h2))
		conn_close(conn);
	else if (conn->idle && conns.export)
		conns.export(conn);
}

/* The bytes that came to HTTP/1 are the beginning of the client's preface. */
static bool begin(struct h2 *h2, const struct conn_past *past)
{
	struct conn *conn = h2->conn;
	struct h2_busy *busy = h2_become_busy(h2);

	if (!busy)
		return false;
	busy->in = buffer_create(past->bytes.len);
	if (!busy->in)
		return false;
	str_put(busy->in->bytes, past->bytes);
	busy->input_deadline = past->deadline_ms;
	conn_set_nodelay(conn);
	conn_limit_unsent(conn, H2_QUEUED_MAX);
	h2_put_settings(h2);
	h2_received(h2, past->bytes.len);
	return true;
}

static bool h2_import(struct conn *conn, const struct conn_past *past)
{
	struct h2 *h2 = h2_create(conn);

	if (!h2)
		return false;
	return past->is_switched ? h2_resume(h2, past) : begin(h2, past);
}

static void h2_close(struct conn *conn)
{
	h2_destroy(conn->state);
	conn->state = NULL;
}

/* --- the steps --- */

static void h2_receive(struct conn *conn)
{
	struct h2 *h2 = conn->state;

	if (h2->linger_until) {
		if (!h2_linger(h2))
			conn_close(conn);
		return;
	}
	if (h2->busy && !h2_may_receive(h2)) {
		conn_want(conn, conn->events & ~(uint32_t)EPOLLIN);
		job_queue(&conn->respond, STAGE_RESPOND);
		return;
	}
	if (!h2_receive_once(h2))
		conn_close(conn);
}

static void h2_respond(struct conn *conn)
{
	struct h2 *h2 = conn->state;
	struct h2_busy *busy = h2->busy;

	if (!busy)
		return;
	/* Connections move: the process that takes this one reads what has come. */
	if (conns.export && h2_is_between_requests(h2) && conns.export(conn))
		return;

	bool was_busy = busy->count > 0;
	uint32_t last = h2->last_stream;

	busy->is_responding = true;
	do {
		while (h2_read_frame(h2))
			continue;
		while (h2_move_piece(h2))
			continue;
		h2_put_owed(h2);
	} while (busy->input_waits && h2_has_room(busy));
	/* It cannot move as long as requests follow each other without a pause. */
	if (conns.export && was_busy && h2->last_stream != last)
		h2->drain_is_wanted = true;
	if (h2->drain_is_wanted && h2_has_room(busy))
		h2_begin_drain(h2);
	busy->is_responding = false;
	h2_finish_sent(h2);
	if (output_pending(&busy->out))
		job_queue(&conn->send, STAGE_SEND);
	else
		wait_or_close(h2);
}

/* Logs the error for the file that has become shorter; which response it was of is not known. */
static void report_broken(const struct h2 *h2, int error)
{
	if (error == EPIPE || error == ECONNRESET)
		return;
	log_write(log_process, LEVEL_ERROR, error == ENODATA ? 0 : error, h2->conn->number,
		  "%s, the connection is closed",
		  error == ENODATA ? "a file has become shorter while it was sent" :
				     "sending failed");
}

/* Responses that are complete, and have no head in the output yet or have not left it. */
static void note_sending(struct h2_busy *busy)
{
	struct list *at;

	for (at = busy->heads_and_ends.next; at != &busy->heads_and_ends; at = at->next)
		request_note_sending(&list_item(at, struct h2_stream, ready)->core);
	for (at = busy->leaving.next; at != &busy->leaving; at = at->next)
		request_note_sending(&list_item(at, struct h2_stream, link)->core);
}

static void h2_send(struct conn *conn)
{
	struct h2 *h2 = conn->state;
	struct h2_busy *busy = h2->busy;
	uint64_t sent;
	int result;

	if (!busy)
		return;
	sent = busy->out.sent;
	result = output_send(&busy->out, conn, false);
	if (busy->out.sent != sent)
		busy->send_deadline = 0;
	h2_finish_sent(h2);
	note_sending(busy);
	if (result == 0 && (h2_has_pieces(h2) || busy->input_waits || busy->owes_frames)) {
		job_queue(&conn->respond, STAGE_RESPOND);
	} else if (result == 0 || result == -EAGAIN) {
		wait_or_close(h2);
	} else {
		report_broken(h2, -result);
		conn_close(conn);
	}
}

/* --- the other events --- */

static void on_expired(struct conn *conn)
{
	if (h2_has_expired(conn->state))
		conn_close(conn);
}

/*
 * The worker stops. The client learns of it, may still begin streams for a round trip, and those
 * that have begun are served.
 */
static void on_drain(struct conn *conn)
{
	struct h2 *h2 = conn->state;

	if (h2->linger_until || h2->draining)
		return;
	if (!h2_become_busy(h2)) {
		conn_close(conn);
		return;
	}
	conn_set_idle(conn, false);
	h2->drain_is_wanted = true;
	job_queue(&conn->respond, STAGE_RESPOND);
}

static bool is_pipelined(const struct request *req)
{
	(void)req;
	return false;
}

const struct protocol http2_protocol = {
	.name = "http/2",
	.state_name = HTTP2_STATE,
	.import = h2_import,
	.export = h2_export,
	.receive = h2_receive,
	.respond = h2_respond,
	.send = h2_send,
	.expired = on_expired,
	.drain = on_drain,
	.close = h2_close,
	.is_pipelined = is_pipelined,
	.read_body = h2_read_body,
};
