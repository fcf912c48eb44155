/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The states of a connection between its steps: what it waits for, who wakes it, and when
 * it ends at the latest. h1_wait() is the way into each of them; behind it no step is
 * queued, and exactly one line of this table is true:
 *
 *     awaited      when it is so               woken by             deadline
 *     -----------  --------------------------  -------------------  -----------------------
 *     REQUEST      there is no exchange        EPOLLIN              keepalive_timeout after
 *                                                                   the last answer; the first
 *                                                                   request: as HEAD
 *     HEAD         bytes of a head are there,  EPOLLIN              client_header_timeout after
 *                  it is not complete                               its first byte; of the first
 *                                                                   one: after the accept
 *     ANSWER       a request has no answer     request_wait(),      none: the handler's or
 *                  yet, or its body has no     body_ready();        body's own
 *                  more bytes; all that there  EPOLLIN (to read
 *                  was has left                ahead), EPOLLRDHUP
 *     ANSWER_ONLY  the same, and the client    the same             lingering_timeout after its
 *                  has sent its end                                 end, or after the answer
 *                                                                   that left at last
 *     ROOM         the socket takes no more    EPOLLOUT             send_timeout after the last
 *                                                                   byte that it took
 *     BODY         the answer has left, its    EPOLLIN              client_body_timeout after
 *                  request's body has not                           the last byte, and
 *                  come to its end                                  lingering_time after the
 *                                                                   answer
 *     END          our end is sent, what       EPOLLIN              lingering_timeout after the
 *                  comes is thrown away                             last byte, and lingering_time
 *                                                                   after our end
 *     (a step)     respond or send is queued   the loop, in this    none; if the one before ends
 *                                              turn or the next     now, the step comes first
 *     (moving)     it is on its way to         the other process    goes with it
 *                  another process
 *
 * Deadlines are absolute: nothing that the client sends moves one, but the next byte of
 * a body, and room for the next byte of an answer. Those two are pauses, as in nginx. So
 * a client that goes on reading, however slowly, is not cut off; one that sends a body
 * after its answer is, by lingering_time. The limits are those of the last request's
 * location; until a head is complete, those of the address's default server.
 *
 * The end of the client's stream is read wherever bytes are. Where they are not, because
 * enough has been read ahead, EPOLLRDHUP tells of it. A client that is gone altogether,
 * which EPOLLERR or EPOLLHUP tells, ends its connection in every state (net/conn.c).
 */
#include "http/h1/h1.h"

#include <config.h>

#include <assert.h>
#include <errno.h>
#include <sys/socket.h>

#include "http/conf/http.h"

static enum awaited what_is_awaited(const struct h1 *h)
{
	const struct exchange *ex = h->ex;

