/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * HTTP/1.0 and 1.1 on a connection (RFC 9112): its steps. Each of them is followed by
 * another one that is queued, or by h1_wait(). h1.h tells the way through the files.
 */
#include "http/h1/h1.h"

#include <config.h>

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>

#include "http/h1/http1.h"
#include "http/routing/routing.h"

enum {
	ANSWERS_A_TURN = 16,
	BYTES_A_TURN = 512 * 1024,
	HELD_A_TURN = 64 * 1024, /* of memory that is made for this answer alone */
	LEAST_ROOM = 512, /* of the buffer, to read into */
	ONE_SEGMENT = 1200, /* bytes that leave at once, also without TCP_NODELAY */
	STEPS_IN_VAIN =
		1000, /* within a second: more than any reason but a fault of ours explains */
};

struct h1 *h1_begin(struct conn *conn)
{
	struct h1 *h = calloc(1, sizeof(*h));

	conn->state = h;
	if (!h) {
		conn_close(conn);
		return NULL;
	}
	h->conn = conn;
	h->conf = vhosts_default(http_vhosts(conn))->top->core;
	conn_set_idle(conn, true);
	return h;
}

static void h1_open(struct conn *conn)
{
	struct h1 *h = h1_begin(conn);

	if (!h)
		return;
	timer_start(&conn->timer, h->conf->client_header_timeout.ms);
	conn->protocol->receive(conn);
}

static void h1_close(struct conn *conn)
{
	struct h1 *h = conn->state;

	if (h)
		h1_exchange_release(h, 499);
	free(h);
	conn->state = NULL;
}

/*
 * A connection whose steps change nothing, again and again, spins: in debug builds
 * that ends the worker.
 */
static void count_step(struct exchange *ex)
{
	uint64_t there = ex->out.queued + ex->out.sent;

	if (!SKUA_DEBUG)
		return;
	if (ex->in)
		there += ex->in->begin + ex->in->end;
	if (there != ex->seen || clock_ms() - ex->vain_since > 1000) {
		ex->seen = there;
		ex->vain_since = clock_ms();
		ex->vain_steps = 0;
	}
	ex->vain_steps++;
	assert(ex->vain_steps <= STEPS_IN_VAIN);
}

/* --- receive --- */

static bool make_room(struct exchange *ex, const struct http_conf *conf)
{
	if (!ex->in) {
		ex->in = buffer_create((size_t)conf->client_header_buffer_size.bytes);
		return ex->in != NULL;
	}
	if (ex->in->capacity - ex->in->end >= LEAST_ROOM)
		return true;

	/* Twice as much each time: bytes that drip are copied a few times, not with each one. */
	size_t held = ex->in->end - ex->in->begin;
	struct buffer *buffer = buffer_make_room(ex->in, held > LEAST_ROOM ? held : LEAST_ROOM);

	if (buffer)
		ex->in = buffer;
	return buffer != NULL;
}

void h1_received(struct h1 *h, size_t n)
{
	struct exchange *ex = h->ex;

	if (ex->in->begin == ex->in->end)
		ex->head_began_ms = clock_wall_ms();
	ex->in->end += n;
	conn_set_idle(h->conn, false);
	job_queue(&h->conn->respond, STAGE_RESPOND);
}

/* Retrying in the next turn would fail with the same error. */
static bool end_for_memory(void)
{
	static int64_t said_ms;

	if (clock_is_due(&said_ms, SHORTAGE_LOG_MS))
		log_alertx("connection closed: no memory for what it sends");
	return false;
}

bool h1_receive_once(struct h1 *h)
{
	struct conn *conn = h->conn;

	if (!h->ex)
		h->ex = h1_exchange_get();

	struct exchange *ex = h->ex;

	if (!ex || !make_room(ex, h->conf))
		return end_for_memory();

	ssize_t n = conn_receive(conn, ex->in->bytes + ex->in->end, ex->in->capacity - ex->in->end);

	if (n > 0) {
		h1_received(h, (size_t)n);
	} else if (n == 0 && !conn->idle) {
		ex->eof = true;
		conn_want(conn, conn->events & ~(uint32_t)EPOLLIN);
		job_queue(&conn->respond, STAGE_RESPOND);
	} else if (n == -EAGAIN || n == -EINTR) {
		if (conn->idle)
			h1_exchange_release(h, 499);
	} else {
		return false;
	}
	return true;
}

