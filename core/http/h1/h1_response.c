/* SPDX-License-Identifier: BSD-2-Clause */
/* From a complete answer to bytes in the output: its head, then its body slice by slice. */
#include "http/h1/h1.h"

#include <stdio.h>

#include "base/stats.h"
#include "http/request/phases.h"
#include "http/h1/response_head.h"
#include "http/field/status.h"

static void body_is_ready(void *data)
{
	struct request *req = data;

	request_core(req)->body_waits = false;
	job_queue(&req->conn->respond, STAGE_RESPOND);
}

static void end_of_answer(struct exchange *ex, struct request_core *core)
{
	core->body_done = true;
	core->sent_end = ex->out.queued;
	ex->current = NULL;
	if (!core->keepalive)
		ex->last_answer = true;
}

static void put_head(struct exchange *ex, struct request_core *core)
{
	struct request *req = &core->pub;
	const struct body *body = req->response.body;

	if (body && body->length < 0 && status_has_body(req->response.status)) {
		core->chunked = req->version == HTTP_1_1;
		core->keepalive &= core->chunked || req->head_only;
	}
	core->sent_begin = ex->out.queued;
	output_add_bytes(&ex->out, response_head(core));
	core->answer_head_bytes = ex->out.queued - core->sent_begin;
	core->answered = true;
}

/*
 * The client may wait for 100 (Continue) before it sends the body. A status that is no
 * success tells it to keep the body to itself; as nobody knows whether it does, the
 * connection ends (RFC 9110 section 10.1.1).
 */
