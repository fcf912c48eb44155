/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * To another process and from another process. A connection moves between two requests: when it
 * has no stream, no field block and nothing to send. What was said about its windows, settings
 * and streams goes with it, and the table of the decoder as a field block that makes the same
 * table; then come the updates of priorities for streams that have not begun, and the bytes that
 * have been received and not been read.
 *
 *     struct exported | the field block | struct exported_update ... | bytes
 *
 * The other process does not trust what it gets: a state that this protocol cannot be in is
 * refused, and the connection is closed.
 */
#include "http/h2/h2.h"

#include <stdlib.h>

#include "http/conf/http.h"

enum {
	/* Bytes of the block: an entry counts 32 more than its texts, and takes at most 8 more. */
	TABLE_MAX = TABLE_SIZE + 8,
	BYTES_MAX = 32 * 1024, /* received, and not read */
};

/* The name of this format is HTTP2_STATE (http/conf/http.h). */
struct exported {
	uint32_t table_len, updates_count;
	uint32_t last_stream, window, streams, peer_window;
	uint32_t unacknowledged;
	int64_t send_window, receive_window;
	int64_t window_updates;
	uint64_t frame_bytes, payload_bytes;
	struct bucket resets, controls;
	uint32_t reset_streams[H2_RESETS_KNOWN];
	uint8_t saw_settings, table_is_cut, table_is_empty;
};

struct exported_update {
	uint32_t id;
	uint8_t urgency, incremental, unused[2];
};

enum { UPDATES_SIZE = H2_UPDATES_KNOWN * sizeof(struct exported_update) };

bool h2_is_between_requests(const struct h2 *h2)
{
	const struct h2_busy *busy = h2->busy;

	if (h2->linger_until || h2->drain_is_wanted || h2->draining || h2->is_last ||
	    !h2->saw_settings || (!h2->is_acknowledged && h2->window < WINDOW_INITIAL))
		return false;
	if (!busy)
		return true;
	return !busy->count && !busy->block.id && !busy->in_frame && !busy->eof &&
	       !output_pending(&busy->out);
}

/* A block of literals with indexing, by which another decoder gets the same table. */
static char *put_table(char *to, const struct hpack_decoder *decoder)
{
	size_t count = hpack_table_count(decoder);

	to = hpack_put_table_size(to, hpack_table_max(decoder));
	for (size_t i = 0; i < count; i++) {
		struct hpack_field field = hpack_table_entry(decoder, i);

		to = hpack_put_indexed(to, field.name, field.value);
	}
	return to;
}

static char *put_updates(char *to, const struct h2_updates *updates)
{
	for (unsigned i = 0; updates && i < updates->count; i++) {
		const struct h2_update *update = &updates->items[i];
		struct exported_update exported = {
			.id = update->id,
			.urgency = update->priority.urgency,
			.incremental = update->priority.incremental,
		};

		memcpy(to, &exported, sizeof(exported));
		to += sizeof(exported);
	}
	return to;
}

bool h2_export(const struct conn *conn, struct conn_past *past)
{
	static char state[sizeof(struct exported) + TABLE_MAX + UPDATES_SIZE + BYTES_MAX];
	const struct h2 *h2 = conn->state;
	const struct buffer *in = h2->busy ? h2->busy->in : NULL;
	struct str bytes = in ? str_range(in->bytes + in->begin, in->bytes + in->end) : STR("");
	struct exported exported = {
		.updates_count = h2->updates ? h2->updates->count : 0,
		.last_stream = h2->last_stream,
		.window = h2->window,
		.streams = h2->streams,
		.peer_window = h2->peer_window,
		.unacknowledged = h2->unacknowledged,
		.send_window = h2->send_window,
		.receive_window = h2->receive_window,
		.window_updates = h2->limits.window_updates,
		.frame_bytes = h2->limits.frame_bytes,
		.payload_bytes = h2->limits.payload_bytes,
		.resets = h2->limits.resets,
		.controls = h2->limits.controls,
		.saw_settings = h2->saw_settings,
		.table_is_cut = h2->table_is_cut,
		.table_is_empty = h2->table_is_empty,
	};

	if (!h2_is_between_requests(h2) || bytes.len > BYTES_MAX)
		return false;
	memcpy(exported.reset_streams, h2->resets, sizeof(h2->resets));

	char *table = state + sizeof(exported), *to = put_table(table, h2->decoder);

	exported.table_len = (uint32_t)(to - table);
	to = put_updates(to, h2->updates);
	memcpy(state, &exported, sizeof(exported));
	past->is_switched = true;
	past->bytes = str_range(state, str_put(to, bytes));
	past->deadline_ms = conn->timer.deadline;
	past->began_ms = clock_wall_ms() - conn_age_ms(conn);
	return true;
}

