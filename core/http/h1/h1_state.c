/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The memory of connections, and the list of requests under way on each. A struct h1_busy
 * is large, and a connection needs one whenever it stops being idle, so some are kept for
 * reuse.
 */
#include "http/h1/h1.h"

#include <stdlib.h>

#include "http/conf/http.h"
#include "http/request/phases.h"
#include "http/routing/routing.h"
#include "stats/stats.h"

enum { SPARE_BUSY = 64 };

static struct {
	struct h1_busy *first;
	int count;
} spare;

struct h1 *h1_create(struct conn *conn)
{
	struct h1 *h = calloc(1, sizeof(*h));

	if (!h)
		return NULL;
	conn->state = h;
	h->conn = conn;
	h->conf = vhosts_default(http_vhosts(conn))->top->core;
	conn_set_idle(conn, true);
	return h;
}

void h1_destroy(struct h1 *h)
{
	if (h)
		h1_release_busy(h, 499);
	free(h);
}

struct h1_busy *h1_become_busy(struct h1 *h)
{
	struct h1_busy *busy = h->busy;

	if (busy)
		return busy;
	busy = spare.first;
	if (busy) {
		spare.first = busy->next;
		spare.count--;
	} else {
		busy = calloc(1, sizeof(*busy));
		if (!busy)
			return NULL;
	}
	busy->end = &busy->first;
	h->busy = busy;
	return busy;
}

/* Keeps it for reuse or frees it. The ring of the output is not cleared: its count is 0. */
static void keep_or_free(struct h1_busy *busy)
{
	buffer_unref(busy->in);
	output_finish(&busy->out);
	if (spare.count == SPARE_BUSY) {
		free(busy);
		return;
	}
	busy->in = NULL;
	busy->scan = (struct head_scan){ 0 };
	busy->out.first = busy->out.count = 0;
	busy->out.queued = busy->out.taken = busy->out.sent = 0;
	busy->first = busy->current = NULL;
	busy->body.kind = FRAMING_NONE;
	busy->body_bytes = busy->body_limit = 0;
	busy->body_is_read = false;
	busy->body_error = 0;
	busy->awaited = AWAITED_NOTHING;
	busy->head_began_us = 0;
	busy->line_is_checked = busy->is_last = busy->has_refused = false;
	busy->eof = busy->is_broken = false;
	busy->is_responding = false;
	busy->next = spare.first;
	spare.first = busy;
	spare.count++;
}

struct h1_request *h1_begin_request(struct h1 *h)
{
	struct h1_busy *busy = h->busy;
	struct h1_request *request =
		(struct h1_request *)request_create(h->conn, sizeof(*request));
	struct request *req = &request->core.pub;

	request->buffer = buffer_ref(busy->in);
	request->is_pipelined = busy->first != NULL;
	request->core.started_us = busy->head_began_us;
	request->core.number = ++h->conn->requests;
	req->server = vhosts_default(http_vhosts(h->conn));
	req->version = HTTP_1_0;
	request_set_location(req, req->server->top);
	*busy->end = request;
	busy->end = &request->next;
	busy->current = request;
	stats_add(&stats_mine->requests, 1);
	conns.writing += !request->is_pipelined;
	return request;
}

static struct h1_request *take_first(struct h1_busy *busy)
{
	struct h1_request *request = busy->first;

	busy->first = request->next;
	if (!busy->first) {
		busy->end = &busy->first;
		conns.writing--;
	}
	if (busy->current == request)
		busy->current = NULL;
	return request;
}

/* Logs and destroys a request that was taken out of the list. */
static void finish(struct h1_busy *busy, struct h1_request *request)
{
	struct request_core *core = &request->core;
	uint64_t end = request->is_whole ? request->sent_end : busy->out.queued;

	if (busy->out.sent < end)
		end = busy->out.sent;
	if (request->has_head && end > request->sent_begin)
		core->bytes_sent = end - request->sent_begin;
	core->pub.conn->bytes_sent = busy->out.sent;
	request_count(core, request->has_head, clock_read_us());
	phases_log(&core->pub);
	buffer_unref(request->buffer);
	request_destroy(core);
}

void h1_finish_sent(struct h1_busy *busy)
{
	while (busy->first && busy->first->is_whole && busy->out.sent >= busy->first->sent_end) {
		busy->first->core.complete_ok = true;
		finish(busy, take_first(busy));
	}
}

void h1_release_busy(struct h1 *h, int status)
{
	struct h1_busy *busy = h->busy;

	if (!busy)
		return;
	while (busy->first) {
		struct h1_request *request = take_first(busy);

		if (!request->has_head && !request->core.closing)
			request->core.pub.response.status = status;
		h->conn->is_cut |= request->has_head;
		finish(busy, request);
	}
	keep_or_free(busy);
	h->busy = NULL;
}
