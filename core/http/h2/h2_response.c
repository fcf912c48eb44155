/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From a complete response to frames in the output. Which response is next:
 *
 *     heads, and the ends of responses whose body is there, first, since they are short and need
 *     no window: by urgency, then in the order of their coming
 *     then bodies, those of the most urgent streams first (RFC 9218 section 10); within an
 *     urgency those that are incremental take turns, others come in the order of their streams;
 *     if there are both, the first of the latter takes turns with all of the former
 */
#include "http/h2/h2.h"

#include <errno.h>

#include <field.h>

#include "http/body/body_private.h"
#include "http/field/status.h"
#include "http/frames/field_block.h"
#include "http/request/response_fields.h"

/* --- which one is next --- */

static struct h2_stream *first_of(const struct list *head)
{
	return head->next == head ? NULL : list_item(head->next, struct h2_stream, ready);
}

static struct h2_stream *next_body(struct h2_busy *busy)
{
	for (int i = 0; i < URGENCIES; i++) {
		struct h2_stream *in_order = first_of(&busy->ready[i].in_order);
		struct h2_stream *incremental = first_of(&busy->ready[i].incremental);

		if (!in_order && !incremental)
			continue;
		busy->ready[i].was_in_order = in_order &&
					      (!incremental || !busy->ready[i].was_in_order);
		return busy->ready[i].was_in_order ? in_order : incremental;
	}
	return NULL;
}

/* --- heads --- */

/* Puts the block into the output; flags: FLAG_END_STREAM or 0. */
static void put_block(struct h2 *h2, struct h2_stream *stream, struct field_block *block,
		      uint8_t flags)
{
	struct output *out = &h2->busy->out;
	size_t len = field_block_len(block);
	struct str frames = field_block_frames(block, stream->id, flags);

	output_add_bytes(out, frames);
	stream->block_end = field_block_has_room(block) ? block->to : NULL;
	stream->queued += frames.len;
	stream->sent_end = out->queued;
	h2->limits.frame_bytes += frames.len;
	h2->limits.payload_bytes += len;
}

/* Whether the rest of the request's body is to be received and discarded. */
static bool may_discard(const struct h2_stream *stream)
{
	const struct http_conf *conf = stream->core.pub.location->core;
	int64_t most = conf->client_max_body_size.bytes;
	uint64_t left = stream->body_left > 0 ? (uint64_t)stream->body_left : 0;

	return !stream->body_error && conf->lingering_close != LINGER_OFF &&
	       (!most || stream->core.body_bytes + left <= (uint64_t)most);
}

/*
 * Whether the end of the response has to wait for that of the request's body. A client that waits
 * for the status 100 sends none, and gets the end at once.
 */
static bool holds_end(const struct h2_stream *stream)
{
	struct str expect = stream->core.pub.known.expect;

	if (stream->body_is_over || !may_discard(stream))
		return false;
	return stream->has_continued || stream->core.body_bytes || stream->first ||
	       !list_has(expect, STR("100-continue"));
}

/* The body of the response is in the output, and END_STREAM unless holds_end() forbade it. */
static void end_response(struct h2 *h2, struct h2_stream *stream, uint8_t flags)
{
	stream->body_is_sent = true;
	stream->is_whole = flags & FLAG_END_STREAM;
	stream->sent_end = h2->busy->out.queued;
	if (!stream->body_is_over && may_discard(stream)) {
		h2_begin_discarding(h2, stream);
		return;
	}
	if (!stream->body_is_over)
		h2_reset_stream(h2, stream, H2_NO_ERROR);
	h2_end_stream(h2, stream);
}

static uint8_t end_flag(const struct h2_stream *stream)
{
	return holds_end(stream) ? 0 : FLAG_END_STREAM;
}

static void body_is_ready(struct request *req)
{
	struct h2 *h2 = req->conn->state;

	h2_queue_stream(h2->busy, h2_stream(req));
	job_queue(&req->conn->respond, STAGE_RESPOND);
}

/*
 * A body of length 0 needs no DATA, unless trailers follow. That of a module is read all the same:
 * it may have bytes that its length leaves out.
 */
static bool has_body(const struct h2_stream *stream)
{
	const struct response *response = &stream->core.pub.response;

	return response->body && !stream->is_head && status_has_body(response->status) &&
	       (response->body->length != 0 || response->has_trailers ||
		!body_has_ended(response->body));
}

