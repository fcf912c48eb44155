/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The states of a connection between its steps: what it waits for, what wakes it, and when
 * it ends at the latest. h1_wait() is the way into each of them. After it no step is
 * queued, and exactly one line of this table is true:
 *
 *     awaited        when                         woken by             deadline
 *     -------------  ---------------------------  -------------------  -----------------------
 *     REQUEST        there is no struct h1_busy   EPOLLIN              keepalive_timeout after
 *                                                                      the last response; first
 *                                                                      request: as HEAD
 *     HEAD           a head has begun, and is     EPOLLIN              client_header_timeout
 *                    not complete                                      after its first byte; of
 *                                                                      the first head: after
 *                                                                      the accept
 *     RESPONSE       a request has no response    request_wait(),      none: the handler's or
 *                    yet, or the body of its      body_is_ready();     the body's own
 *                    response has no more bytes   EPOLLIN (to read
 *                    now; all that there was      ahead), EPOLLRDHUP
 *                    has left
 *     RESPONSE_ONLY  the same, and the client     the same             lingering_timeout after
 *                    has sent its end                                  that end, or after the
 *                                                                      response that left last
 *     ROOM           the socket takes no more     EPOLLOUT             send_timeout after the
 *                                                                      last byte that it took
 *     UPLOAD         a module reads the body of   EPOLLIN              client_body_timeout after
 *                    a request; all of it that                         the last byte; then the
 *                    has come was read                                 module learns of it
 *     BODY           the response has left, its   EPOLLIN              client_body_timeout after
 *                    request's body has not come                       the last byte, and
 *                    to its end                                        lingering_time after the
 *                                                                      response
 *     END            our end is sent, what comes  EPOLLIN              lingering_timeout after
 *                    is discarded                                      the last byte, and
 *                                                                      lingering_time after our
 *                                                                      end
 *     (a step)       "respond" or "send" is       the loop, in this    none; if the previous
 *                    queued                       turn or the next     deadline is over now, the
 *                                                                      step comes first
 *     (moving)       it is on its way to another  the other process    goes with it
 *                    process
 *
 * Deadlines are absolute: nothing that the client sends moves one, but the next byte of a
 * body, and room for the next byte of a response. Those two limit pauses, as in nginx. So a
 * client that goes on reading, however slowly, is not cut off. A client that sends a body
 * after its response is cut off by lingering_time. The limits are those of the last request's
 * location; until a head is complete, those of the address's default server.
 *
 * The end of the client's stream is found by reading. Where nothing is read, because enough
 * has been read ahead, EPOLLRDHUP tells of it. When a client is gone altogether, EPOLLERR or
 * EPOLLHUP ends its connection in every state (net/conn.c).
 *
 * With a transport, EPOLLIN stands for bytes that it can give, and EPOLLOUT for room for bytes
 * that it can take, whatever the socket has to do for that. A response has left when nothing
 * of it is in the transport any more.
 */
#include "http/h1/h1.h"

#include <config.h>

#include <assert.h>
#include <errno.h>

#include "http/conf/http.h"

static enum awaited what_is_awaited(const struct h1 *h)
{
	const struct h1_busy *busy = h->busy;

