/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bodies of requests. A module may read the body of the current request, by request_body();
 * what it has not read when the response is complete is received and discarded, to find the
 * next request.
 */
#include "http/h1/h1.h"

#include <errno.h>

static void count_bytes(struct h1_busy *busy, size_t len)
{
	busy->body_bytes += len;
	if (busy->current)
		busy->current->core.body_bytes = busy->body_bytes;
}

/* As take(), for a chunked body. It takes at most `max` bytes off busy->in, including framing. */
static int take_chunked(struct h1_busy *busy, size_t max, struct str *data)
{
	struct buffer *in = busy->in;
	enum chunked_event event;

	do {
		struct str all = str_range(in->bytes + in->begin, in->bytes + in->end);
		struct str input = str_head(all, max);
		size_t given = input.len;

		event = chunked_read(&busy->chunked, &input, data);
		in->begin += given - input.len;
	} while (event == CHUNKED_MORE && in->begin != in->end);
	switch (event) {
	case CHUNKED_DATA:
		return 1;
	case CHUNKED_END:
		busy->body.kind = FRAMING_NONE;
		return 0;
	case CHUNKED_MORE:
		return -EAGAIN;
	default:
		return -EBADMSG;
	}
}

/*
 * Takes the next bytes of the body off busy->in, max at most. 1: *data, which lies in the
 * buffer; 0: the body is over; -EAGAIN: more has to be received; -EBADMSG: it is not valid.
 */
static int take(struct h1_busy *busy, size_t max, struct str *data)
{
	struct buffer *in = busy->in;

	if (busy->body.kind == FRAMING_NONE)
		return 0;
	if (!in || in->begin == in->end)
		return -EAGAIN;
	busy->awaited = AWAITED_NOTHING;
	if (busy->body.kind == FRAMING_CHUNKED)
		return take_chunked(busy, max, data);

	*data = str_head(str_range(in->bytes + in->begin, in->bytes + in->end),
			 busy->body.length < max ? (size_t)busy->body.length : max);
	in->begin += data->len;
	busy->body.length -= data->len;
	if (busy->body.length == 0)
		busy->body.kind = FRAMING_NONE;
	return 1;
}

bool h1_discard_body(struct h1_busy *busy)
{
	bool is_limited = busy->body.kind == FRAMING_CHUNKED && busy->body_limit;
	struct str data;
	int result;

	while ((result = take(busy, SIZE_MAX, &data)) == 1) {
		count_bytes(busy, data.len);
		if (is_limited && busy->body_bytes > busy->body_limit) {
			result = -EMSGSIZE;
			break;
		}
	}
	if (result < 0 && result != -EAGAIN)
		busy->is_last = true;
	return result == 0;
}

bool h1_must_continue(const struct h1_busy *busy, const struct h1_request *request)
{
	const struct request *req = &request->core.pub;

	return busy->body.kind != FRAMING_NONE && busy->body_bytes == 0 &&
	       busy->in->begin == busy->in->end && !request->has_head &&
	       !request->has_continued && head_expects_continue(&req->known, req->version);
}

void h1_put_continue(struct h1_busy *busy, struct h1_request *request)
{
	request->has_continued = true;
	output_add_bytes(&busy->out, STR("HTTP/1.1 100 Continue\r\n\r\n"));
}

static void release(void *buffer)
{
	buffer_unref(buffer);
}

int h1_read_body(struct request *req, size_t max, struct slice *out)
{
	struct h1_busy *busy = ((struct h1 *)req->conn->state)->busy;
	struct str data;

	if (busy->current != h1_request(req))
		return -EIO;
	if (busy->body_error)
		return busy->body_error;

	int result = take(busy, max, &data);

	if (result == 1) {
		count_bytes(busy, data.len);
		*out = (struct slice){ .data = data.data, .len = data.len, .fd = -1,
				       .release = release, .owner = buffer_ref(busy->in) };
	}
	if (result != -EAGAIN)
		return result;
	if (busy->eof)
		return -ECONNRESET;
	if (h1_must_continue(busy, busy->current))
		h1_put_continue(busy, busy->current);
	busy->body_is_read = true;
	/* What is awaited, and until when, has changed. */
	if (!busy->is_responding)
		job_queue(&req->conn->respond, STAGE_RESPOND);
	return -EAGAIN;
}

void h1_wake_reader(struct h1_busy *busy)
{
	bool has_come = busy->in && busy->in->begin != busy->in->end;

	if (!busy->body_is_read || (!has_come && !busy->eof && !busy->body_error))
		return;
	busy->body_is_read = false;
	request_body_ready(&busy->current->core);
}
