/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bodies of requests. What has come waits for the module that reads it, within the window of the
 * stream. When all of a response but its end has been written, the rest is received and discarded.
 */
#include "http/h2/h2.h"

#include <errno.h>

#include <field.h>

static void wake_reader(struct h2 *h2, struct h2_stream *stream)
{
	if (!stream->body_is_read)
		return;
	stream->body_is_read = false;
	h2_set_deadline(h2->busy, stream, 0);
	request_body_ready(&stream->core);
}

/* --- windows --- */

/* Whether so much was read that the client should know of it. */
static bool is_worth_telling(uint32_t bytes, uint32_t window)
{
	return bytes >= window / 2 && bytes > 0;
}

static bool wants_window(const struct h2 *h2, const struct h2_stream *stream)
{
	return !stream->body_is_over && h2_is_open(stream) &&
	       is_worth_telling(stream->unacknowledged, h2->window);
}

static void put_windows(struct h2 *h2, struct h2_stream *stream)
{
	struct h2_busy *busy = h2->busy;

	if (!h2_has_room(busy)) {
		busy->owes_frames = true;
		return;
	}
	if (is_worth_telling(h2->unacknowledged, h2->window)) {
		h2_put_window_update(h2, 0, h2->unacknowledged);
		h2->receive_window += h2->unacknowledged;
		h2->unacknowledged = 0;
	}
	if (stream && wants_window(h2, stream)) {
		h2_put_window_update(h2, stream->id, stream->unacknowledged);
		stream->receive_window += stream->unacknowledged;
		stream->unacknowledged = 0;
	}
}

void h2_give_back(struct h2 *h2, struct h2_stream *stream, size_t bytes)
{
	h2->unacknowledged += (uint32_t)bytes;
	if (stream)
		stream->unacknowledged += (uint32_t)bytes;
	put_windows(h2, stream);
}

static void put_continue(struct h2 *h2, struct h2_stream *stream)
{
	stream->owes_continue = !h2_has_room(h2->busy);
	if (stream->owes_continue)
		h2->busy->owes_frames = true;
	else
		h2_put_continue(h2, stream->id);
	stream->has_continued = true;
}

void h2_put_owed(struct h2 *h2)
{
	struct h2_busy *busy = h2->busy;

	if (!busy->owes_frames || !h2_has_room(busy))
		return;
	busy->owes_frames = false;
	for (struct list *at = busy->streams.next; at != &busy->streams; at = at->next) {
		struct h2_stream *stream = list_item(at, struct h2_stream, link);

		if (stream->owes_continue && !stream->has_head)
			put_continue(h2, stream);
		put_windows(h2, stream);
	}
	put_windows(h2, NULL);
}

/* --- from the client --- */

/* Copies the bytes to the end of what waits. False: there is no memory. */
static bool keep(struct h2_stream *stream, struct str data)
{
	while (data.len) {
		struct buffer *last = stream->last;
		size_t room = last ? last->capacity - last->end : 0;
		struct str part = str_head(data, room);

		if (!room) {
			last = buffer_create(data.len);
			if (!last)
				return false;
			last->next = NULL;
			if (stream->last)
				stream->last->next = last;
			else
				stream->first = last;
			stream->last = last;
			continue;
		}
		str_put(last->bytes + last->end, part);
		last->end += part.len;
		data = str_skip(data, part.len);
	}
	return true;
}

/* No more of the body is received. If it was discarded, the end of the response can be sent. */
static void request_body_has_ended(struct h2 *h2, struct h2_stream *stream)
{
	if (!stream->discards) {
		wake_reader(h2, stream);
	} else if (!stream->is_whole) {
		stream->discards = false;
		h2_set_deadline(h2->busy, stream, 0);
		h2_queue_stream(h2->busy, stream);
	} else if (stream->body_is_over) {
		h2_end_stream(h2, stream);
	} else {
		h2_reset_stream(h2, stream, H2_NO_ERROR);
	}
}

void h2_fail_body(struct h2 *h2, struct h2_stream *stream, int error)
{
	stream->body_error = error;
	request_body_has_ended(h2, stream);
}

void h2_end_bodies(struct h2 *h2)
{
	struct list *streams = &h2->busy->streams;

	for (struct list *at = streams->next, *next; at != streams; at = next) {
		struct h2_stream *stream = list_item(at, struct h2_stream, link);

		next = at->next;
		if (stream->discards && !stream->is_whole)
			h2_fail_body(h2, stream, -ECONNRESET);
	}
}

