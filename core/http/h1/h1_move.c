/* SPDX-License-Identifier: BSD-2-Clause */
/* How connections end or go on elsewhere when the worker ends. */
#include "http/h1/h1.h"

bool h1_is_between_requests(const struct h1 *h)
{
	const struct exchange *ex = h->ex;

	if (h->linger_until || h->draining)
		return false;
	return !ex || (!ex->first && !output_pending(&ex->out) && !ex->last_answer && !ex->eof &&
		       !ex->broken && ex->body.kind == FRAMING_NONE);
}

/* keepalive_min_timeout: the next request may be on its way. */
static bool stays(struct conn *conn)
{
	if (conn->stays_until <= clock_ms())
		return false;
	if (conn->timer.deadline > conn->stays_until)
		timer_start_at(&conn->timer, conn->stays_until);
	return true;
}

/*
 * An idle connection is closed, at once or when it need not stay any longer, but
 * what has come already gets its answer, with `Connection: close`.
 */
void h1_drain(struct conn *conn)
{
	struct h1 *h = conn->state;

	h->draining = true;
	if (!conn->idle || stays(conn))
		return;
	if (!h1_receive_once(h) || conn->idle)
		conn_close(conn);
}

bool h1_export(const struct conn *conn, struct conn_past *past)
{
	const struct h1 *h = conn->state;
	const struct exchange *ex = h->ex;

	if (!h1_is_between_requests(h))
		return false;
	past->deadline_ms = conn->timer.deadline;
	if (!ex || !ex->in || ex->in->begin == ex->in->end)
		return true;
	past->bytes = (struct str){ ex->in->bytes + ex->in->begin, ex->in->end - ex->in->begin };
	past->began_ms = ex->head_began_ms;
	past->deadline_ms = ex->awaited == AWAITED_HEAD ? ex->deadline : h1_head_deadline(h);
	return true;
}

/* What has come of a request, or of several. */
static bool import_bytes(struct h1 *h, const struct conn_past *past)
{
	size_t usual = (size_t)h->conf->client_header_buffer_size.bytes;
	struct exchange *ex = h->ex = h1_exchange_get();

	if (!ex)
		return false;
	ex->in = buffer_create(past->bytes.len < usual ? usual : past->bytes.len);
	if (!ex->in)
		return false;
	str_put(ex->in->bytes, past->bytes);
	h1_received(h, past->bytes.len);
	ex->head_began_ms = past->began_ms;
	if (past->deadline_ms) {
		ex->awaited = AWAITED_HEAD;
		ex->deadline = past->deadline_ms;
	}
	return true;
}

void h1_import(struct conn *conn, const struct conn_past *past)
{
	struct h1 *h = h1_begin(conn);

	if (!h)
		return;
	/* If it is over, the next turn still looks at what has come on the way. */
	timer_start(&conn->timer, past->deadline_ms ? past->deadline_ms - clock_ms()
						    : h->conf->client_header_timeout.ms);
	if (!str_empty(past->bytes) && !import_bytes(h, past))
		conn_close(conn);
}