	if (output_pending(&busy->out))
		return AWAITED_ROOM;
	if (busy->current && busy->body_is_read)
		return AWAITED_UPLOAD;
	if (busy->current)
		return busy->eof || h->conn->peer_closed ? AWAITED_RESPONSE_ONLY : AWAITED_RESPONSE;
	if (busy->eof || busy->is_last)
		return AWAITED_NOTHING;
	if (busy->body.kind != FRAMING_NONE)
		return AWAITED_BODY;
	return busy->in && busy->in->begin != busy->in->end ? AWAITED_HEAD : AWAITED_REQUEST;
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* Until when this is awaited from now on; clock_ms(), 0: for ever. */
static int64_t deadline_of(struct h1 *h, enum awaited awaited)
{
	const struct http_conf *conf = h->conf;
	struct h1_busy *busy = h->busy;
	int64_t now = clock_ms();

	switch (awaited) {
	case AWAITED_HEAD:
		return h1_head_deadline(h);
	case AWAITED_RESPONSE_ONLY:
		return now + conf->lingering_timeout.ms;
	case AWAITED_ROOM:
		return now + conf->send_timeout.ms;
	case AWAITED_UPLOAD:
		conf = busy->current->core.pub.location->core;
		return now + conf->client_body_timeout.ms;
	case AWAITED_BODY:
		if (!busy->body_deadline)
			busy->body_deadline = now + conf->lingering_time.ms;
		return earlier(now + conf->client_body_timeout.ms, busy->body_deadline);
	default:
		return 0;
	}
}

/* For debug builds: whether what the table says will wake the connection. */
static bool will_be_woken(const struct h1 *h)
{
	const struct h1_request *current = h->busy ? h->busy->current : NULL;
	bool by_client = h->conn->events & EPOLLOUT ||
			 (h->conn->events & EPOLLIN && (!h->busy || h1_may_receive(h)));

	if (current && !output_pending(&h->busy->out) && !h->busy->body_is_read)
		return current->core.waiting || current->reader.waits;
	return by_client && timer_is_started(&h->conn->timer);
}

/* No request is under way: the connection waits for the next one. */
static bool become_idle(struct h1 *h)
{
	struct conn *conn = h->conn;

	h1_release_busy(h, 499);
	if (h->draining)
		return false;
	conn_set_idle(conn, true);
	conn->stays_until = clock_ms() + h->conf->keepalive_min_timeout.ms;
	conn_want(conn, EPOLLIN | EPOLLRDHUP);
	timer_start(&conn->timer, h->conf->keepalive_timeout.ms);
	assert(!SKUA_DEBUG || will_be_woken(h));
	return true;
}

static void start_linger_timer(struct h1 *h)
{
	timer_start_at(&h->conn->timer,
		       earlier(clock_ms() + h->conf->lingering_timeout.ms, h->linger_until));
}

/*
 * The last response has left. If the client may still be sending, closing now would make its
 * kernel throw the response away, because ours would send a reset. So our side is closed,
 * and what comes is read until the client ends, or for lingering_time.
 */
static bool begin_lingering(struct h1 *h)
{
	struct h1_busy *busy = h->busy;
	const struct http_conf *conf = h->conf;
	bool is_sending = busy->body.kind != FRAMING_NONE || busy->has_refused ||
			  (busy->in && busy->in->begin != busy->in->end);
	bool lingers = !busy->eof && conf->lingering_close != LINGER_OFF &&
		       (conf->lingering_close != LINGER_ON || is_sending);

	if (lingers ? conn_shutdown(h->conn) < 0 : !conn_end(h->conn))
		return false;
	h1_release_busy(h, 499);
	h->linger_until = clock_ms() + conf->lingering_time.ms;
	conn_want(h->conn, EPOLLIN | EPOLLRDHUP);
	start_linger_timer(h);
	assert(!SKUA_DEBUG || will_be_woken(h));
	return true;
}

bool h1_wait(struct h1 *h)
{
	struct conn *conn = h->conn;
	struct h1_busy *busy = h->busy;
	enum awaited awaited = what_is_awaited(h);

	if (awaited == AWAITED_NOTHING)
		return begin_lingering(h);
	if (awaited == AWAITED_REQUEST)
		return become_idle(h);
	if (busy->awaited != awaited) {
		busy->awaited = awaited;
		busy->deadline = deadline_of(h, awaited);
	}
	if (busy->deadline)
		timer_start_at(&conn->timer, busy->deadline);
	else
		timer_stop(&conn->timer);
	conn_want(conn, EPOLLRDHUP | (h1_may_receive(h) ? EPOLLIN : 0) |
				(awaited == AWAITED_ROOM ? EPOLLOUT : 0));
	assert(!SKUA_DEBUG || will_be_woken(h));
	return true;
}

bool h1_linger(struct h1 *h)
{
	static char discarded[16384];
	ssize_t n = conn_receive(h->conn, discarded, sizeof(discarded));

	if (n > 0)
		start_linger_timer(h);
	/* Our own end may still wait for room. */
	if (n == 0 && conn_end(h->conn))
		return true;
	return n > 0 || n == -EAGAIN || n == -EINTR;
}

bool h1_has_expired(struct h1 *h)
{
	static const char *const slow[] = {
		[AWAITED_HEAD] = "the head of its request was read",
		[AWAITED_RESPONSE_ONLY] = "it had sent its end and its response was being made",
		[AWAITED_ROOM] = "it was sent a response",
		[AWAITED_BODY] = "the body of its request was read",
	};
	struct conn *conn = h->conn;
	struct h1_busy *busy = h->busy;

	if (!busy)
		return true; /* idle or lingering: this is usual, and not logged */
	/* What the connection waited for has come. The step that is queued sets a new deadline. */
	if (job_is_queued(&conn->respond) || job_is_queued(&conn->send))
		return false;
	if (busy->awaited == AWAITED_UPLOAD) {
		busy->body_error = -ETIMEDOUT;
		job_queue(&conn->respond, STAGE_RESPOND);
		return false;
	}
	if (slow[busy->awaited])
		log_write(log_process, LEVEL_INFO, 0, conn->number,
			  "client timed out while %s, the connection is closed",
			  slow[busy->awaited]);
	conn->reset_on_close = h->conf->reset_timedout_connection && output_pending(&busy->out);
	if (busy->awaited == AWAITED_HEAD)
		h1_begin_request(h); /* for its line in the access log */
	h1_release_busy(h, busy->eof ? 499 : 408);
	return true;
}
