/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * HTTP/1.0 and 1.1 on a connection (RFC 9112): when to read, what to answer
 * next, how long to wait, how to end. h1.h tells the way through the files.
 */
#include "http/h1.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>

#include "http/h1_answer.h"
#include "http/phases.h"
#include "http/routing.h"

enum {
	ANSWERS_A_TURN = 16,
	BYTES_A_TURN = 512 * 1024,
	LEAST_ROOM = 512, /* of the buffer, to read into */
	SPARE_EXCHANGES = 64,
	ONE_SEGMENT = 1200, /* bytes that leave at once, also without TCP_NODELAY */
};

static struct exchange *spare;
static int spare_count;

static struct exchange *exchange_get(void)
{
	struct exchange *ex = spare;

	if (ex) {
		spare = ex->next;
		spare_count--;
	} else {
		ex = calloc(1, sizeof(*ex));
		if (!ex)
			return NULL;
	}
	ex->end = &ex->first;
	return ex;
}

/* The ring of the output needs no clearing: its count says what is in it. */
static void exchange_put(struct exchange *ex)
{
	buffer_unref(ex->in);
	output_finish(&ex->out);
	if (spare_count == SPARE_EXCHANGES) {
		free(ex);
		return;
	}
	ex->in = NULL;
	ex->scan = (struct head_scan){ 0 };
	ex->out.first = ex->out.count = 0;
	ex->out.queued = ex->out.sent = 0;
	ex->first = ex->current = NULL;
	ex->body.kind = FRAMING_NONE;
	ex->body_bytes = ex->body_limit = 0;
	ex->head_began_ms = ex->head_deadline = 0;
	ex->line_is_checked = ex->last_answer = ex->eof = ex->broken = false;
	ex->next = spare;
	spare = ex;
	spare_count++;
}

/* --- opening, waiting, ending --- */

/* NULL: the connection is closed. */
static struct h1 *begin(struct conn *conn)
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
	struct h1 *h = begin(conn);

	if (!h)
		return;
	timer_start(&conn->timer, h->conf->client_header_timeout.ms);
	conn->protocol->receive(conn);
}

static void release_exchange(struct h1 *h, int status)
{
	if (!h->ex)
		return;
	h1_abandon(h->ex, status);
	exchange_put(h->ex);
	h->ex = NULL;
}

static void h1_close(struct conn *conn)
{
	struct h1 *h = conn->state;

	if (h)
		release_exchange(h, 499);
	free(h);
	conn->state = NULL;
}

/* Nothing is under way: the exchange goes, the connection waits for its next request. */
static void become_idle(struct h1 *h)
{
	release_exchange(h, 499);
	if (h->draining) {
		conn_close(h->conn);
		return;
	}
	conn_set_idle(h->conn, true);
	if (h->conn->requests)
		h->conn->stays_until = clock_ms() + h->conf->keepalive_min_timeout.ms;
	timer_start(&h->conn->timer, h->conn->requests ? h->conf->keepalive_timeout.ms
						       : h->conf->client_header_timeout.ms);
	if (conn_export)
		conn_export(h->conn);
}

/*
 * The last answer has left. If the client is still sending, closing now would
 * make its kernel throw the answer away with a reset: so our side is closed
 * and what comes is read until the client ends, or for lingering_time.
 */
static void end_connection(struct h1 *h)
{
	struct exchange *ex = h->ex;
	const struct http_conf *conf = h->conf;
	bool is_sending = ex->body.kind != FRAMING_NONE || (ex->in && ex->in->begin != ex->in->end);

	if (ex->eof || conf->lingering_close == LINGER_OFF ||
	    (conf->lingering_close == LINGER_ON && !is_sending) ||
	    shutdown(h->conn->event.fd, SHUT_WR) < 0) {
		conn_close(h->conn);
		return;
	}
	release_exchange(h, 499);
	h->conn->end_sent = true;
	h->linger_until = clock_ms() + conf->lingering_time.ms;
	conn_want(h->conn, EPOLLIN | EPOLLRDHUP);
	timer_start(&h->conn->timer, conf->lingering_timeout.ms);
}

