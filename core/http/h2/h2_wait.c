/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a connection waits for between its steps, and until when. Several of these may be true at
 * a time; the nearest deadline counts. Those of streams end the stream, others the connection.
 *
 *     what                           woken by          deadline
 *     -----------------------------  ----------------  ------------------------------------------
 *     a frame: it is idle            EPOLLIN           keepalive_timeout; before the first
 *                                                      SETTINGS client_header_timeout
 *     the rest of a frame            EPOLLIN           client_header_timeout after its beginning,
 *                                                      of DATA after its last byte
 *     the rest of a field block      EPOLLIN           client_header_timeout after its beginning
 *     room in the socket             EPOLLOUT          send_timeout after the last byte
 *     the window of the connection   EPOLLIN           send_timeout
 *     the window of a stream         EPOLLIN           send_timeout: the stream is reset
 *     a body that a module reads     EPOLLIN           client_body_timeout: the module is told
 *     a body that is discarded       EPOLLIN           lingering_timeout after the last byte, and
 *                                                      lingering_time after the response: that
 *                                                      ends, and the stream is reset
 *     a handler, or a body of a      request_wait(),   none; when the client has sent its end,
 *     response                       body_is_ready()   lingering_timeout
 *     the answer to the first        EPOLLIN           a second: then the final GOAWAY is sent
 *     GOAWAY
 *     the client's end: our end is   EPOLLIN           lingering_timeout after the last byte,
 *     sent, what comes is discarded                    and lingering_time after our end
 */
#include "http/h2/h2.h"

#include <errno.h>

#include "http/conf/http.h"

/* When there is no room for the frame that ends something: until this is tried again. */
enum { AGAIN_MS = 1000 };

static void sooner(int64_t *deadline, int64_t other)
{
	if (other && (!*deadline || other < *deadline))
		*deadline = other;
}

static bool is_partial(const struct h2 *h2)
{
	const struct h2_busy *busy = h2->busy;

	return busy->in_frame || (busy->in && busy->in->begin != busy->in->end) ||
	       !h2->saw_settings;
}

/* Nothing is under way: neither a stream, nor a frame, nor bytes to be sent. */
static bool is_at_rest(const struct h2 *h2)
{
	const struct h2_busy *busy = h2->busy;

	if (busy->count || output_pending(&busy->out))
		return false;
	return h2->has_failed || h2->is_last || busy->eof ||
	       (!busy->block.id && !is_partial(h2));
}

static bool become_idle(struct h2 *h2)
{
	struct conn *conn = h2->conn;
	int64_t deadline = clock_ms() + h2->conf->keepalive_timeout.ms;

	sooner(&deadline, h2->drain_deadline);
	h2_release_busy(h2, 499);
	conn_set_idle(conn, true);
	conn->stays_until = clock_ms() + h2->conf->keepalive_min_timeout.ms;
	conn_want(conn, EPOLLIN | EPOLLRDHUP);
	timer_start_at(&conn->timer, deadline);
	return true;
}

static void start_linger_timer(struct h2 *h2)
{
	int64_t deadline = clock_ms() + h2->conf->lingering_timeout.ms;

	sooner(&deadline, h2->linger_until);
	timer_start_at(&h2->conn->timer, deadline);
}

/* What the client still sends would make its kernel discard what it has not read: see h1_wait.c. */
static bool begin_lingering(struct h2 *h2)
{
	bool lingers = !h2->busy->eof && h2->conf->lingering_close != LINGER_OFF;

	if (lingers ? conn_shutdown(h2->conn) < 0 : !conn_end(h2->conn))
		return false;
	h2_release_busy(h2, 499);
	h2->linger_until = clock_ms() + h2->conf->lingering_time.ms;
	conn_want(h2->conn, EPOLLIN | EPOLLRDHUP);
	start_linger_timer(h2);
	return true;
}

bool h2_linger(struct h2 *h2)
{
	static char discarded[16384];
	ssize_t n = conn_receive(h2->conn, discarded, sizeof(discarded));

	if (n > 0)
		start_linger_timer(h2);
	if (n == 0 && conn_end(h2->conn))
		return true;
	return n > 0 || n == -EAGAIN || n == -EINTR;
}

