/* SPDX-License-Identifier: BSD-2-Clause */
/* Frames that are not part of a response: settings, acknowledgements, resets, the end. */
#include "http/h2/h2.h"

enum {
	ROOM = 8, /* places in the output for what one frame of a client may cause */
	UNSENT_MAX = H2_QUEUED_MAX + 64 * 1024,
	WINDOWS = 4, /* the window of the connection, in those of streams */
	DRAIN_MS = 1000, /* between the two GOAWAY, if the client does not answer PING */
};

static void put(struct h2 *h2, const char *bytes, const char *end)
{
	struct str note = str_range(bytes, end);

	output_add_note(&h2->busy->out, note);
	h2->limits.frame_bytes += note.len;
}

bool h2_has_room(const struct h2_busy *busy)
{
	return output_room(&busy->out) > ROOM && output_pending(&busy->out) < UNSENT_MAX;
}

void h2_put_settings(struct h2 *h2)
{
	char bytes[OUTPUT_NOTE];
	uint32_t window = h2->window;
	uint32_t grows = WINDOWS * window > WINDOW_INITIAL ? WINDOWS * window - WINDOW_INITIAL : 0;
	char *to = frame_put(bytes, (struct frame){ .len = 18, .type = FRAME_SETTINGS });

	to = setting_put(to, SETTING_MAX_CONCURRENT_STREAMS, h2->streams);
	to = setting_put(to, SETTING_INITIAL_WINDOW_SIZE, window);
	put(h2, bytes, to);
	put(h2, bytes, setting_put(bytes, SETTING_NO_RFC7540_PRIORITIES, 1));
	if (grows)
		h2_put_window_update(h2, 0, grows);
	h2->receive_window += grows;
}

void h2_put_settings_ack(struct h2 *h2)
{
	char bytes[OUTPUT_NOTE];

	put(h2, bytes,
	    frame_put(bytes, (struct frame){ .type = FRAME_SETTINGS, .flags = FLAG_ACK }));
}

void h2_put_ping(struct h2 *h2, const char *payload, bool is_ack)
{
	char bytes[OUTPUT_NOTE];
	char *to = frame_put(bytes, (struct frame){ .len = 8,
						    .type = FRAME_PING,
						    .flags = is_ack ? FLAG_ACK : 0 });

	put(h2, bytes, str_put(to, (struct str){ payload, 8 }));
}

void h2_put_window_update(struct h2 *h2, uint32_t id, uint32_t grows)
{
	char bytes[OUTPUT_NOTE];
	char *to = frame_put(bytes, (struct frame){ .len = 4,
						    .type = FRAME_WINDOW_UPDATE,
						    .stream = id });

	put(h2, bytes, put_u32(to, grows));
}

void h2_put_continue(struct h2 *h2, uint32_t id)
{
	char bytes[OUTPUT_NOTE];
	char *block = bytes + FRAME_HEAD, *to = block;

	if (h2->table_is_cut && !h2->table_is_empty) {
		to = hpack_put_table_size(to, 0);
		h2->table_is_empty = true;
	}
	to = hpack_put_status(to, 100);
	frame_put(bytes, (struct frame){ .len = (uint32_t)(to - block),
					 .type = FRAME_HEADERS,
					 .flags = FLAG_END_HEADERS,
					 .stream = id });
	put(h2, bytes, to);
}

static void put_reset(struct h2 *h2, uint32_t id, enum h2_error error)
{
	char bytes[OUTPUT_NOTE];
	char *to = frame_put(bytes,
			     (struct frame){ .len = 4, .type = FRAME_RST_STREAM, .stream = id });

	put(h2, bytes, put_u32(to, error));
	h2->resets[h2->resets_at++ % H2_RESETS_KNOWN] = id;
}

static void put_goaway(struct h2 *h2, uint32_t last, enum h2_error error)
{
	char bytes[OUTPUT_NOTE];
	char *to = frame_put(bytes, (struct frame){ .len = 8, .type = FRAME_GOAWAY });

	put(h2, bytes, put_u32(put_u32(to, last), error));
}

bool h2_was_reset(const struct h2 *h2, uint32_t id)
{
	for (unsigned i = 0; i < H2_RESETS_KNOWN; i++)
		if (h2->resets[i] == id)
			return true;
	return false;
}

void h2_refuse_stream(struct h2 *h2, uint32_t id, enum h2_error error)
{
	put_reset(h2, id, error);
	if (!limits_reset(&h2->limits))
		h2_fail(h2, H2_ENHANCE_YOUR_CALM, "too many streams had to be reset");
}

void h2_reset_stream(struct h2 *h2, struct h2_stream *stream, enum h2_error error)
{
	if (stream->is_reset)
		return;
	stream->is_reset = true;
	/* The end of a response that did not need the rest of the request's body. */
	if (stream->is_whole) {
		put_reset(h2, stream->id, error);
		stream->sent_end = h2->busy->out.queued;
		if (stream->discards)
			h2_end_stream(h2, stream);
		return;
	}
	if (error == H2_INTERNAL_ERROR)
		put_reset(h2, stream->id, error);
	else
		h2_refuse_stream(h2, stream->id, error);
	stream->sent_end = h2->busy->out.queued;
	h2_end_stream(h2, stream);
}

void h2_fail(struct h2 *h2, enum h2_error error, const char *why)
{
	struct h2_busy *busy = h2->busy;

	if (h2->has_failed)
		return;
	log_write(h2->conf->error_log ? h2->conf->error_log : log_process, LEVEL_INFO, 0,
		  h2->conn->number,
		  "client sent invalid HTTP/2, the connection is closed: %s, client: %.*s", why,
		  STR_ARG(conn_peer_text(h2->conn)));
	h2->has_failed = h2->is_last = true;
	put_goaway(h2, h2->last_stream, error);
	while (busy->streams.next != &busy->streams) {
		struct h2_stream *stream =
			list_item(busy->streams.next, struct h2_stream, link);

		h2->conn->is_cut |= stream->has_head && !stream->is_whole;
		stream->is_reset = true;
		h2_end_stream(h2, stream);
	}
}

void h2_begin_drain(struct h2 *h2)
{
	if (h2->draining || h2->is_last)
		return;
	h2->draining = true;
	h2->drain_deadline = clock_ms() + DRAIN_MS;
	put_goaway(h2, WINDOW_MAX, H2_NO_ERROR);
	h2_put_ping(h2, "draining", false);
}

void h2_end_drain(struct h2 *h2)
{
	if (h2->is_last)
		return;
	h2->is_last = true;
	h2->drain_deadline = 0;
	put_goaway(h2, h2->last_stream, H2_NO_ERROR);
}
