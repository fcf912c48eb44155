/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The steps of a connection: receive, respond, send. Each calls the files below it (h1.h)
 * and then queues another step, waits, or closes the connection.
 */
#include "http/h1/h1.h"

#include <config.h>

#include <assert.h>
#include <errno.h>

#include "http/h1/http1.h"
#include "http/h2/http2.h"

enum {
	REQUESTS_A_TURN = 16,
	BYTES_A_TURN = 512 * 1024,
	HELD_A_TURN = 64 * 1024, /* of memory that is made for this response alone */
	ONE_SEGMENT = 1200, /* bytes that leave at once, also without TCP_NODELAY */
	STEPS_IN_VAIN = 1000, /* within a second: only a defect explains more */
};

static void h1_open(struct conn *conn)
{
	struct h1 *h = h1_create(conn);

	if (!h) {
		conn_close(conn);
		return;
	}
	timer_start(&conn->timer, h->conf->client_header_timeout.ms);
	conn->protocol->receive(conn);
}

static bool h1_import(struct conn *conn, const struct conn_past *past)
{
	struct h1 *h = h1_create(conn);

	return h && h1_resume(h, past);
}

static void h1_close(struct conn *conn)
{
	h1_destroy(conn->state);
	conn->state = NULL;
}

/*
 * A connection whose steps change nothing, again and again, keeps the processor busy for
 * nothing: in debug builds that ends the worker.
 */
static void count_step(struct h1_busy *busy)
{
	uint64_t there = busy->out.queued + busy->out.sent;

	if (!SKUA_DEBUG)
		return;
	if (busy->in)
		there += busy->in->begin + busy->in->end;
	if (there != busy->seen || clock_ms() - busy->vain_since > 1000) {
		busy->seen = there;
		busy->vain_since = clock_ms();
		busy->vain_steps = 0;
	}
	busy->vain_steps++;
	assert(busy->vain_steps <= STEPS_IN_VAIN);
}

static void wait_or_close(struct h1 *h)
{
	struct conn *conn = h->conn;

	if (!h1_wait(h))
		conn_close(conn);
	else if (conn->idle && conns.export)
		conns.export(conn);
}

/* --- receive --- */

static void h1_receive(struct conn *conn)
{
	struct h1 *h = conn->state;
	struct h1_busy *busy = h->busy;

	if (h->linger_until) {
		if (!h1_linger(h))
			conn_close(conn);
		return;
	}
	if (busy)
		count_step(busy);
	if (busy && !h1_may_receive(h)) {
		conn_want(conn, conn->events & ~(uint32_t)EPOLLIN);
		job_queue(&conn->respond, STAGE_RESPOND);
		return;
	}
	if (!h1_receive_once(h))
		conn_close(conn);
}

/* --- respond --- */

/* Does one thing for a response. Returns false if nothing can be done now. */
static bool advance(struct h1 *h, int *requests)
{
	struct h1_busy *busy = h->busy;

	if (busy->is_broken || output_room(&busy->out) <= 4 ||
	    output_pending(&busy->out) >= BYTES_A_TURN || busy->out.held >= HELD_A_TURN)
		return false;
	if (busy->current)
		return h1_pull_body(busy, BYTES_A_TURN);
	if (busy->is_last || *requests == REQUESTS_A_TURN)
		return false;
	if (busy->body.kind != FRAMING_NONE)
		return h1_discard_body(busy);
	/* If connections move to other processes, another one gets the next request. */
	if (conns.export && !h->draining && busy->first)
		return false;
	++*requests;
	return h1_next_request(h);
}

/* Sends the complete responses before the broken one, as far as the socket has room, and closes. */
static void break_off(struct conn *conn)
{
	struct h1_busy *busy = ((struct h1 *)conn->state)->busy;

	if (busy->first && busy->first->is_whole) {
		output_send(&busy->out, conn, false);
		h1_finish_sent(busy);
	}
	conn_close(conn);
}

