/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bodies of requests. No module reads them, so they are received and discarded to find the
 * next request; only their framing and their size matter.
 */
#include "http/h1/h1.h"

static void count_bytes(struct h1_busy *busy, size_t len)
{
	busy->body_bytes += len;
	if (busy->current)
		busy->current->core.body_bytes = busy->body_bytes;
}

/* CHUNKED_END, CHUNKED_MORE, or CHUNKED_BAD: it is not valid, or too large. */
static enum chunked_event discard_chunks(struct h1_busy *busy)
{
	struct buffer *in = busy->in;
	struct str input = { in->bytes + in->begin, in->end - in->begin }, data;
	enum chunked_event event;

	while ((event = chunked_read(&busy->chunked, &input, &data)) == CHUNKED_DATA) {
		count_bytes(busy, data.len);
		if (busy->body_limit && busy->body_bytes > busy->body_limit) {
			event = CHUNKED_BAD;
			break;
		}
	}
	in->begin = in->end - input.len;
	return event;
}

bool h1_discard_body(struct h1_busy *busy)
{
	struct buffer *in = busy->in;
	size_t received = in ? in->end - in->begin : 0;

	if (busy->body.kind == FRAMING_NONE)
		return true;
	if (received == 0)
		return false;
	busy->awaited = AWAITED_NOTHING;
	if (busy->body.kind == FRAMING_LENGTH) {
		size_t len = received < busy->body.length ? received : (size_t)busy->body.length;

		in->begin += len;
		busy->body.length -= len;
		count_bytes(busy, len);
		if (busy->body.length)
			return false;
	} else {
		enum chunked_event event = discard_chunks(busy);

		busy->is_last |= event == CHUNKED_BAD;
		if (event != CHUNKED_END)
			return false;
	}
	busy->body.kind = FRAMING_NONE;
	return true;
}
