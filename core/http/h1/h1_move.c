/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What happens to a connection when its worker stops: another process takes it, or it is
 * closed after its next response.
 */
#include "http/h1/h1.h"

enum { AGE_MAX_MS = 3600 * 1000 }; /* of a head that another worker has begun to read */

bool h1_is_between_requests(const struct h1 *h)
{
	const struct h1_busy *busy = h->busy;

	if (h->linger_until || h->draining)
		return false;
	return !busy || (!busy->first && !output_pending(&busy->out) && !busy->is_last &&
			 !busy->eof && !busy->is_broken && busy->body.kind == FRAMING_NONE);
}

bool h1_export(const struct conn *conn, struct conn_past *past)
{
	const struct h1 *h = conn->state;
	const struct h1_busy *busy = h->busy;

	if (!h1_is_between_requests(h))
		return false;
	past->deadline_ms = conn->timer.deadline;
	if (!busy || !busy->in || busy->in->begin == busy->in->end)
		return true;
	past->bytes = str_range(busy->in->bytes + busy->in->begin, busy->in->bytes + busy->in->end);
	past->began_ms = clock_wall_ms() - (clock_us() - busy->head_began_us) / 1000;
	past->deadline_ms = busy->awaited == AWAITED_HEAD ? busy->deadline : h1_head_deadline(h);
	return true;
}

bool h1_resume(struct h1 *h, const struct conn_past *past)
{
	size_t size = (size_t)h->conf->client_header_buffer_size.bytes;
	int64_t left = past->deadline_ms ? past->deadline_ms - clock_ms() :
					   h->conf->client_header_timeout.ms;

	/*
	 * If the deadline is over, the timer still leaves one turn, in which what the client
	 * has sent during the move is received.
	 */
	timer_start(&h->conn->timer, left);
	if (str_empty(past->bytes))
		return true;

	struct h1_busy *busy = h1_become_busy(h);

	if (!busy)
		return false;
	busy->in = buffer_create(past->bytes.len < size ? size : past->bytes.len);
	if (!busy->in)
		return false;
	str_put(busy->in->bytes, past->bytes);
	h1_received(h, past->bytes.len);

	/* The time may be wrong: an attacker may control the other worker, or the clock was set. */
	int64_t age_ms = clock_wall_ms() - past->began_ms;

	if (age_ms >= 0 && age_ms <= AGE_MAX_MS)
		busy->head_began_us -= age_ms * 1000;
	if (past->deadline_ms) {
		busy->awaited = AWAITED_HEAD;
		busy->deadline = past->deadline_ms;
	}
	return true;
}

/*
 * A connection on which the peers still negotiate continues, because the client will send a request
 * next. An idle connection stays for keepalive_min_timeout after its last response, since the next
 * request may be on its way. What has come already gets its response, with
 * `Connection: close`.
 */
bool h1_drain(struct h1 *h)
{
	struct conn *conn = h->conn;

	h->draining = true;
	if (!conn->idle || conn_is_opening(conn))
		return true;
	if (conn->stays_until > clock_ms()) {
		if (conn->timer.deadline > conn->stays_until)
			timer_start_at(&conn->timer, conn->stays_until);
		return true;
	}
	return h1_receive_once(h) && !conn->idle;
}