/* If the first bytes are those of HTTP/2, makes this a connection of HTTP/2, and returns true. */
static bool become_http2(struct conn *conn)
{
	struct h1 *h = conn->state;
	struct buffer *in = h->busy->in;
	bool draining = h->draining;

	if (!in || !http2_begins(conn, str_range(in->bytes + in->begin, in->bytes + in->end)))
		return false;

	struct conn_past past = {
		.deadline_ms = h->busy->awaited == AWAITED_HEAD ? h->busy->deadline :
								  h1_head_deadline(h),
		.bytes = str_range(in->bytes + in->begin, in->bytes + in->end),
	};

	buffer_ref(in);
	if (!conn_become(conn, &http2_protocol, &past))
		conn_close(conn);
	else if (draining)
		conn->protocol->drain(conn);
	buffer_unref(in);
	return true;
}

static void h1_respond(struct conn *conn)
{
	struct h1 *h = conn->state;
	struct h1_busy *busy = h->busy;
	int requests = 0;

	if (!busy || (conn->requests == 0 && become_http2(conn)))
		return;
	count_step(busy);
	busy->is_responding = true;
	h1_wake_reader(busy);
	do {
		/* If connections move, the process that takes this one responds to the rest. */
		if (conns.export && h1_is_between_requests(h) && conns.export(conn))
			return;
	} while (advance(h, &requests));
	busy->is_responding = false;
	if (busy->is_broken)
		break_off(conn);
	else if (busy->first || output_pending(&busy->out))
		job_queue(&conn->send, STAGE_SEND);
	else
		wait_or_close(h);
}

/* --- send --- */

/* Whether the step "respond" can put more into the output at once. */
static bool has_work(const struct h1_busy *busy)
{
	if (busy->current)
		return busy->current->has_head && !busy->current->reader.waits;
	return !busy->is_last && busy->in && busy->in->begin != busy->in->end;
}

/* Logs the error for the response that was being sent: the first one that is left. */
static void report_broken(const struct h1_busy *busy, int error)
{
	struct request *req = &busy->first->core.pub;
	const struct file *file = req->response.file;

	if (error == EPIPE || error == ECONNRESET)
		return;
	if (error == ENODATA && file)
		request_log(
			req, LEVEL_ERROR, 0,
			"\"%.*s\" has become shorter while it was sent, the connection is closed",
			STR_ARG(file->path));
	else
		request_log(req, LEVEL_ERROR, error, "sending failed, the connection is closed");
}

static void h1_send(struct conn *conn)
{
	struct h1 *h = conn->state;
	struct h1_busy *busy = h->busy;

	/* EPOLLOUT that was asked for may come after another step has sent all there was. */
	if (!busy)
		return;
	count_step(busy);

	bool more = busy->current && has_work(busy) && h->conf->tcp_nopush;

	/*
	 * The response must not wait until the client has acknowledged what was sent before, such
	 * as a ticket of TLS.
	 */
	if (h->conf->tcp_nodelay && (conn->requests > 1 || conn->transport ||
				     output_pending(&busy->out) > ONE_SEGMENT))
		conn_set_nodelay(conn);

	uint64_t sent = busy->out.sent;
	int result = output_send(&busy->out, conn, more);

	if (busy->out.sent != sent)
		busy->awaited = AWAITED_NOTHING;
	h1_finish_sent(busy);
	for (struct h1_request *at = busy->first; at && at->has_head; at = at->next)
		request_note_sending(&at->core);
	if (result == 0 && has_work(busy)) {
		job_queue(&conn->respond, STAGE_RESPOND);
	} else if (result == 0 || result == -EAGAIN) {
		wait_or_close(h);
	} else {
		report_broken(busy, -result);
		conn_close(conn);
	}
}

/* --- the other events --- */

static void on_expired(struct conn *conn)
{
	if (h1_has_expired(conn->state))
		conn_close(conn);
}

static void on_drain(struct conn *conn)
{
	if (!h1_drain(conn->state))
		conn_close(conn);
}

static bool is_pipelined(const struct request *req)
{
	return h1_request_of(req)->is_pipelined;
}

const struct protocol http1_protocol = {
	.name = "http/1",
	.open = h1_open,
	.import = h1_import,
	.export = h1_export,
	.receive = h1_receive,
	.respond = h1_respond,
	.send = h1_send,
	.expired = on_expired,
	.drain = on_drain,
	.close = h1_close,
	.is_pipelined = is_pipelined,
	.own_fields = h1_own_fields,
	.read_body = h1_read_body,
};
