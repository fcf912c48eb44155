/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From the socket to the buffer, and from there frame by frame to the files that handle them.
 * The payload of DATA, HEADERS and CONTINUATION is handled as it comes, that of others when it
 * is complete; so the buffer need not hold a whole frame.
 */
#include "http/h2/h2.h"

#include <errno.h>

enum {
	LEAST_ROOM = 512, /* bytes of the buffer to read into; a frame's first part is shorter */
	BODY_BUFFER = 16 * 1024, /* its size while a body of a request comes */
	READ_AHEAD = 4096, /* bytes that may wait while the output is full */
	SETTINGS_MAX = 32, /* entries of a frame */
	UPDATE_MAX = 256, /* bytes of a PRIORITY_UPDATE */
	CONTINUATIONS_MORE = 8, /* than a block of the permitted size needs */
	EXCLUSIVE_AND_WEIGHT = 5, /* what HEADERS may have of RFC 7540's priorities: ignored */
};

static const char preface[] = H2_PREFACE;

enum { PREFACE_LEN = sizeof(preface) - 1 };

/* --- from the socket --- */

bool h2_may_receive(const struct h2 *h2)
{
	const struct h2_busy *busy = h2->busy;

	if (busy->eof || h2->has_failed)
		return false;
	return !busy->in || busy->in->end - busy->in->begin < READ_AHEAD;
}

static bool make_room(struct h2_busy *busy)
{
	size_t held = busy->in ? busy->in->end - busy->in->begin : 0;
	bool is_body = busy->in_frame && busy->frame.type == FRAME_DATA;
	size_t least = is_body && held == 0 ? BODY_BUFFER : LEAST_ROOM;
	struct buffer *buffer;

	if (!busy->in) {
		busy->in = buffer_create(least);
		return busy->in != NULL;
	}
	buffer = buffer_make_room(busy->in, least);
	if (buffer)
		busy->in = buffer;
	return buffer != NULL;
}

void h2_received(struct h2 *h2, size_t n)
{
	h2->busy->in->end += n;
	conn_set_idle(h2->conn, false);
	job_queue(&h2->conn->respond, STAGE_RESPOND);
}

bool h2_receive_once(struct h2 *h2)
{
	static int64_t said_ms;
	struct conn *conn = h2->conn;
	struct h2_busy *busy = h2_become_busy(h2);

	if (!busy || !make_room(busy)) {
		if (clock_is_due(&said_ms, SHORTAGE_LOG_MS))
			log_alertx("connection closed: no memory for what it sends");
		return false;
	}

	struct buffer *in = busy->in;
	ssize_t n = conn_receive(conn, in->bytes + in->end, in->capacity - in->end);

	if (n > 0) {
		h2_received(h2, (size_t)n);
	} else if (n == 0 && !conn->idle) {
		busy->eof = true;
		h2_end_bodies(h2);
		conn_want(conn, conn->events & ~(uint32_t)EPOLLIN);
		job_queue(&conn->respond, STAGE_RESPOND);
	} else if (n == -EAGAIN || n == -EINTR) {
		if (conn->idle)
			h2_release_busy(h2, 499);
	} else {
		return false;
	}
	return true;
}

/* --- the head of a frame --- */

static bool check_data(struct h2 *h2, const struct frame *frame)
{
	struct h2_stream *stream = h2_find_stream(h2->busy, frame->stream);

	if (frame->stream > h2->last_stream && !h2->is_last) {
		h2_fail(h2, H2_PROTOCOL_ERROR, "DATA for a stream that has not begun");
		return false;
	}
	if (frame->len > h2->receive_window) {
		h2_fail(h2, H2_FLOW_CONTROL_ERROR, "DATA beyond the window of the connection");
		return false;
	}
	h2->receive_window -= frame->len;
	if (!stream) {
		if (!h2_was_reset(h2, frame->stream) && frame->stream <= h2->last_stream)
			h2_refuse_stream(h2, frame->stream, H2_STREAM_CLOSED);
	} else if (stream->body_is_over) {
		h2_reset_stream(h2, stream, H2_STREAM_CLOSED);
	} else if (frame->len > stream->receive_window) {
		h2_reset_stream(h2, stream, H2_FLOW_CONTROL_ERROR);
	} else {
		stream->receive_window -= frame->len;
	}
	return !h2->has_failed;
}

/* Whether a block, or no block, is in progress, as the frame needs it (section 6.10). */
static bool is_in_block(const struct h2_busy *busy, const struct frame *frame)
{
	if (frame->type == FRAME_CONTINUATION)
		return busy->block.id && busy->block.id == frame->stream;
	return !busy->block.id;
}