static void put_head(struct h2 *h2, struct h2_stream *stream)
{
	struct request *req = &stream->core.pub;
	struct field_block block = field_block_begin(req->pool);
	bool has_more = has_body(stream);
	uint8_t flags = has_more ? 0 : end_flag(stream);

	if (h2->table_is_cut && !h2->table_is_empty) {
		block.to = hpack_put_table_size(block.to, 0);
		h2->table_is_empty = true;
	}
	field_block_put_response(&block, req);
	put_block(h2, stream, &block, flags);
	stream->core.response_head_bytes = stream->queued;
	stream->has_head = true;
	if (!has_more) {
		end_response(h2, stream, flags);
		return;
	}
	response_reader_start(&stream->reader, req, body_is_ready);
	h2_queue_stream(h2->busy, stream);
}

/* Whether the connection is to end after requests that have begun. */
static bool is_one_of_the_last(const struct h2 *h2, const struct request_core *core)
{
	const struct http_conf *conf = core->pub.location->core;

	return !conf->keepalive_timeout.ms || core->number >= conf->keepalive_requests ||
	       conn_age_ms(h2->conn) >= conf->keepalive_time.ms;
}

void h2_complete(struct request *req, void *data)
{
	struct h2 *h2 = data;
	struct h2_stream *stream = h2_stream(req);

	stream->is_complete = true;
	if (!stream->core.closing && is_one_of_the_last(h2, &stream->core))
		h2->drain_is_wanted = true;
	h2_queue_stream(h2->busy, stream);
	if (!h2->busy->is_responding)
		job_queue(&h2->conn->respond, STAGE_RESPOND);
}

/* --- bodies --- */

/*
 * Ranges of files are read and written even where sendfile(2) works: between the heads of frames it
 * would be called for 16 KiB at a time, which takes a third more time than the copy.
 */
static void put_data(struct h2 *h2, struct h2_stream *stream, struct slice slice, uint8_t flags)
{
	struct output *out = &h2->busy->out;
	bool is_behind_fields = stream->block_end && output_end(out) == stream->block_end;
	char note[FRAME_HEAD], *head = is_behind_fields ? stream->block_end : note;

	frame_put(head, (struct frame){ .len = (uint32_t)slice.len,
					.type = FRAME_DATA,
					.flags = flags,
					.stream = stream->id });
	if (is_behind_fields)
		output_extend(out, FRAME_HEAD);
	else
		output_add_note(out, (struct str){ note, FRAME_HEAD });
	stream->block_end = NULL;
	slice.is_copied = !slice.data;
	if (slice.len)
		output_add(out, slice);
	stream->send_window -= (int64_t)slice.len;
	h2->send_window -= (int64_t)slice.len;
	stream->queued += slice.len;
	stream->sent_end = out->queued;
	h2->limits.frame_bytes += FRAME_HEAD + slice.len;
	h2->limits.payload_bytes += slice.len;
	limits_allow_window_updates(&h2->limits, 10);
}

/* The body has ended: trailers, or an empty frame, end the stream. */
static void put_end(struct h2 *h2, struct h2_stream *stream)
{
	struct request *req = &stream->core.pub;
	struct field_block block;

	if (holds_end(stream)) {
		end_response(h2, stream, 0);
		return;
	}
	response_check_fields(req, &req->response.trailers);
	if (!req->response.trailers || !has_body(stream)) {
		put_data(h2, stream, (struct slice){ .fd = -1 }, FLAG_END_STREAM);
	} else {
		block = field_block_begin(req->pool);
		for (const struct header *at = req->response.trailers; at; at = at->next)
			field_block_put(&block, at->name, at->value);
		put_block(h2, stream, &block, FLAG_END_STREAM);
	}
	end_response(h2, stream, FLAG_END_STREAM);
}

/* The longest piece that may be sent now; not more than 0: none. */
static int64_t piece_max(const struct h2 *h2, const struct h2_stream *stream)
{
	int64_t most = stream->core.pub.location->core->http2_chunk_size.bytes;

	if (most > H2_QUANTUM)
		most = H2_QUANTUM;
	if (most > stream->send_window)
		most = stream->send_window;
	return most < h2->send_window ? most : h2->send_window;
}

/*
 * Whether nothing follows this slice, so that its frame can end the stream: 1 or 0; -EAGAIN:
 * that is not known yet; or -EIO.
 */
static int is_last_slice(struct h2_stream *stream)
{
	struct response_reader *reader = &stream->reader;
	const struct response *response = &stream->core.pub.response;
	struct slice none;

	if (reader->length < 0 || reader->bytes < (uint64_t)reader->length ||
	    response->has_trailers || response->trailers)
		return 0;
	if (body_has_ended(reader->body))
		return 1;

	int result = response_read(reader, 1, &none); /* it finds that the body has ended */

	return result == 0 ? !response->trailers : result;
}