static void linger(struct h1 *h)
{
	static char nowhere[16384];
	ssize_t n = conn_receive(h->conn, nowhere, sizeof(nowhere));
	int64_t left = h->linger_until - clock_ms();

	if (n == -EAGAIN)
		return;
	if (n <= 0 || left <= 0) {
		conn_close(h->conn);
		return;
	}
	timer_start(&h->conn->timer,
		    left < h->conf->lingering_timeout.ms ? left : h->conf->lingering_timeout.ms);
}

/* The answer has left, its request is still coming: for how long, however busily? */
static void wait_for_body(struct h1 *h)
{
	struct exchange *ex = h->ex;
	int64_t now = clock_ms();

	if (!ex->body_deadline)
		ex->body_deadline = now + h->conf->lingering_time.ms;

	int64_t left = ex->body_deadline - now, pause = h->conf->client_body_timeout.ms;

	timer_start(&h->conn->timer, left < pause ? left : pause);
}

/* What the connection waits for now, and how long it may take. */
static void wait_for_client(struct h1 *h)
{
	struct exchange *ex = h->ex;
	struct timer *timer = &h->conn->timer;

	if (ex->current && !output_pending(&ex->out))
		timer_stop(timer); /* a handler or a body waits for something of ours */
	else if (output_pending(&ex->out))
		timer_start(timer, h->conf->send_timeout.ms);
	else if (ex->body.kind != FRAMING_NONE)
		wait_for_body(h);
	else if (!ex->in || ex->in->begin == ex->in->end)
		become_idle(h);
}

/* --- receive --- */

/* Whether more bytes are of use before what is there has been dealt with. */
static bool may_receive(const struct h1 *h)
{
	const struct exchange *ex = h->ex;

	if (ex->eof || output_pending(&ex->out))
		return false;
	return !ex->in || ex->in->end - ex->in->begin < h1_head_limit(h->conf);
}

static bool make_room(struct exchange *ex, const struct http_conf *conf)
{
	if (!ex->in) {
		ex->in = buffer_create((size_t)conf->client_header_buffer_size.bytes);
		return ex->in != NULL;
	}
	size_t held = ex->in->end - ex->in->begin;
	struct buffer *buffer = buffer_make_room(ex->in, held > LEAST_ROOM ? held : LEAST_ROOM);

	if (buffer)
		ex->in = buffer;
	return buffer != NULL;
}

static void received(struct h1 *h, size_t n)
{
	struct exchange *ex = h->ex;

	if (ex->in->begin == ex->in->end)
		ex->head_began_ms = clock_wall_ms();
	ex->in->end += n;
	conn_set_idle(h->conn, false);
	job_queue(&h->conn->respond, STAGE_RESPOND);
}

/* Reads once. False: the client is gone, close the connection. */
static bool receive(struct h1 *h)
{
	struct conn *conn = h->conn;
	struct exchange *ex = h->ex;
	ssize_t n = conn_receive(conn, ex->in->bytes + ex->in->end,
				 ex->in->capacity - ex->in->end);

	if (n > 0) {
		received(h, (size_t)n);
	} else if (n == 0 && !conn->idle) {
		ex->eof = true;
		conn_want(conn, conn->events & ~(uint32_t)EPOLLIN);
		job_queue(&conn->respond, STAGE_RESPOND);
	} else if (n == -EAGAIN || n == -EINTR) {
		if (conn->idle)
			release_exchange(h, 499);
	} else {
		return false;
	}
	return true;
}

/* Tried again it would be met again at once. */
static void close_for_memory(struct conn *conn)
{
	static int64_t said_ms;

	if (clock_is_due(&said_ms, SHORTAGE_LOG_MS))
		log_alertx("connection closed: no memory for what it sends");
	conn_close(conn);
}