static bool is_sound(const struct exported *exported)
{
	return exported->saw_settings == 1 && exported->last_stream <= WINDOW_MAX &&
	       exported->window >= 1 && exported->window <= 1 << 20 && exported->streams >= 1 &&
	       exported->streams <= 1024 && exported->peer_window <= WINDOW_MAX &&
	       exported->send_window <= WINDOW_MAX && exported->send_window >= 0 &&
	       exported->receive_window >= 0 && exported->receive_window <= 1 << 23 &&
	       exported->unacknowledged <= 1 << 23 && exported->window_updates >= 0 &&
	       exported->window_updates <= 1 << 20 && exported->frame_bytes < INT64_MAX / 16 &&
	       exported->payload_bytes < INT64_MAX / 16 && exported->resets.at_ms >= 0 &&
	       exported->resets.at_ms <= clock_ms() && exported->controls.at_ms >= 0 &&
	       exported->controls.at_ms <= clock_ms() && exported->table_is_cut <= 1 &&
	       exported->table_is_empty <= 1;
}

/* Decodes the block for its effect on the table. */
static bool take_table(struct h2 *h2, struct str block)
{
	struct hpack_field field;
	int result;

	while ((result = hpack_decode(h2->decoder, &block, true, &field)) == 1)
		continue;
	return result == 0;
}

/* False: an update cannot be there, or there is no memory. */
static bool take_updates(struct h2 *h2, struct str bytes)
{
	if (str_empty(bytes))
		return true;
	h2->updates = calloc(1, sizeof(*h2->updates));
	if (!h2->updates)
		return false;
	for (; bytes.len; bytes = str_skip(bytes, sizeof(struct exported_update))) {
		struct exported_update update;

		memcpy(&update, bytes.data, sizeof(update));
		if (!(update.id & 1) || update.id > WINDOW_MAX || update.urgency >= URGENCIES ||
		    update.incremental > 1)
			return false;
		h2->updates->items[h2->updates->count++] = (struct h2_update){
			update.id, { update.urgency, update.incremental }
		};
	}
	return true;
}

bool h2_resume(struct h2 *h2, const struct conn_past *past)
{
	struct exported exported;
	struct str rest = str_skip(past->bytes, sizeof(exported));
	struct conn *conn = h2->conn;
	int64_t left = past->deadline_ms ? past->deadline_ms - clock_ms() :
					   h2->conf->keepalive_timeout.ms;

	if (past->bytes.len < sizeof(exported))
		return false;
	memcpy(&exported, past->bytes.data, sizeof(exported));
	if (!is_sound(&exported) || exported.table_len > rest.len ||
	    exported.table_len > TABLE_MAX || !take_table(h2, str_head(rest, exported.table_len)))
		return false;
	rest = str_skip(rest, exported.table_len);

	size_t updates_len = exported.updates_count * sizeof(struct exported_update);

	if (exported.updates_count > H2_UPDATES_KNOWN || updates_len > rest.len ||
	    !take_updates(h2, str_head(rest, updates_len)))
		return false;
	rest = str_skip(rest, updates_len);
	h2->last_stream = exported.last_stream;
	h2->window = exported.window;
	h2->streams = exported.streams;
	h2->peer_window = exported.peer_window;
	h2->unacknowledged = exported.unacknowledged;
	h2->send_window = exported.send_window;
	h2->receive_window = exported.receive_window;
	h2->limits.window_updates = exported.window_updates;
	h2->limits.frame_bytes = exported.frame_bytes;
	h2->limits.payload_bytes = exported.payload_bytes;
	h2->limits.resets = exported.resets;
	h2->limits.controls = exported.controls;
	memcpy(h2->resets, exported.reset_streams, sizeof(h2->resets));
	h2->saw_settings = h2->is_acknowledged = true;
	h2->table_is_cut = exported.table_is_cut;
	h2->table_is_empty = exported.table_is_empty;
	h2->preface_read = sizeof(H2_PREFACE) - 1;

	/* What the client has sent during the move is received before an old deadline ends it. */
	timer_start(&conn->timer, left);
	conn_set_nodelay(conn);
	conn_limit_unsent(conn, H2_QUEUED_MAX);
	conn_set_idle(conn, true);
	if (str_empty(rest))
		return true;
	if (!h2_become_busy(h2))
		return false;
	h2->busy->in = buffer_create(rest.len);
	if (!h2->busy->in)
		return false;
	str_put(h2->busy->in->bytes, rest);
	h2_received(h2, rest.len);
	return true;
}