/* What a block that is within large_client_header_buffers needs, and some more. */
static uint32_t block_frames_max(const struct http_conf *conf)
{
	int64_t bytes = conf->large_buffers_count * conf->large_buffers_size.bytes;

	return (uint32_t)(bytes / FRAME_MAX) + 1 + CONTINUATIONS_MORE;
}

/* Frames that are valid, but too many or too large for anything that is of use. */
static const char *excess_of(struct h2 *h2, const struct frame *frame)
{
	struct h2_busy *busy = h2->busy;
	bool is_part = frame->type == FRAME_DATA || frame->type == FRAME_HEADERS ||
		       frame->type == FRAME_CONTINUATION;
	bool ends = frame->type == FRAME_CONTINUATION ? frame->flags & FLAG_END_HEADERS :
							frame->flags & FLAG_END_STREAM;

	h2->limits.frame_bytes += FRAME_HEAD + frame->len;
	if (!limits_in_proportion(&h2->limits))
		return "its frames have hardly any content";
	if (!limits_empty(&h2->limits, is_part && !ends && frame->len <= frame_is_padded(frame)))
		return "too many empty frames";
	if ((frame->type == FRAME_PING || frame->type == FRAME_SETTINGS) &&
	    !limits_control(&h2->limits))
		return "too many PING or SETTINGS frames";
	if (frame->type == FRAME_SETTINGS && frame->len > 6 * SETTINGS_MAX)
		return "too many settings";
	if (frame->type == FRAME_PRIORITY_UPDATE && frame->len > UPDATE_MAX)
		return "a PRIORITY_UPDATE is too long";
	if (frame->type == FRAME_CONTINUATION && ++busy->block.frames > block_frames_max(h2->conf))
		return "too many CONTINUATION frames";
	return NULL;
}

/* The head of a frame has come: is the frame permitted now? */
static void begin_frame(struct h2 *h2, struct frame frame)
{
	struct h2_busy *busy = h2->busy;
	enum h2_error error = frame_fault(&frame);
	struct h2_stream *stream = h2_find_stream(busy, frame.stream);
	const char *excess;

	if (!h2->saw_settings && (frame.type != FRAME_SETTINGS || frame.flags & FLAG_ACK)) {
		h2_fail(h2, H2_PROTOCOL_ERROR, "its first frame is not SETTINGS");
	} else if (!is_in_block(busy, &frame)) {
		h2_fail(h2, H2_PROTOCOL_ERROR, "a field block is interrupted, or has no beginning");
	} else if (frame.type == FRAME_PRIORITY && error == H2_FRAME_SIZE_ERROR && stream &&
		   frame.len < LEAST_ROOM) {
		h2_reset_stream(h2, stream, error);
	} else if (error) {
		h2_fail(h2, error, "a frame is not valid");
	} else if ((excess = excess_of(h2, &frame)) != NULL) {
		h2_fail(h2, H2_ENHANCE_YOUR_CALM, excess);
	} else if (frame.type == FRAME_DATA && !check_data(h2, &frame)) {
		return;
	}
	h2->saw_settings = true;
	busy->in_frame = true;
	busy->has_first_part = false;
	busy->frame = frame;
	busy->left = frame.len;
	busy->padding = 0;
}

/* --- its payload --- */

static void take_reset(struct h2 *h2, uint32_t id)
{
	struct h2_stream *stream = h2_find_stream(h2->busy, id);

	if (id > h2->last_stream && !h2->is_last) {
		h2_fail(h2, H2_PROTOCOL_ERROR, "RST_STREAM for a stream that has not begun");
		return;
	}
	if (stream && h2_is_open(stream)) {
		stream->is_reset = true;
		h2_end_stream(h2, stream);
	}
	if (!limits_reset(&h2->limits))
		h2_fail(h2, H2_ENHANCE_YOUR_CALM, "too many streams were reset");
}

static void take_ping(struct h2 *h2, const struct frame *frame, struct str payload)
{
	if (!(frame->flags & FLAG_ACK))
		h2_put_ping(h2, payload.data, true);
	else if (h2->draining)
		h2_end_drain(h2);
}

/* The padding is at the end of the payload (section 6.1); it counts for the windows, too. */
static void take_padding(struct h2 *h2, uint8_t padding)
{
	struct h2_busy *busy = h2->busy;
	const struct frame *frame = &busy->frame;

	if (padding > busy->left) {
		h2_fail(h2, H2_PROTOCOL_ERROR, "the padding of a frame is longer than the frame");
		return;
	}
	busy->padding = padding;
	if (frame->type == FRAME_DATA)
		h2_give_back(h2, h2_find_stream(busy, frame->stream), (size_t)padding + 1);
}

