/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The memory of connections, and the streams of each. A struct h2_busy is large, and a
 * connection needs one whenever it stops being idle, so some are kept for reuse.
 */
#include "http/h2/h2.h"

#include <stdlib.h>

#include "stats/stats.h"
#include "http/conf/http.h"
#include "http/request/phases.h"
#include "http/routing/routing.h"

enum { SPARE_BUSY = 16 };

static struct {
	struct h2_busy *first;
	int count;
} spare;

struct h2 *h2_create(struct conn *conn)
{
	struct h2 *h2 = calloc(1, sizeof(*h2));

	if (!h2)
		return NULL;
	conn->state = h2;
	h2->decoder = hpack_decoder_create();
	h2->conn = conn;
	h2->conf = vhosts_default(http_vhosts(conn))->top->core;
	h2->peer_window = h2->send_window = h2->receive_window = WINDOW_INITIAL;
	h2->streams = (uint32_t)h2->conf->http2_max_concurrent_streams;
	h2->window = (uint32_t)h2->conf->http2_body_preread_size.bytes;
	limits_init(&h2->limits);
	return h2->decoder ? h2 : NULL;
}

void h2_destroy(struct h2 *h2)
{
	if (!h2)
		return;
	h2_release_busy(h2, 499);
	hpack_decoder_destroy(h2->decoder);
	free(h2->updates);
	free(h2);
}

static void init_list(struct list *head)
{
	head->next = head->prev = head;
}

struct h2_busy *h2_become_busy(struct h2 *h2)
{
	struct h2_busy *busy = h2->busy;

	if (busy)
		return busy;
	busy = spare.first;
	if (busy) {
		spare.first = busy->next;
		spare.count--;
	} else {
		busy = malloc(sizeof(*busy));
		if (!busy)
			return NULL;
	}
	/* The ring of the output, which is most of it, needs not be cleared. */
	memset(busy, 0, offsetof(struct h2_busy, out));
	busy->out.first = busy->out.count = 0;
	busy->out.queued = busy->out.taken = busy->out.sent = 0;
	busy->out.held = 0;
	memset((char *)busy + offsetof(struct h2_busy, send_deadline), 0,
	       sizeof(*busy) - offsetof(struct h2_busy, send_deadline));
	init_list(&busy->streams);
	init_list(&busy->leaving);
	init_list(&busy->heads_and_ends);
	init_list(&busy->stalled);
	for (int i = 0; i < URGENCIES; i++) {
		init_list(&busy->ready[i].in_order);
		init_list(&busy->ready[i].incremental);
	}
	h2->busy = busy;
	return busy;
}

/* --- streams --- */

static struct h2_stream **bucket_of(struct h2_busy *busy, uint32_t id)
{
	return &busy->table[id / 2 % H2_BUCKETS];
}

struct h2_stream *h2_find_stream(const struct h2_busy *busy, uint32_t id)
{
	struct h2_stream *stream = *bucket_of((struct h2_busy *)busy, id);

	while (stream && stream->id != id)
		stream = stream->next_in_bucket;
	return stream;
}

struct h2_stream *h2_begin_stream(struct h2 *h2, uint32_t id)
{
	struct h2_busy *busy = h2->busy;
	struct h2_stream *stream = (struct h2_stream *)request_create(h2->conn, sizeof(*stream));
	struct h2_stream **bucket = bucket_of(busy, id);
	struct request *req = &stream->core.pub;

	stream->id = id;
	stream->priority.urgency = URGENCY_DEFAULT;
	stream->send_window = h2->peer_window;
	stream->receive_window = h2->window;
	/* Until the client knows our settings, it may send that much (RFC 9113 section 6.9.2). */
	if (!h2->is_acknowledged && h2->window < WINDOW_INITIAL)
		stream->receive_window = WINDOW_INITIAL;
	stream->body_left = -1;
	stream->core.started_us = clock_us();
	stream->core.number = ++h2->conn->requests;
	req->server = vhosts_default(http_vhosts(h2->conn));
	req->version = HTTP_2_0;
	request_set_location(req, req->server->top);
	stream->next_in_bucket = *bucket;
	*bucket = stream;
	list_append(&busy->streams, &stream->link);
	busy->count++;
	stats_add(&stats_mine->requests, 1);
	conns.writing++;
	limits_allow_window_updates(&h2->limits, 2);
	return stream;
}

/* --- which one is next: the lists --- */

/* Behind those that are as urgent. */
static void insert_by_urgency(struct list *list, struct h2_stream *stream)
{
	struct list *at = list;

	while (at->prev != list && list_item(at->prev, struct h2_stream, ready)->priority.urgency >
					    stream->priority.urgency)
		at = at->prev;
	list_append(at, &stream->ready);
}

/* In the order of their streams, which usually is that of their coming. */
static void insert_in_order(struct list *head, struct h2_stream *stream)
{
	struct list *at = head;

	while (at->prev != head && list_item(at->prev, struct h2_stream, ready)->id > stream->id)
		at = at->prev;
	list_append(at, &stream->ready);
}

