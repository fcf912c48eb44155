/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bodies of requests. No module wants one, so they are read and thrown away to
 * find the next request; only their framing and their size matter.
 */
#include "http/h1/h1.h"

static void count_body(struct exchange *ex, size_t len)
{
	ex->body_bytes += len;
	if (ex->current)
		ex->current->body_bytes = ex->body_bytes;
}

static enum discard read_length(struct exchange *ex)
{
	size_t there = ex->in->end - ex->in->begin;
	size_t len = there < ex->body.length ? there : (size_t)ex->body.length;

	ex->in->begin += len;
	ex->body.length -= len;
	count_body(ex, len);
	return ex->body.length ? DISCARD_MORE : DISCARD_DONE;
}

static enum discard read_chunked(struct exchange *ex)
{
	struct buffer *in = ex->in;
	struct str input = { in->bytes + in->begin, in->end - in->begin }, data;

	for (;;) {
		enum chunked_event event = chunked_read(&ex->chunked, &input, &data);

		in->begin = in->end - input.len;
		switch (event) {
		case CHUNKED_DATA:
			count_body(ex, data.len);
			if (ex->body_limit && ex->body_bytes > ex->body_limit)
				return DISCARD_BAD;
			break;
		case CHUNKED_END:
			return DISCARD_DONE;
		case CHUNKED_MORE:
			return DISCARD_MORE;
		default:
			return DISCARD_BAD;
		}
	}
}

enum discard discard_read(struct exchange *ex)
{
	enum discard result;

	if (ex->body.kind == FRAMING_NONE)
		return DISCARD_DONE;
	if (!ex->in)
		return DISCARD_MORE;
	result = ex->body.kind == FRAMING_LENGTH ? read_length(ex) : read_chunked(ex);
	if (result == DISCARD_DONE)
		ex->body.kind = FRAMING_NONE;
	return result;
}
