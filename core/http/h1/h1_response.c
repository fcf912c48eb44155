/* SPDX-License-Identifier: BSD-2-Clause */
/* From a complete response to bytes in the output: its head, then its body slice by slice. */
#include "http/h1/h1.h"

#include <stdio.h>

#include "http/field/status.h"
#include "http/h1/response_head.h"

static void end_response(struct h1_busy *busy, struct h1_request *request)
{
	request->is_whole = true;
	request->sent_end = busy->out.queued;
	busy->current = NULL;
	busy->body_is_read = false;
	if (!request->core.keepalive)
		busy->is_last = true;
}

int h1_own_fields(struct request *req, struct header *to)
{
	const struct h1_request *request = h1_request_of(req);
	const struct request *sent = &request->core.pub;
	int64_t ms = sent->location->core->keepalive_header.ms;
	int count = 0;

	if (request->is_chunked)
		to[count++] = (struct header){ STR("Transfer-Encoding"), STR("chunked"), NULL };
	if (!request->core.keepalive)
		to[count++] = (struct header){ STR("Connection"), STR("close"), NULL };
	else if (sent->version == HTTP_1_0)
		to[count++] = (struct header){ STR("Connection"), STR("keep-alive"), NULL };
	if (request->core.keepalive && ms)
		to[count++] = (struct header){
			STR("Keep-Alive"),
			pool_printf(req->pool, "timeout=%lld", (long long)ms / 1000), NULL
		};
	return count;
}

static void put_head(struct h1_busy *busy, struct h1_request *request)
{
	struct request_core *core = &request->core;
	struct request *req = &core->pub;
	struct body *body = req->response.body;
	bool may_chunk = req->version == HTTP_1_1 && req->location->core->chunked_transfer_encoding;

	if (body && req->response.has_trailers && may_chunk && !request->is_head)
		body->length = -1;
	if (body && body->length < 0 && status_has_body(req->response.status)) {
		request->is_chunked = may_chunk && !request->is_head; /* as in nginx */
		core->keepalive &= request->is_chunked || request->is_head;
	}
	request->sent_begin = busy->out.queued;
	output_add_bytes(&busy->out, response_head(req));
	core->response_head_bytes = busy->out.queued - request->sent_begin;
	request->has_head = true;
}

/*
 * The client may wait for 100 (Continue) before it sends the body, which nobody has read. It
 * gets that if the body is to be discarded, or is to be read by that of the response. A status
 * of 300 or more tells it not to send the body. Since the server cannot know whether the body
 * comes all the same, the connection is closed then (RFC 9110 section 10.1.1).
 */
static void settle_continue(struct h1_busy *busy, struct h1_request *request)
{
	struct request_core *core = &request->core;

	if ((!core->keepalive && !core->body) || !h1_must_continue(busy, request))
		return;
	if (core->pub.response.status >= 300)
		core->keepalive = false;
	else
		h1_put_continue(busy, request);
}

/* Internet Explorer up to 6, without the corrections of its Service Pack 2. */
static bool is_msie6(struct str agent)
{
	ssize_t at = str_find(agent, STR("MSIE "));

	if (at < 0 || agent.len < (size_t)at + 7 || str_find(agent, STR("SV1")) >= 0)
		return false;
	return agent.data[at + 5] >= '4' && agent.data[at + 5] <= '6' && agent.data[at + 6] == '.';
}

static bool is_safari(struct str agent)
{
	return str_find(agent, STR("Safari/")) >= 0 && str_find(agent, STR("Mac OS X")) >= 0 &&
	       str_find(agent, STR("Chrome/")) < 0;
}

/* Whether the settings of the location let the connection go on after the response. */
static bool may_keep_alive(const struct h1 *h, const struct request_core *core)
{
	const struct request *req = &core->pub;
	const struct http_conf *conf = req->location->core;
	struct str agent = req->known.user_agent;

	if (h->draining || !conf->keepalive_timeout.ms ||
	    core->number >= conf->keepalive_requests ||
	    conn_age_ms(h->conn) >= conf->keepalive_time.ms)
		return false;
	if (conf->keepalive_disable & KEEPALIVE_NOT_MSIE6 && req->method == METHOD_POST &&
	    is_msie6(agent))
		return false;
	return !(conf->keepalive_disable & KEEPALIVE_NOT_SAFARI && is_safari(agent));
}

static void body_is_ready(struct request *req)
{
	job_queue(&req->conn->respond, STAGE_RESPOND);
}

void h1_complete(struct request *req, void *data)
{
	struct h1 *h = data;
	struct h1_busy *busy = h->busy;
	struct request_core *core = request_core(req);
	struct body *body = req->response.body;

	if (!busy->is_responding)
		job_queue(&h->conn->respond, STAGE_RESPOND);
	if (core->closing) {
		busy->is_broken = true;
		return;
	}
	h->conf = req->location->core;
	busy->body_limit = (uint64_t)h->conf->client_max_body_size.bytes;
	core->keepalive = core->keepalive && may_keep_alive(h, core);
	settle_continue(busy, h1_request(req));
	put_head(busy, h1_request(req));
	if (!body || h1_request(req)->is_head || !status_has_body(req->response.status)) {
		end_response(busy, h1_request(req));
		return;
	}
	response_reader_start(&h1_request(req)->reader, req, body_is_ready);
}

static void put_slice(struct h1_busy *busy, bool is_chunked, struct slice slice)
{
	char size[OUTPUT_NOTE];

	if (is_chunked) {
		int len = snprintf(size, sizeof(size), "%zx\r\n", slice.len);

		output_add_note(&busy->out, (struct str){ size, (size_t)len });
	}
	output_add(&busy->out, slice);
	if (is_chunked)
		output_add_bytes(&busy->out, STR("\r\n"));
}

/*
 * The last chunk, and trailers. They are one piece of the pool, since the output may have
 * too little room for all trailers.
 */
static void put_last_chunk(struct h1_busy *busy, struct request_core *core)
{
	struct request *req = &core->pub;
	const struct str parts[] = { STR("0\r\n"), response_trailers(req), STR("\r\n") };

	output_add_bytes(&busy->out, pool_concat(req->pool, parts, 3));
}

bool h1_pull_body(struct h1_busy *busy, size_t max)
{
	struct h1_request *request = busy->current;
	struct slice slice;

	if (!request->has_head)
		return false;

	int result = response_read(&request->reader, max, &slice);

	if (result < 0) {
		busy->is_broken = result != -EAGAIN;
		return false;
	}
	if (result == 1) {
		put_slice(busy, request->is_chunked, slice);
		return true;
	}
	if (request->is_chunked)
		put_last_chunk(busy, &request->core);
	end_response(busy, request);
	return true;
}
