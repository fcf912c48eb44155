/* SPDX-License-Identifier: BSD-2-Clause */
/* From the bytes of a head to a request that runs through the phases. */
#include "http/h1/h1.h"

#include <escape.h>

#include "http/conf/http.h"
#include "http/field/uri.h"
#include "http/routing/routing.h"

/* Until a head is complete its server is not known, so the limits of the default server count. */
static const struct http_conf *default_conf(const struct h1 *h)
{
	return vhosts_default(http_vhosts(h->conn))->top->core;
}

static size_t head_limit(const struct http_conf *conf)
{
	return (size_t)conf->client_header_buffer_size.bytes +
	       (size_t)conf->large_buffers_count * (size_t)conf->large_buffers_size.bytes;
}

/*
 * 0, or the status for a head that exceeds its limits. A head that is not complete is refused
 * as soon as it exceeds them, whatever follows.
 */
static int check_limits(const struct h1 *h)
{
	const struct http_conf *conf = default_conf(h);
	const struct head_scan *scan = &h->busy->scan;
	size_t first = (size_t)conf->client_header_buffer_size.bytes;
	size_t large = (size_t)conf->large_buffers_size.bytes;
	size_t line_limit = first > large ? first : large;
	size_t unfinished = head_unfinished(scan, h->busy->in->bytes + h->busy->in->begin);

	if ((scan->line_end ? scan->line_end - scan->start : unfinished) > line_limit)
		return 414;
	if (scan->longest > line_limit || unfinished > line_limit ||
	    scan->pos - (scan->line_end ? scan->start : scan->line) > head_limit(conf) ||
	    (conf->max_headers && scan->lines > conf->max_headers))
		return 494;
	return 0;
}

bool h1_may_receive(const struct h1 *h)
{
	const struct h1_busy *busy = h->busy;
	size_t held = busy->in ? busy->in->end - busy->in->begin : 0;

	if (busy->eof || output_pending(&busy->out))
		return false;
	if (held == 0)
		return true;
	/*
	 * If all bytes have been scanned, h1_next_request() has found the head within its limits;
	 * otherwise it has to look at them first.
	 */
	if (!busy->current && !busy->is_last && busy->body.kind == FRAMING_NONE)
		return busy->scan.pos == held;
	return held < head_limit(default_conf(h));
}

/* The first head has the deadline of the connection's timer, which h1_open() has started. */
int64_t h1_head_deadline(const struct h1 *h)
{
	const struct timer *timer = &h->conn->timer;

	if (h->conn->requests == 0 && timer_is_started(timer))
		return timer->deadline;
	return clock_ms() + default_conf(h)->client_header_timeout.ms;
}

/* For a head that is not complete: 0, or the status to refuse its request line with. */
static int check_request_line(struct h1 *h)
{
	struct h1_busy *busy = h->busy;
	struct request_line line;
	const char *bytes = busy->in->bytes + busy->in->begin;

	if (!busy->scan.line_end)
		return head_is_possible(&busy->scan, bytes) ? 0 : 400;
	if (busy->line_is_checked)
		return 0;
	busy->line_is_checked = true;
	return request_line_parse(head_request_line(&busy->scan, bytes), &line);
}

static int read_request_line(struct request *req, struct str text, struct str *host)
{
	struct request_line line;
	struct target target;
	int status = request_line_parse(text, &line);

	req->line = text;
	if (status)
		return status;
	req->method = line.method;
	req->method_name = line.method_name;
	req->version = line.version;
	req->head_only = h1_request(req)->is_head = line.method == METHOD_HEAD;
	status = target_split(line.method, line.target, &target);
	if (status)
		return status;
	req->target = target.path_and_args;
	req->args = target.args;
	req->uri = target.path;
	*host = target.authority;
	return 0;
}

static int read_fields(struct request_core *core, struct str fields)
{
	struct field_line line;

	while (head_next_field(&fields, &line)) {
		if (!line.is_valid)
			return 400;
		core->has_unusual_fields |= line.is_unusual;

		int status = request_add_field(core, line.name, line.value);

		if (status)
			return status;
	}
	return 0;
}

static int read_body_framing(struct h1 *h, struct request_core *core)
{
	struct h1_busy *busy = h->busy;
	int status = framing_find(&core->pub.known, core->pub.version, &busy->body);

	if (status || busy->body.kind == FRAMING_NONE)
		return status;
	busy->chunked = (struct chunked){ 0 };
	busy->body_bytes = 0;
	busy->body_error = 0;
	busy->body_deadline = 0;
	core->body_expected = busy->body.kind == FRAMING_CHUNKED ? -1 : (int64_t)busy->body.length;
	return 0;
}

/* Reads the whole head into the request. 0, or the status to refuse it with. */
static int read_head(struct h1 *h, struct request_core *core, const char *bytes)
{
	const struct head_scan *scan = &h->busy->scan;
	struct request *req = &core->pub;
	struct str authority = { NULL, 0 };
	int status = read_request_line(req, head_request_line(scan, bytes), &authority);

	if (!status)
		status = read_fields(core, head_fields(scan, bytes));
	if (!status)
		status = request_find_authority(core, authority, http_vhosts(h->conn));
	if (!status)
		status = read_body_framing(h, core);
	return status ? status : request_decode_target(core);
}

/*
 * The request is not valid, and nobody knows where the next one begins: its response is the
 * last one.
 */
static void refuse(struct h1 *h, struct request_core *core, int status)
{
	h->busy->is_last = h->busy->has_refused = true;
	/* The line may end after its method; then read_request_line() has not set head_only. */
	core->pub.head_only = str_starts(core->pub.line, STR("HEAD "));
	h1_request(&core->pub)->is_head = core->pub.head_only;
	request_refuse(core, status);
}

static void start(struct h1 *h, struct request_core *core, int status)
{
	struct h1_busy *busy = h->busy;
	const char *bytes = busy->in->bytes + busy->in->begin;

	if (!status)
		status = read_head(h, core, bytes);
	else
		core->pub.line = head_request_line(&busy->scan, bytes);
	core->head_bytes = busy->scan.end - busy->scan.start;
	busy->in->begin += busy->scan.end;
	busy->scan = (struct head_scan){ 0 };
	busy->head_began_us = clock_us();
	busy->awaited = AWAITED_NOTHING;
	busy->line_is_checked = false;
	if (status) {
		refuse(h, core, status);
		return;
	}
	core->keepalive = head_keeps_alive(&core->pub.known, core->pub.version);
	request_advance(core);
}

bool h1_next_request(struct h1 *h)
{
	struct h1_busy *busy = h->busy;

	if (!busy->in || busy->in->begin == busy->in->end)
		return false;

	const char *bytes = busy->in->bytes + busy->in->begin;
	enum head_state state = head_scan(&busy->scan, bytes, busy->in->end - busy->in->begin);
	int status = state == HEAD_BAD ? 400 : check_limits(h);

	if (state != HEAD_COMPLETE && !status)
		status = check_request_line(h);
	if (state != HEAD_COMPLETE && !status)
		return false;

	struct request_core *core = &h1_begin_request(h)->core;

	core->complete = h1_complete;
	core->complete_data = h;
	if (state == HEAD_COMPLETE) {
		start(h, core, status);
		return true;
	}
	if (busy->scan.line_end)
		core->pub.line = head_request_line(&busy->scan, bytes);
	else
		core->pub.line = (struct str){ bytes + busy->scan.line,
					       head_unfinished(&busy->scan, bytes) };
	refuse(h, core, status);
	return true;
}