static int64_t deadline_of(struct h2 *h2)
{
	struct h2_busy *busy = h2->busy;
	int64_t deadline = h2->drain_deadline;

	if (busy->block.id)
		sooner(&deadline, busy->block.deadline);
	sooner(&deadline, busy->input_deadline);
	sooner(&deadline, busy->send_deadline);
	sooner(&deadline, busy->window_deadline);
	for (struct list *at = busy->stalled.next; at != &busy->stalled; at = at->next)
		sooner(&deadline, list_item(at, struct h2_stream, stalled)->deadline);
	if (busy->eof)
		sooner(&deadline, clock_ms() + h2->conf->lingering_timeout.ms);
	return deadline;
}

bool h2_wait(struct h2 *h2)
{
	struct conn *conn = h2->conn;
	struct h2_busy *busy = h2->busy;
	int64_t now = clock_ms();
	bool is_full = output_pending(&busy->out) > 0;

	if (is_at_rest(h2)) {
		if (busy->eof || h2->is_last)
			return begin_lingering(h2);
		return become_idle(h2);
	}
	if (is_full && !busy->send_deadline)
		busy->send_deadline = now + h2->conf->send_timeout.ms;
	if (is_partial(h2) && !busy->input_waits && !busy->input_deadline)
		busy->input_deadline = now + h2->conf->client_header_timeout.ms;
	if (!h2_waits_for_window(h2))
		busy->window_deadline = 0;
	else if (!busy->window_deadline)
		busy->window_deadline = now + h2->conf->send_timeout.ms;

	int64_t deadline = deadline_of(h2);

	if (deadline)
		timer_start_at(&conn->timer, deadline);
	else
		timer_stop(&conn->timer);
	conn_want(conn, EPOLLRDHUP | (h2_may_receive(h2) ? EPOLLIN : 0) | (is_full ? EPOLLOUT : 0));
	return true;
}

/* --- the timer --- */

static bool is_over(int64_t deadline)
{
	return deadline && deadline <= clock_ms();
}

/* What the streams that have waited too long have waited for will not come any more. */
static void expire_streams(struct h2 *h2)
{
	struct h2_busy *busy = h2->busy;

	for (struct list *at = busy->stalled.next, *next; at != &busy->stalled; at = next) {
		struct h2_stream *stream = list_item(at, struct h2_stream, stalled);

		next = at->next;
		if (!is_over(stream->deadline))
			continue;
		if (!h2_has_room(busy)) {
			h2_set_deadline(busy, stream, clock_ms() + AGAIN_MS);
			continue;
		}
		if (stream->body_is_read || stream->discards) {
			h2_fail_body(h2, stream, -ETIMEDOUT);
			continue;
		}
		request_log(&stream->core.pub, LEVEL_INFO, 0,
			    "client timed out while it was sent a response: the stream is reset");
		h2_reset_stream(h2, stream, H2_CANCEL);
	}
}

static const char *what_is_late(const struct h2 *h2)
{
	const struct h2_busy *busy = h2->busy;

	if (busy->block.id && is_over(busy->block.deadline))
		return "the head of a request was read";
	if (is_over(busy->input_deadline))
		return "a frame was read";
	if (is_over(busy->send_deadline) || is_over(busy->window_deadline))
		return "it was sent a response";
	return busy->eof ? "it had sent its end and a response was being made" : NULL;
}

bool h2_has_expired(struct h2 *h2)
{
	struct conn *conn = h2->conn;
	struct h2_busy *busy = h2->busy;
	const char *late;

	if (h2->linger_until)
		return true;
	if (!busy) { /* idle: the client is told, and then the connection ends */
		busy = h2_become_busy(h2);
		if (!busy)
			return true;
		h2_end_drain(h2);
		job_queue(&conn->respond, STAGE_RESPOND);
		return false;
	}
	if (job_is_queued(&conn->respond) || job_is_queued(&conn->send))
		return false;
	if (is_over(h2->drain_deadline) && h2_has_room(busy))
		h2_end_drain(h2);
	else if (is_over(h2->drain_deadline))
		h2->drain_deadline = clock_ms() + AGAIN_MS;
	expire_streams(h2);
	late = what_is_late(h2);
	if (!late) {
		job_queue(&conn->respond, STAGE_RESPOND);
		return false;
	}
	log_write(log_process, LEVEL_INFO, 0, conn->number,
		  "client timed out while %s, the connection is closed", late);
	conn->reset_on_close = h2->conf->reset_timedout_connection && output_pending(&busy->out);
	h2_release_busy(h2, busy->eof ? 499 : 408);
	return true;
}