static void h1_receive(struct conn *conn)
{
	struct h1 *h = conn->state;

	if (h->linger_until) {
		linger(h);
		return;
	}
	if (!h->ex)
		h->ex = exchange_get();
	if (!h->ex) {
		close_for_memory(conn);
		return;
	}
	if (!may_receive(h)) {
		conn_want(conn, conn->events & ~(uint32_t)EPOLLIN);
		job_queue(&conn->respond, STAGE_RESPOND);
		return;
	}
	if (!make_room(h->ex, h->conf))
		close_for_memory(conn);
	else if (!receive(h))
		conn_close(conn);
}

/* --- respond --- */

static bool may_answer(const struct exchange *ex, int answers)
{
	return !ex->broken && (ex->current || answers < ANSWERS_A_TURN) &&
	       output_room(&ex->out) > 4 && output_pending(&ex->out) < BYTES_A_TURN;
}

/* The body of the last request comes first; 0, or -1 when framing is lost. */
static enum discard skip_body(struct exchange *ex)
{
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
	if (conn_export && !h->draining && ex->first)
		return false;
	if (h1_next_request(h) == NEXT_NONE)
		return false;
	++*answers;
	return true;
}

/* A head has begun: all of it has to come in client_header_timeout. */
static void wait_for_head(struct h1 *h)
{
	struct exchange *ex = h->ex;

	if (!ex->head_deadline)
		ex->head_deadline = clock_ms() + h->conf->client_header_timeout.ms;
	timer_start(&h->conn->timer, ex->head_deadline - clock_ms());
	conn_want(h->conn, h->conn->events | EPOLLIN);
}

static bool has_partial_head(const struct exchange *ex)
{
	return !ex->current && !ex->last_answer && ex->body.kind == FRAMING_NONE && ex->in &&
	       ex->in->begin != ex->in->end;
}

/* Nothing is under way; what is buffered, if anything, begins a request. */
static bool is_between_requests(const struct h1 *h)
{
	const struct exchange *ex = h->ex;

	if (h->linger_until || h->draining)
		return false;
	return !ex || (!ex->first && !output_pending(&ex->out) && !ex->last_answer && !ex->eof &&
		       !ex->broken && ex->body.kind == FRAMING_NONE);
}

static void h1_respond(struct conn *conn)
{
	struct h1 *h = conn->state;
	struct exchange *ex = h->ex;
	int answers = 0;

	if (!ex)
		return;
	do {
		/* The process ends: who takes the connection answers what has come. */
		if (conn_export && is_between_requests(h) && conn_export(conn))
			return;
	} while (may_answer(ex, answers) && advance(h, &answers));
	if (ex->broken) {
		conn_close(conn);
		return;
	}
	if (ex->first || output_pending(&ex->out)) {
		job_queue(&conn->send, STAGE_SEND);
	} else if (ex->eof || ex->last_answer) {
		conn_close(conn);
	} else if (has_partial_head(ex)) {
		wait_for_head(h);
	} else {
		conn_want(conn, conn->events | EPOLLIN);
		wait_for_client(h);
	}
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
	return ex->in && ex->in->begin != ex->in->end;
}

/* All that there was has left. */
static void sent_all(struct h1 *h)
{
	struct conn *conn = h->conn;
	struct exchange *ex = h->ex;

	if (ex->last_answer && !ex->first) {
		end_connection(h);
		return;
	}
	if (has_work(ex)) {
		job_queue(&conn->respond, STAGE_RESPOND);
		return;
	}
	if (ex->eof && ex->current) {
		/* We wait for our own. Who has only closed its half is still there to read. */
		timer_start(&conn->timer, h->conf->lingering_timeout.ms);
		return;
	}
	if (ex->eof) {
		conn_close(conn);
		return;
	}
	if (may_receive(h))
		conn_want(conn, conn->events | EPOLLIN);
	wait_for_client(h);
}