static void move_slice(struct h2 *h2, struct h2_stream *stream, int64_t most)
{
	struct slice slice;
	int result = response_read(&stream->reader, (size_t)most, &slice), is_last = 0;
	uint8_t flags;

	if (result == 1) {
		is_last = is_last_slice(stream);
		if (is_last < 0 && is_last != -EAGAIN) {
			slice_release(&slice);
			result = is_last;
		}
	}
	if (result == 1) {
		flags = is_last == 1 ? end_flag(stream) : 0;
		put_data(h2, stream, slice, flags);
		if (is_last == 1)
			end_response(h2, stream, flags);
	} else if (result == 0) {
		put_end(h2, stream);
	} else if (result != -EAGAIN) {
		h2_reset_stream(h2, stream, H2_INTERNAL_ERROR);
	}
	if (result == -EAGAIN || is_last == -EAGAIN)
		h2_unqueue_stream(stream); /* until body_is_ready() */
}

/* Puts the stream behind others, or into the other list if it needs no window any more. */
static void take_turns(struct h2_busy *busy, struct h2_stream *stream)
{
	if (!stream->is_queued || (!stream->priority.incremental && h2_needs_window(stream)))
		return;
	h2_unqueue_stream(stream);
	h2_queue_stream(busy, stream);
}

static bool has_bodies(const struct h2_busy *busy)
{
	for (int i = 0; i < URGENCIES; i++)
		if (first_of(&busy->ready[i].in_order) || first_of(&busy->ready[i].incremental))
			return true;
	return false;
}

bool h2_has_pieces(const struct h2 *h2)
{
	const struct h2_busy *busy = h2->busy;

	if (h2->has_failed)
		return false;
	return first_of(&busy->heads_and_ends) || (h2->send_window > 0 && has_bodies(busy));
}

bool h2_waits_for_window(const struct h2 *h2)
{
	return h2->send_window <= 0 && has_bodies(h2->busy);
}

/*
 * Whether the next slice may be the last one, and has to wait for the request's body. It does not
 * if the response is made of that body, as it would never come to an end.
 */
static bool holds_slice(const struct h2_stream *stream, int64_t most)
{
	const struct response_reader *reader = &stream->reader;

	return reader->length >= 0 && (uint64_t)reader->length <= reader->bytes + (uint64_t)most &&
	       holds_end(stream) && !request_body_is_forwarded(&stream->core);
}

static void move_body(struct h2 *h2, struct h2_stream *stream)
{
	int64_t most = piece_max(h2, stream);
	int64_t timeout = stream->core.pub.location->core->send_timeout.ms;

	if (most <= 0) { /* until h2_take_window_update() */
		h2_unqueue_stream(stream);
		h2_set_deadline(h2->busy, stream, clock_ms() + timeout);
		return;
	}
	if (holds_slice(stream, most)) {
		h2_begin_discarding(h2, stream);
		return;
	}
	move_slice(h2, stream, most);
	take_turns(h2->busy, stream);
}

/* The first piece of the body follows at once, unless it is the turn of another stream. */
static void move_head(struct h2 *h2, struct h2_stream *stream)
{
	h2_unqueue_stream(stream);
	if (stream->core.closing) {
		h2_reset_stream(h2, stream, H2_INTERNAL_ERROR);
		return;
	}
	put_head(h2, stream);
	if (h2->send_window > 0 && next_body(h2->busy) == stream)
		move_body(h2, stream);
	if (!stream->is_whole)
		request_note_sending(&stream->core);
}

bool h2_move_piece(struct h2 *h2)
{
	struct h2_busy *busy = h2->busy;
	struct h2_stream *stream = first_of(&busy->heads_and_ends);

	if (h2->has_failed || output_room(&busy->out) <= H2_ROOM_FOR_FRAMES ||
	    output_pending(&busy->out) + H2_QUANTUM > H2_QUEUED_MAX ||
	    busy->out.held >= H2_HELD_MAX)
		return false;
	if (stream) {
		if (!stream->has_head)
			move_head(h2, stream);
		else if (stream->body_is_sent)
			put_end(h2, stream);
		else
			move_slice(h2, stream, 1); /* it finds that the body has ended */
		return true;
	}
	stream = h2->send_window > 0 ? next_body(busy) : NULL;
	if (stream)
		move_body(h2, stream);
	return stream != NULL;
}