static void answer_expectation(struct exchange *ex, struct request_core *core)
{
	bool body_is_coming = ex->body.kind != FRAMING_NONE && ex->in->begin == ex->in->end;

	if (!core->keepalive || !body_is_coming ||
	    !head_expects_continue(&core->pub.known, core->pub.version))
		return;
	if (core->pub.response.status >= 300)
		core->keepalive = false;
	else
		output_add_bytes(&ex->out, STR("HTTP/1.1 100 Continue\r\n\r\n"));
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

/* keepalive_disable */
static bool is_distrusted(const struct request *req, unsigned browsers)
{
	struct str agent = req->known.user_agent;

	return (browsers & KEEPALIVE_NOT_MSIE6 && req->method == METHOD_POST && is_msie6(agent)) ||
	       (browsers & KEEPALIVE_NOT_SAFARI && is_safari(agent));
}

/* What the location says, which is known by now. */
static bool may_keep_alive(const struct h1 *h, const struct request_core *core)
{
	const struct http_conf *conf = core->pub.location->core;

	return !h->draining && conf->keepalive_timeout.ms &&
	       core->number < conf->keepalive_requests &&
	       clock_wall_ms() - h->conn->started_ms < conf->keepalive_time.ms &&
	       !is_distrusted(&core->pub, conf->keepalive_disable);
}

void h1_complete(struct request *req, void *data)
{
	struct h1 *h = data;
	struct exchange *ex = h->ex;
	struct request_core *core = request_core(req);
	struct body *body = req->response.body;

	if (!ex->is_responding)
		job_queue(&h->conn->respond, STAGE_RESPOND);
	if (core->closing) {
		ex->broken = true;
		return;
	}
	h->conf = req->location->core;
	ex->body_limit = (uint64_t)h->conf->client_max_body_size.bytes;
	core->keepalive = core->keepalive && may_keep_alive(h, core);
	answer_expectation(ex, core);
	put_head(ex, core);
	if (!body || req->head_only || !status_has_body(req->response.status)) {
		end_of_answer(ex, core);
		return;
	}
	body->ready = body_is_ready;
	body->ready_data = req;
}

static void put_slice(struct exchange *ex, const struct request_core *core, struct slice slice)
{
	char head[OUTPUT_NOTE];

	if (core->chunked) {
		int len = snprintf(head, sizeof(head), "%zx\r\n", slice.len);

		output_add_note(&ex->out, (struct str){ head, (size_t)len });
	}
	output_add(&ex->out, slice);
	if (core->chunked)
		output_add_bytes(&ex->out, STR("\r\n"));
}

/* The last chunk, and trailers, for which the ring may be too small: one piece of the pool. */
static void put_last_chunk(struct exchange *ex, struct request_core *core)
{
	struct request *req = &core->pub;
	const struct str parts[] = { STR("0\r\n"), response_trailers(req), STR("\r\n") };

	output_add_bytes(&ex->out, pool_concat(req->pool, parts, 3));
}

/* How many bytes of a body of known length are not in the output yet. */
static uint64_t left_of_body(const struct exchange *ex, const struct request_core *core)
{
	return (uint64_t)core->pub.response.body->length -
	       (ex->out.queued - core->sent_begin - core->answer_head_bytes);
}

static bool break_off(struct exchange *ex, struct request_core *core, int error)
{
	const struct module *module = core->pub.response.body->module;

	request_log(&core->pub, LEVEL_ERROR, -error,
		    "the body of the response, made by the module %s, broke off: the connection is "
		    "closed", module ? module->name : "(core)");
	ex->broken = true;
	return false;
}

/* What is beyond the announced length would be taken for the next response. */
static bool break_off_excess(struct exchange *ex, struct request_core *core, struct slice *slice)
{
	const struct module *module = core->pub.response.body->module;

	request_log(&core->pub, LEVEL_ALERT, 0,
		    "the body that the module %s has made is longer than its length of %lld: the "
		    "connection is closed", module ? module->name : "(core)",
		    (long long)core->pub.response.body->length);
	slice_release(slice);
	ex->broken = true;
	return false;
}

bool h1_pull(struct exchange *ex, size_t max)
{
	struct request_core *core = ex->current;
	struct slice slice;
	int result;

	if (!core->answered)
		return false;
	core->body_waits = true; /* body_is_ready() may come before this call returns */
	result = body_read(core->pub.response.body, max, &slice);
	if (result == -EAGAIN)
		return !core->body_waits;
	core->body_waits = false;
	bool has_length = core->pub.response.body->length >= 0;
	uint64_t left = has_length ? left_of_body(ex, core) : UINT64_MAX;

	if (result == 1 && slice.len > left)
		return break_off_excess(ex, core, &slice);
	if (result == 1) {
		put_slice(ex, core, slice);
		return true;
	}
	if (result < 0 || (has_length && left > 0))
		return break_off(ex, core, result < 0 ? result : -EIO);
	if (core->chunked)
		put_last_chunk(ex, core);
	end_of_answer(ex, core);
	return true;
}

static void finish(struct exchange *ex, struct request_core *core)
{
	uint64_t end = core->body_done ? core->sent_end : ex->out.queued;

	if (ex->out.sent < end)
		end = ex->out.sent;
	if (core->answered && end > core->sent_begin)
		core->bytes_sent = end - core->sent_begin;
	core->pub.conn->bytes_sent = ex->out.sent;
	stats_count_response(core->answered ? core->pub.response.status : 0, core->bytes_sent);
	phases_log(&core->pub);
	buffer_unref(core->buffer);
	request_destroy(core);
}

static struct request_core *take_first(struct exchange *ex)
{
	struct request_core *core = ex->first;

	ex->first = core->next;
	if (!ex->first) {
		ex->end = &ex->first;
		conns.writing--;
	}
	if (ex->current == core)
		ex->current = NULL;
	return core;
}

void h1_finish_sent(struct exchange *ex)
{
	while (ex->first && ex->first->body_done && ex->out.sent >= ex->first->sent_end) {
		ex->first->complete_ok = true;
		finish(ex, take_first(ex));
	}
}

void h1_abandon(struct exchange *ex, int status)
{
	while (ex->first) {
		struct request_core *core = take_first(ex);

		if (!core->answered && !core->closing)
			core->pub.response.status = status;
		finish(ex, core);
	}
}