static void h1_receive(struct conn *conn)
{
	struct h1 *h = conn->state;
	struct exchange *ex = h->ex;

	if (h->linger_until) {
		h1_linger(h);
		return;
	}
	if (ex)
		count_step(ex);
	if (ex && !h1_may_receive(h)) {
		conn_want(conn, conn->events & ~(uint32_t)EPOLLIN);
		job_queue(&conn->respond, STAGE_RESPOND);
		return;
	}
	if (!h1_receive_once(h))
		conn_close(conn);
}

/* --- respond --- */

static bool may_answer(const struct exchange *ex, int answers)
{
	return !ex->broken && (ex->current || answers < ANSWERS_A_TURN) &&
	       output_room(&ex->out) > 4 && output_pending(&ex->out) < BYTES_A_TURN &&
	       ex->out.held < HELD_A_TURN;
}

/* The body of the last request comes before the next one. */
static enum discard skip_body(struct exchange *ex)
{
	if (ex->in && ex->in->begin != ex->in->end)
		ex->awaited = AWAITED_NOTHING;

	enum discard result = discard_read(ex);

	if (result == DISCARD_BAD)
		ex->last_answer = true;
	return result;
}

/* One step towards an answer. False: nothing can be done at the moment. */
static bool advance(struct h1 *h, int *answers)
{
	struct exchange *ex = h->ex;

	if (ex->current)
		return h1_pull(ex, BYTES_A_TURN);
	if (ex->last_answer)
		return false;
	if (ex->body.kind != FRAMING_NONE)
		return skip_body(ex) == DISCARD_DONE;
	/* The process ends: what comes behind this answer is for the next one. */
	if (conns.export && !h->draining && ex->first)
		return false;
	if (h1_next_request(h) == NEXT_NONE)
		return false;
	++*answers;
	return true;
}

static void h1_respond(struct conn *conn)
{
	struct h1 *h = conn->state;
	struct exchange *ex = h->ex;
	int answers = 0;

	if (!ex)
		return;
	count_step(ex);
	ex->is_responding = true;
	do {
		/* The process ends: who takes the connection answers what has come. */
		if (conns.export && h1_is_between_requests(h) && conns.export(conn))
			return;
	} while (may_answer(ex, answers) && advance(h, &answers));
	ex->is_responding = false;
	if (ex->broken)
		conn_close(conn);
	else if (ex->first || output_pending(&ex->out))
		job_queue(&conn->send, STAGE_SEND);
	else
		h1_wait(h);
}

/* --- send --- */

static void set_nodelay(struct conn *conn)
{
	int one = 1;

	if (conn->nodelay || conn->peer.any.sa_family == AF_UNIX)
		return;
	setsockopt(conn->event.fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	conn->nodelay = true;
}

/* Something more can be put into the output at once. */
static bool has_work(const struct exchange *ex)
{
	if (ex->current)
		return ex->current->answered && !ex->current->body_waits;
	return !ex->last_answer && ex->in && ex->in->begin != ex->in->end;
}

/* Of the answer that was being sent, the first that is left. */
static void report_broken(const struct exchange *ex, int error)
{
	struct request *req = &ex->first->pub;
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
	struct exchange *ex = h->ex;

	/* Room that was waited for, told of after something else has sent it all. */
	if (!ex)
		return;
	count_step(ex);

	bool more = ex->current && has_work(ex) && h->conf->tcp_nopush;

	if (h->conf->tcp_nodelay && (conn->requests > 1 || output_pending(&ex->out) > ONE_SEGMENT))
		set_nodelay(conn);

	uint64_t sent = ex->out.sent;
	int result = output_send(&ex->out, conn, more);

	if (ex->out.sent != sent)
		ex->awaited = AWAITED_NOTHING;
	h1_finish_sent(ex);
	if (result == 0 && has_work(ex)) {
		job_queue(&conn->respond, STAGE_RESPOND);
	} else if (result == 0 || result == -EAGAIN) {
		h1_wait(h);
	} else {
		report_broken(ex, -result);
		conn_close(conn);
	}
}

const struct protocol http1_protocol = {
	.name = "http/1",
	.open = h1_open,
	.import = h1_import,
	.export = h1_export,
	.receive = h1_receive,
	.respond = h1_respond,
	.send = h1_send,
	.expired = h1_expired,
	.drain = h1_drain,
	.close = h1_close,
};