static void h1_send(struct conn *conn)
{
	struct h1 *h = conn->state;
	struct exchange *ex = h->ex;

	/* Room that was waited for, told of after something else has sent it all. */
	if (!ex)
		return;

	bool more = ex->current && has_work(ex) && h->conf->tcp_nopush;

	if (h->conf->tcp_nodelay && (conn->requests > 1 || output_pending(&ex->out) > ONE_SEGMENT))
		set_nodelay(conn);

	int result = output_send(&ex->out, conn, more);

	h1_finish_sent(ex);
	if (result == -EAGAIN) {
		conn_want(conn, (conn->events & ~(uint32_t)EPOLLIN) | EPOLLOUT);
		timer_start(&conn->timer, h->conf->send_timeout.ms);
	} else if (result < 0) {
		if (result != -EPIPE && result != -ECONNRESET)
			log_write(log_process, LEVEL_ERROR, -result, conn->number,
				  "sending failed, the connection is closed");
		conn_close(conn);
	} else {
		sent_all(h);
	}
}

/* --- timers, the end of the worker --- */

static const char *what_is_slow(const struct exchange *ex)
{
	if (output_pending(&ex->out))
		return "it was sent an answer";
	if (ex->eof)
		return "it had sent its end and its answer was being made";
	return ex->body.kind != FRAMING_NONE ? "the body of its request was read"
					     : "the head of its request was read";
}

static void h1_expired(struct conn *conn)
{
	struct h1 *h = conn->state;
	struct exchange *ex = h->ex;

	if (!ex || h->linger_until) {
		conn_close(conn); /* idle: not worth a word */
		return;
	}
	log_write(log_process, LEVEL_INFO, 0, conn->number,
		  "client timed out while %s, the connection is closed", what_is_slow(ex));
	conn->reset_on_close = h->conf->reset_timedout_connection && output_pending(&ex->out);
	if (has_partial_head(ex))
		h1_begin_request(h);
	release_exchange(h, ex->eof ? 499 : 408);
	conn_close(conn);
}

/* keepalive_min_timeout: the next request may be on its way. */
static bool stays(struct conn *conn)
{
	int64_t left = conn->stays_until - clock_ms();

	if (left <= 0)
		return false;
	if (conn->timer.deadline > conn->stays_until)
		timer_start(&conn->timer, left);
	return true;
}

/*
 * An idle connection is closed, at once or when it need not stay any longer, but
 * what has come already gets its answer, with `Connection: close`.
 */
static void h1_drain(struct conn *conn)
{
	struct h1 *h = conn->state;

	h->draining = true;
	if (!conn->idle || stays(conn))
		return;
	if (!h->ex)
		h->ex = exchange_get();
	if (!h->ex || !make_room(h->ex, h->conf) || !receive(h) || conn->idle)
		conn_close(conn);
}

/* --- the way to another process --- */

static bool h1_export(const struct conn *conn, struct conn_past *past)
{
	const struct h1 *h = conn->state;
	const struct exchange *ex = h->ex;

	if (!is_between_requests(h))
		return false;
	past->deadline_ms = conn->timer.deadline;
	if (!ex || !ex->in || ex->in->begin == ex->in->end)
		return true;
	past->bytes = (struct str){ ex->in->bytes + ex->in->begin, ex->in->end - ex->in->begin };
	past->began_ms = ex->head_began_ms;
	past->deadline_ms = ex->head_deadline;
	return true;
}

/* What has come of a request, or of several. */
static bool import_bytes(struct h1 *h, const struct conn_past *past)
{
	size_t usual = (size_t)h->conf->client_header_buffer_size.bytes;
	struct exchange *ex = h->ex = exchange_get();

	if (!ex)
		return false;
	ex->in = buffer_create(past->bytes.len < usual ? usual : past->bytes.len);
	if (!ex->in)
		return false;
	str_put(ex->in->bytes, past->bytes);
	received(h, past->bytes.len);
	ex->head_began_ms = past->began_ms;
	ex->head_deadline = past->deadline_ms;
	return true;
}

static void h1_import(struct conn *conn, const struct conn_past *past)
{
	struct h1 *h = begin(conn);
	int64_t left = past->deadline_ms - clock_ms();

	if (!h)
		return;
	if (past->deadline_ms)
		timer_start(&conn->timer, left > 0 ? left : 0);
	else
		timer_start(&conn->timer, h->conf->client_header_timeout.ms);
	if (!str_empty(past->bytes) && !import_bytes(h, past))
		conn_close(conn);
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
