/* SPDX-License-Identifier: BSD-2-Clause */
/* What clients change: their settings, windows of flow control, priorities. */
#include "http/h2/h2.h"

#include <stdlib.h>

enum { SETTING_BYTES = 6 };

/* The stream waits for its window, which is open now. */
static void go_on(struct h2_busy *busy, struct h2_stream *stream)
{
	if (!stream->has_head || stream->is_whole || stream->discards || stream->reader.waits ||
	    stream->send_window <= 0 || stream->is_queued)
		return;
	if (!stream->body_is_read)
		h2_set_deadline(busy, stream, 0);
	h2_queue_stream(busy, stream);
}

static void set_window(struct h2 *h2, uint32_t window)
{
	struct h2_busy *busy = h2->busy;
	int64_t change = (int64_t)window - h2->peer_window;

	if (window > WINDOW_MAX) {
		h2_fail(h2, H2_FLOW_CONTROL_ERROR, "SETTINGS_INITIAL_WINDOW_SIZE is too large");
		return;
	}
	h2->peer_window = window;
	for (struct list *at = busy->streams.next, *next; at != &busy->streams; at = next) {
		struct h2_stream *stream = list_item(at, struct h2_stream, link);

		next = at->next;
		stream->send_window += change;
		if (stream->send_window > WINDOW_MAX) {
			h2_fail(h2, H2_FLOW_CONTROL_ERROR,
				"SETTINGS_INITIAL_WINDOW_SIZE makes a window too large");
			return;
		}
		go_on(busy, stream);
	}
}

static void take_setting(struct h2 *h2, uint16_t id, uint32_t value)
{
	switch (id) {
	case SETTING_HEADER_TABLE_SIZE:
		/* Nothing is in the table; a smaller one has to be acknowledged in a block. */
		h2->table_is_cut |= value < TABLE_SIZE;
		break;
	case SETTING_ENABLE_PUSH:
		if (value > 1)
			h2_fail(h2, H2_PROTOCOL_ERROR, "SETTINGS_ENABLE_PUSH is neither 0 nor 1");
		break;
	case SETTING_INITIAL_WINDOW_SIZE:
		set_window(h2, value);
		break;
	case SETTING_MAX_FRAME_SIZE:
		if (value < FRAME_MAX || value > FRAME_MAX_LIMIT)
			h2_fail(h2, H2_PROTOCOL_ERROR, "SETTINGS_MAX_FRAME_SIZE is out of range");
		break;
	case SETTING_NO_RFC7540_PRIORITIES:
		if (value > 1)
			h2_fail(h2, H2_PROTOCOL_ERROR,
				"SETTINGS_NO_RFC7540_PRIORITIES is neither 0 nor 1");
		break;
	default:
		break;
	}
}

void h2_take_settings(struct h2 *h2, struct str payload)
{
	for (; payload.len && !h2->has_failed; payload = str_skip(payload, SETTING_BYTES))
		take_setting(h2, read_u16(payload.data), read_u32(payload.data + 2));
	if (!h2->has_failed)
		h2_put_settings_ack(h2);
}

/* The windows of streams that the client has begun before it knew how large they are. */
void h2_take_settings_ack(struct h2 *h2)
{
	struct h2_busy *busy = h2->busy;

	if (h2->is_acknowledged)
		return;
	h2->is_acknowledged = true;
	if (h2->window >= WINDOW_INITIAL)
		return;
	for (struct list *at = busy->streams.next; at != &busy->streams; at = at->next)
		list_item(at, struct h2_stream, link)->receive_window -=
			WINDOW_INITIAL - h2->window;
}

static void take_window(struct h2 *h2, uint32_t grows)
{
	if (grows == 0) {
		h2_fail(h2, H2_PROTOCOL_ERROR, "WINDOW_UPDATE by 0");
	} else if (h2->send_window + grows > WINDOW_MAX) {
		h2_fail(h2, H2_FLOW_CONTROL_ERROR, "the window of the connection is too large");
	} else {
		h2->send_window += grows;
	}
}

void h2_take_window_update(struct h2 *h2, uint32_t id, uint32_t grows)
{
	struct h2_stream *stream = id ? h2_find_stream(h2->busy, id) : NULL;

	if (!limits_window_update(&h2->limits)) {
		h2_fail(h2, H2_ENHANCE_YOUR_CALM, "too many WINDOW_UPDATE frames");
	} else if (id == 0) {
		take_window(h2, grows);
	} else if (id > h2->last_stream && !h2->is_last) {
		h2_fail(h2, H2_PROTOCOL_ERROR, "WINDOW_UPDATE for a stream that has not begun");
	} else if (!stream || stream->is_reset || stream->is_whole) {
		return; /* it was on its way when the stream ended */
	} else if (grows == 0) {
		h2_reset_stream(h2, stream, H2_PROTOCOL_ERROR);
	} else if (stream->send_window + grows > WINDOW_MAX) {
		h2_reset_stream(h2, stream, H2_FLOW_CONTROL_ERROR);
	} else {
		stream->send_window += grows;
		go_on(h2->busy, stream);
	}
}

static void set_priority(struct h2_busy *busy, struct h2_stream *stream, struct str value)
{
	bool is_queued = stream->is_queued;

	h2_unqueue_stream(stream);
	stream->priority = (struct priority){ .urgency = URGENCY_DEFAULT };
	priority_parse(value, &stream->priority);
	if (is_queued)
		h2_queue_stream(busy, stream);
}

/*
 * For a stream that has not begun: it is looked up when that begins. Without memory it is ignored,
 * as a server may do (RFC 9218 section 7).
 */
static void remember(struct h2 *h2, uint32_t id, struct str value)
{
	unsigned most = 2 * h2->streams, i = 0;
	struct h2_updates *updates;

	h2_trim_updates(h2);
	if (!h2->updates)
		h2->updates = calloc(1, sizeof(*h2->updates));
	updates = h2->updates;
	if (!updates)
		return;
	while (i < updates->count && updates->items[i].id != id)
		i++;
	if (i == updates->count) {
		if (i == H2_UPDATES_KNOWN || i >= most)
			return;
		updates->count++;
	}
	updates->items[i] = (struct h2_update){ .id = id, .priority.urgency = URGENCY_DEFAULT };
	priority_parse(value, &updates->items[i].priority);
}

void h2_take_priority_update(struct h2 *h2, struct str payload)
{
	uint32_t id = read_u32(payload.data) & WINDOW_MAX;
	struct str value = str_skip(payload, 4);
	struct h2_stream *stream;

	if (!(id & 1)) {
		h2_fail(h2, H2_PROTOCOL_ERROR, "PRIORITY_UPDATE for a stream of no client");
		return;
	}
	stream = h2_find_stream(h2->busy, id);
	if (stream)
		set_priority(h2->busy, stream, value);
	else if (id > h2->last_stream)
		remember(h2, id, value);
}