	if (output_pending(&ex->out))
		return AWAITED_ROOM;
	if (ex->current)
		return ex->eof || h->conn->peer_closed ? AWAITED_ANSWER_ONLY : AWAITED_ANSWER;
	if (ex->eof || ex->last_answer)
		return AWAITED_NOTHING;
	if (ex->body.kind != FRAMING_NONE)
		return AWAITED_BODY;
	return ex->in && ex->in->begin != ex->in->end ? AWAITED_HEAD : AWAITED_REQUEST;
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* Until when it is awaited, from now on; clock_ms(), 0: for ever. */
static int64_t deadline_of(struct h1 *h, enum awaited awaited)
{
	const struct http_conf *conf = h->conf;
	struct exchange *ex = h->ex;
	int64_t now = clock_ms();

	switch (awaited) {
	case AWAITED_HEAD:
		return h1_head_deadline(h);
	case AWAITED_ANSWER_ONLY:
		return now + conf->lingering_timeout.ms;
	case AWAITED_ROOM:
		return now + conf->send_timeout.ms;
	case AWAITED_BODY:
		if (!ex->body_deadline)
			ex->body_deadline = now + conf->lingering_time.ms;
		return earlier(now + conf->client_body_timeout.ms, ex->body_deadline);
	default:
		return 0;
	}
}

/* For debug builds: the table says who wakes it, is it true? */
static bool will_be_woken(const struct h1 *h)
{
	const struct request_core *current = h->ex ? h->ex->current : NULL;
	bool by_client = h->conn->events & EPOLLOUT ||
			 (h->conn->events & EPOLLIN && (!h->ex || h1_may_receive(h)));

	if (current && !output_pending(&h->ex->out))
		return current->waiting || current->body_waits;
	return by_client && timer_is_started(&h->conn->timer);
}

/* Nothing is under way: the exchange goes, the connection waits for its next request. */
static void become_idle(struct h1 *h)
{
	struct conn *conn = h->conn;

	h1_exchange_release(h, 499);
	if (h->draining) {
		conn_close(conn);
		return;
	}
	conn_set_idle(conn, true);
	conn->stays_until = clock_ms() + h->conf->keepalive_min_timeout.ms;
	conn_want(conn, EPOLLIN | EPOLLRDHUP);
	timer_start(&conn->timer, h->conf->keepalive_timeout.ms);
	assert(!SKUA_DEBUG || will_be_woken(h));
	if (conns.export)
		conns.export(conn);
}

static void wait_for_end(struct h1 *h)
{
	timer_start_at(&h->conn->timer,
		       earlier(clock_ms() + h->conf->lingering_timeout.ms, h->linger_until));
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
	h1_exchange_release(h, 499);
	h->conn->end_sent = true;
	h->linger_until = clock_ms() + conf->lingering_time.ms;
	conn_want(h->conn, EPOLLIN | EPOLLRDHUP);
	wait_for_end(h);
	assert(!SKUA_DEBUG || will_be_woken(h));
}

void h1_wait(struct h1 *h)
{
	struct conn *conn = h->conn;
	struct exchange *ex = h->ex;
	enum awaited awaited = what_is_awaited(h);

	if (awaited == AWAITED_NOTHING) {
		end_connection(h);
		return;
	}
	if (awaited == AWAITED_REQUEST) {
		become_idle(h);
		return;
	}
	if (ex->awaited != awaited) {
		ex->awaited = awaited;
		ex->deadline = deadline_of(h, awaited);
	}
	if (ex->deadline)
		timer_start_at(&conn->timer, ex->deadline);
	else
		timer_stop(&conn->timer);
	conn_want(conn, EPOLLRDHUP | (h1_may_receive(h) ? EPOLLIN : 0) |
				(awaited == AWAITED_ROOM ? EPOLLOUT : 0));
	assert(!SKUA_DEBUG || will_be_woken(h));
}

void h1_linger(struct h1 *h)
{
	static char nowhere[16384];
	ssize_t n = conn_receive(h->conn, nowhere, sizeof(nowhere));

	if (n > 0)
		wait_for_end(h);
	else if (n != -EAGAIN && n != -EINTR)
		conn_close(h->conn);
}

void h1_expired(struct conn *conn)
{
	static const char *const slow[] = {
		[AWAITED_HEAD] = "the head of its request was read",
		[AWAITED_ANSWER_ONLY] = "it had sent its end and its answer was being made",
		[AWAITED_ROOM] = "it was sent an answer",
		[AWAITED_BODY] = "the body of its request was read",
	};
	struct h1 *h = conn->state;
	struct exchange *ex = h->ex;

	if (!ex) {
		conn_close(conn); /* idle or lingering: not worth a word */
		return;
	}
	/* What was waited for has come in this turn: the step that is queued sets a deadline. */
	if (job_is_queued(&conn->respond) || job_is_queued(&conn->send))
		return;
	if (slow[ex->awaited])
		log_write(log_process, LEVEL_INFO, 0, conn->number,
			  "client timed out while %s, the connection is closed", slow[ex->awaited]);
	conn->reset_on_close = h->conf->reset_timedout_connection && output_pending(&ex->out);
	if (ex->awaited == AWAITED_HEAD)
		h1_begin_request(h);
	h1_exchange_release(h, ex->eof ? 499 : 408);
	conn_close(conn);
}