static void take_first_part(struct h2 *h2, struct str part)
{
	struct h2_busy *busy = h2->busy;
	const struct frame *frame = &busy->frame;

	busy->has_first_part = true;
	busy->left -= (uint32_t)part.len;
	if (frame_is_padded(frame))
		take_padding(h2, (uint8_t)part.data[0]);
	if (h2->has_failed)
		return;
	switch (frame->type) {
	case FRAME_HEADERS:
		h2_begin_block(h2, frame);
		break;
	case FRAME_RST_STREAM:
		take_reset(h2, frame->stream);
		break;
	case FRAME_SETTINGS:
		if (frame->flags & FLAG_ACK)
			h2_take_settings_ack(h2);
		else
			h2_take_settings(h2, part);
		break;
	case FRAME_PING:
		take_ping(h2, frame, part);
		break;
	case FRAME_WINDOW_UPDATE:
		h2_take_window_update(h2, frame->stream, read_u32(part.data) & WINDOW_MAX);
		break;
	case FRAME_PRIORITY_UPDATE:
		h2_take_priority_update(h2, part);
		break;
	default: /* GOAWAY: the client ends by itself. PRIORITY is ignored, others are unknown. */
		break;
	}
}

/* The next bytes behind the first part, without the padding. */
static void take_bytes(struct h2 *h2, struct str bytes)
{
	struct h2_busy *busy = h2->busy;

	busy->input_deadline = 0;
	if (busy->frame.type == FRAME_DATA)
		h2_take_data(h2, h2_find_stream(busy, busy->frame.stream), bytes);
	else if (busy->frame.type == FRAME_HEADERS || busy->frame.type == FRAME_CONTINUATION)
		h2_take_block(h2, bytes, false);
}

static void end_frame(struct h2 *h2)
{
	struct h2_busy *busy = h2->busy;
	const struct frame *frame = &busy->frame;
	struct h2_stream *stream;

	busy->in_frame = false;
	busy->input_deadline = 0;
	if (frame->type == FRAME_HEADERS || frame->type == FRAME_CONTINUATION) {
		if (frame->flags & FLAG_END_HEADERS)
			h2_take_block(h2, STR(""), true);
	} else if (frame->type == FRAME_DATA && frame->flags & FLAG_END_STREAM) {
		stream = h2_find_stream(busy, frame->stream);
		if (stream && h2_is_open(stream))
			h2_end_body(h2, stream);
	}
}

static bool read_preface(struct h2 *h2, struct str bytes)
{
	struct str part = str_head(bytes, PREFACE_LEN - h2->preface_read);

	if (memcmp(part.data, preface + h2->preface_read, part.len) != 0) {
		h2_fail(h2, H2_PROTOCOL_ERROR, "the preface is not that of HTTP/2");
		return false;
	}
	h2->busy->in->begin += part.len;
	h2->preface_read += (uint8_t)part.len;
	return true;
}

static struct str unread(const struct h2_busy *busy)
{
	return str_range(busy->in->bytes + busy->in->begin, busy->in->bytes + busy->in->end);
}

/* Takes the next part of the frame off the buffer. False: it is not there yet. */
static bool read_part(struct h2 *h2)
{
	struct h2_busy *busy = h2->busy;
	struct str bytes = unread(busy), part = str_head(bytes, busy->left);

	if (!busy->has_first_part) {
		part = str_head(bytes, frame_first_part(&busy->frame));
		if (part.len < frame_first_part(&busy->frame))
			return false;
		busy->in->begin += part.len;
		take_first_part(h2, part);
		return true;
	}
	if (busy->left == 0) {
		end_frame(h2);
		return true;
	}
	if (part.len == 0)
		return false;
	busy->in->begin += part.len;
	/* Of the part, what is not padding. */
	uint32_t content = busy->left - busy->padding;

	busy->left -= (uint32_t)part.len;
	if (content == 0 || busy->left < busy->padding)
		busy->padding = busy->left;
	take_bytes(h2, str_head(part, content));
	return true;
}

bool h2_read_frame(struct h2 *h2)
{
	struct h2_busy *busy = h2->busy;

	busy->input_waits = false; /* if the connection has failed, nothing waits for room */
	if (h2->has_failed || !busy->in)
		return false;
	busy->input_waits = !h2_has_room(busy);
	if (busy->input_waits)
		return false;
	if (!busy->in_frame) {
		struct str bytes = unread(busy);

		if (h2->preface_read < PREFACE_LEN)
			return bytes.len && read_preface(h2, bytes);
		if (bytes.len < FRAME_HEAD)
			return false;
		busy->in->begin += FRAME_HEAD;
		begin_frame(h2, frame_parse(bytes.data));
	}
	while (busy->in_frame && !h2->has_failed)
		if (!read_part(h2))
			return false;
	return true;
}