void h2_queue_stream(struct h2_busy *busy, struct h2_stream *stream)
{
	const struct priority *priority = &stream->priority;

	if (stream->is_queued || stream->discards || stream->is_whole || stream->is_reset)
		return;
	stream->is_queued = true;
	if (!h2_needs_window(stream))
		insert_by_urgency(&busy->heads_and_ends, stream);
	else if (priority->incremental)
		list_append(&busy->ready[priority->urgency].incremental, &stream->ready);
	else
		insert_in_order(&busy->ready[priority->urgency].in_order, stream);
}

void h2_unqueue_stream(struct h2_stream *stream)
{
	if (stream->is_queued)
		list_remove(&stream->ready);
	stream->is_queued = false;
}

void h2_set_deadline(struct h2_busy *busy, struct h2_stream *stream, int64_t deadline)
{
	if (stream->deadline)
		list_remove(&stream->stalled);
	if (deadline)
		list_append(&busy->stalled, &stream->stalled);
	stream->deadline = deadline;
}

void h2_discard_body(struct h2 *h2, struct h2_stream *stream)
{
	while (stream->first) {
		struct buffer *buffer = stream->first;
		size_t len = buffer->end - buffer->begin;

		stream->first = buffer->next;
		stream->core.body_bytes += len;
		h2->unacknowledged += (uint32_t)len;
		stream->unacknowledged += (uint32_t)len;
		h2->busy->owes_frames = true;
		buffer_unref(buffer);
	}
	stream->last = NULL;
}

void h2_end_stream(struct h2 *h2, struct h2_stream *stream)
{
	struct h2_busy *busy = h2->busy;

	if (stream->is_running && !stream->has_head && !stream->core.closing)
		stream->core.pub.response.status = 499;
	stream->discards = false;
	h2_unqueue_stream(stream);
	h2_set_deadline(busy, stream, 0);
	h2_discard_body(h2, stream);
	if (h2->busy->block.stream == stream)
		h2->busy->block.stream = NULL;
	list_remove(&stream->link);
	if (busy->out.sent >= stream->sent_end)
		list_append(busy->leaving.next, &stream->link); /* as the first one */
	else
		list_append(&busy->leaving, &stream->link);
}

/* Logs and destroys a request that is in no list any more. */
static void finish(struct h2 *h2, struct h2_stream *stream, int64_t now_us)
{
	struct h2_busy *busy = h2->busy;
	struct request_core *core = &stream->core;
	struct h2_stream **at = bucket_of(busy, stream->id);
	uint64_t unsent = stream->sent_end > busy->out.sent ? stream->sent_end - busy->out.sent : 0;

	while (*at != stream)
		at = &(*at)->next_in_bucket;
	*at = stream->next_in_bucket;
	busy->count--;
	busy->field_bytes -= stream->field_bytes;
	/* Frames of other streams may lie between its own, so this may be too little. */
	core->bytes_sent = stream->queued > unsent ? stream->queued - unsent : 0;
	core->complete_ok = stream->is_whole && !unsent;
	h2->conn->bytes_sent = busy->out.sent;
	request_count(core, stream->has_head, now_us);
	conns.writing--;
	phases_log(&core->pub);
	request_destroy(core);
}

void h2_finish_sent(struct h2 *h2)
{
	struct h2_busy *busy = h2->busy;
	int64_t now_us = 0;

	while (busy->leaving.next != &busy->leaving) {
		struct h2_stream *stream = list_item(busy->leaving.next, struct h2_stream, link);

		if (busy->out.sent < stream->sent_end)
			return;
		list_remove(&stream->link);
		if (!now_us)
			now_us = clock_read_us();
		finish(h2, stream, now_us);
	}
}

void h2_trim_updates(struct h2 *h2)
{
	struct h2_updates *updates = h2->updates;
	unsigned kept = 0;

	if (!updates)
		return;
	for (unsigned i = 0; i < updates->count; i++)
		if (updates->items[i].id > h2->last_stream)
			updates->items[kept++] = updates->items[i];
	updates->count = kept;
	if (kept)
		return;
	free(updates);
	h2->updates = NULL;
}

static void finish_all(struct h2 *h2, struct list *streams, int status)
{
	while (streams->next != streams) {
		struct h2_stream *stream = list_item(streams->next, struct h2_stream, link);

		h2_unqueue_stream(stream);
		h2_set_deadline(h2->busy, stream, 0);
		h2_discard_body(h2, stream);
		if (!stream->has_head && !stream->is_reset && !stream->core.closing)
			stream->core.pub.response.status = status;
		h2->conn->is_cut |= stream->has_head && !stream->is_reset &&
				    !(stream->is_whole && stream->discards);
		list_remove(&stream->link);
		finish(h2, stream, clock_read_us());
	}
}

void h2_release_busy(struct h2 *h2, int status)
{
	struct h2_busy *busy = h2->busy;

	if (!busy)
		return;
	finish_all(h2, &busy->leaving, status);
	finish_all(h2, &busy->streams, status);
	buffer_unref(busy->in);
	output_finish(&busy->out);
	h2_trim_updates(h2);
	h2->busy = NULL;
	if (spare.count == SPARE_BUSY) {
		free(busy);
		return;
	}
	busy->next = spare.first;
	spare.first = busy;
	spare.count++;
}