static void set_discarding_deadline(struct h2 *h2, struct h2_stream *stream)
{
	int64_t pause = clock_ms() + stream->core.pub.location->core->lingering_timeout.ms;
	int64_t last = stream->discards_until;

	h2_set_deadline(h2->busy, stream, pause < last ? pause : last);
}

/*
 * Some clients send no more of a body, and wait for ever, when they have received all of
 * Content-Length or END_STREAM. A RST_STREAM would end that (RFC 9113 section 8.1), but then some
 * discard the response. So the last bytes of the response and END_STREAM are held back until the
 * client has sent the body.
 */
void h2_begin_discarding(struct h2 *h2, struct h2_stream *stream)
{
	const struct http_conf *conf = stream->core.pub.location->core;

	h2_unqueue_stream(stream);
	stream->discards = true;
	stream->discards_until = clock_ms() + conf->lingering_time.ms;
	stream->body_is_read = false;
	h2_discard_body(h2, stream);
	set_discarding_deadline(h2, stream);
}

/* The response is complete: what is larger than client_max_body_size is not even received. */
static void discard_data(struct h2 *h2, struct h2_stream *stream, size_t len)
{
	int64_t most = stream->core.pub.location->core->client_max_body_size.bytes;

	stream->core.body_bytes += len;
	if (most && stream->core.body_bytes > (uint64_t)most) {
		h2_give_back(h2, NULL, len);
		h2_fail_body(h2, stream, -EFBIG);
	} else {
		h2_give_back(h2, stream, len);
		set_discarding_deadline(h2, stream);
	}
}

void h2_take_data(struct h2 *h2, struct h2_stream *stream, struct str data)
{
	if (!stream || !h2_is_open(stream) || stream->body_is_over) {
		h2_give_back(h2, NULL, data.len);
		return;
	}
	if (stream->body_left >= 0 && (uint64_t)stream->body_left < data.len) {
		h2_give_back(h2, NULL, data.len);
		h2_reset_stream(h2, stream, H2_PROTOCOL_ERROR);
		return;
	}
	if (stream->body_left >= 0)
		stream->body_left -= (int64_t)data.len;
	h2->limits.payload_bytes += data.len;
	if (stream->discards) {
		discard_data(h2, stream, data.len);
		return;
	}
	if (!keep(stream, data)) {
		h2_reset_stream(h2, stream, H2_INTERNAL_ERROR);
		return;
	}
	wake_reader(h2, stream);
}

void h2_end_body(struct h2 *h2, struct h2_stream *stream)
{
	if (stream->body_left > 0) {
		h2_reset_stream(h2, stream, H2_PROTOCOL_ERROR);
		return;
	}
	stream->body_is_over = true;
	request_body_has_ended(h2, stream);
}

/* --- to a module --- */

static void release(void *buffer)
{
	buffer_unref(buffer);
}

/* The next bytes that wait, at most max. There is at least one. */
static struct slice take(struct h2_stream *stream, size_t max)
{
	struct buffer *buffer = stream->first;
	struct str all = str_range(buffer->bytes + buffer->begin, buffer->bytes + buffer->end);
	struct str data = str_head(all, max);

	buffer->begin += data.len;
	buffer_ref(buffer);
	if (buffer->begin == buffer->end) {
		stream->first = buffer->next;
		if (!stream->first)
			stream->last = NULL;
		buffer_unref(buffer);
	}
	return (struct slice){ .data = data.data, .len = data.len, .fd = -1,
			       .release = release, .owner = buffer };
}

int h2_read_body(struct request *req, size_t max, struct slice *out)
{
	struct h2 *h2 = req->conn->state;
	struct h2_stream *stream = h2_stream(req);
	const struct http_conf *conf = req->location->core;

	if (stream->is_whole || stream->discards || stream->is_reset)
		return -EIO;
	if (stream->first) {
		*out = take(stream, max);
		stream->core.body_bytes += out->len;
		h2_give_back(h2, stream, out->len);
		job_queue(&req->conn->send, STAGE_SEND); /* windows */
		return 1;
	}
	if (stream->body_error)
		return stream->body_error;
	if (stream->body_is_over)
		return 0;
	if (h2->busy->eof)
		return -ECONNRESET;
	if (!stream->has_continued && !stream->has_head && !stream->core.body_bytes &&
	    list_has(req->known.expect, STR("100-continue")))
		put_continue(h2, stream);
	stream->body_is_read = true;
	h2_set_deadline(h2->busy, stream, clock_ms() + conf->client_body_timeout.ms);
	if (!h2->busy->is_responding)
		job_queue(&req->conn->respond, STAGE_RESPOND);
	return -EAGAIN;
}
