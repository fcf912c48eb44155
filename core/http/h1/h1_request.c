/* SPDX-License-Identifier: BSD-2-Clause */
/* From the bytes of a head to a request that walks through the phases. */
#include "http/h1/h1.h"

#include "base/stats.h"
#include "http/request/phases.h"
#include "http/routing/routing.h"
#include "http/field/status.h"
#include "http/field/uri.h"

/* Until a head is complete nobody knows which server it is for. */
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
 * 0, or the status for a head that goes beyond its limits. If it is not complete, the
 * complete one would do so, whatever follows.
 */
static int check_limits(const struct h1 *h)
{
	const struct http_conf *conf = default_conf(h);
	const struct head_scan *scan = &h->ex->scan;
	size_t first = (size_t)conf->client_header_buffer_size.bytes;
	size_t large = (size_t)conf->large_buffers_size.bytes;
	size_t line_limit = first > large ? first : large;
	size_t unfinished = head_unfinished(scan, h->ex->in->bytes + h->ex->in->begin);

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
	const struct exchange *ex = h->ex;
	size_t held = ex->in ? ex->in->end - ex->in->begin : 0;

	if (ex->eof || output_pending(&ex->out))
		return false;
	if (held == 0)
		return true;
	/* h1_next_request() has found it within its limits, unless it comes first. */
	if (!ex->current && !ex->last_answer && ex->body.kind == FRAMING_NONE)
		return ex->scan.pos == held;
	return held < head_limit(default_conf(h));
}

/* The first one's time has begun with the connection, by its timer. */
int64_t h1_head_deadline(const struct h1 *h)
{
	const struct timer *timer = &h->conn->timer;

	if (h->conn->requests == 0 && timer_is_started(timer))
		return timer->deadline;
	return clock_ms() + default_conf(h)->client_header_timeout.ms;
}

/* Of a head that is not complete: 0, or the status for what has come of the request line. */
static int check_request_line(struct h1 *h)
{
	struct exchange *ex = h->ex;
	struct request_line line;
	const char *bytes = ex->in->bytes + ex->in->begin;

	if (!ex->scan.line_end)
		return head_is_possible(&ex->scan, bytes) ? 0 : 400;
	if (ex->line_is_checked)
		return 0;
	ex->line_is_checked = true;
	return request_line_parse(head_request_line(&ex->scan, bytes), &line);
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
	req->head_only = line.method == METHOD_HEAD;
	status = target_split(line.method, line.target, &target);
	if (status)
		return status;
	req->target = target.path_and_args;
	req->args = target.args;
	req->uri = target.path;
	*host = target.authority;
	return 0;
}

static bool keeps_underscores(const struct http_conf *conf)
{
	return conf->underscores_in_headers || !conf->ignore_invalid_headers;
}

static int read_fields(struct request *req, const struct http_conf *conf, struct str fields)
{
	const struct header **end = &req->headers;
	struct field_line line;

	while (head_next_field(&fields, &line)) {
		if (!line.is_valid)
			return 400;
		/* Programs behind us confuse _ and -. */
		if (line.has_underscore && !keeps_underscores(conf))
			continue;

		int status = known_set(&req->known, line.name, line.value);

		if (status)
			return status;

		struct header *field = pool_alloc(req->pool, sizeof(*field));

		*field = (struct header){ line.name, line.value, NULL };
		*end = field;
		end = (const struct header **)&field->next;
	}
	return 0;
}

/* The server by the host of the target, or the field Host. */
static int find_server(struct request *req, struct str authority)
{
	struct str field = req->known.host;
	int status = 0;

	if (req->version == HTTP_1_1 && !field.data)
		return 400;
	if (field.len > 0)
		status = host_parse(req->pool, field, &req->host);
	/* It counts before the field, which has to be good all the same (RFC 9112 section 3.2). */
	if (!status && authority.data)
		status = host_parse(req->pool, authority, &req->host);
	if (status)
		return status;

	const struct http_server *server = vhosts_find(http_vhosts(req->conn), req, req->host);

	if (!server)
		return 500;
	req->server = server;
	request_set_location(req, server->top);
	return 0;
}

static int read_body_framing(struct h1 *h, struct request_core *core)
{
	struct exchange *ex = h->ex;
	int status = framing_find(&core->pub.known, core->pub.version, &ex->body);

	if (status || ex->body.kind == FRAMING_NONE)
		return status;
	ex->chunked = (struct chunked){ 0 };
	ex->body_bytes = 0;
	ex->body_deadline = 0;
	core->body_expected = ex->body.kind == FRAMING_CHUNKED ? -1 : (int64_t)ex->body.length;
	return 0;
}

/* Reads the whole head into the request. 0, or the status to refuse it with. */
static int read_head(struct h1 *h, struct request_core *core, const char *bytes)
{
	const struct head_scan *scan = &h->ex->scan;
	struct request *req = &core->pub;
	struct str authority = { NULL, 0 };
	int status = read_request_line(req, head_request_line(scan, bytes), &authority);

	if (!status)
		status = read_fields(req, req->location->core, head_fields(scan, bytes));
	if (!status)
		status = find_server(req, authority);
	if (!status)
		status = read_body_framing(h, core);
	if (!status && req->method == METHOD_CONNECT)
		status = 405;
	if (!status && !str_eq(req->uri, STR("*")))
		status = path_normalize(req->pool, req->uri, req->location->core->merge_slashes,
					&req->uri);
	return status;
}

struct request_core *h1_begin_request(struct h1 *h)
{
	struct exchange *ex = h->ex;
	struct request_core *core = request_create(h->conn);

	core->buffer = buffer_ref(ex->in);
	core->started_ms = ex->head_began_ms;
	core->complete = h1_complete;
	core->complete_data = h;
	core->pub.server = vhosts_default(http_vhosts(h->conn));
	core->pub.version = HTTP_1_0;
	request_set_location(&core->pub, core->pub.server->top);
	core->pipelined = ex->first != NULL;
	core->number = ++h->conn->requests;
	*ex->end = core;
	ex->end = &core->next;
	ex->current = core;
	stats_add(&stats_mine->requests, 1);
	conns.writing += !core->pipelined;
	return core;
}

/* Framing is lost with this request: its answer is the last one. */
static enum next_request refuse(struct h1 *h, struct request_core *core, int status)
{
	h->ex->last_answer = true;
	/* Also when the line went no further than its method. */
	core->pub.head_only = str_starts(core->pub.line, STR("HEAD "));
	if (status != 500) /* not the client's fault, and reported already */
		request_log(&core->pub, LEVEL_INFO, 0, "client sent an invalid request: %d %.*s",
			    status, STR_ARG(status_reason(status)));
	request_refuse(core, status);
	return NEXT_STARTED;
}

static enum next_request start(struct h1 *h)
{
	struct exchange *ex = h->ex;
	struct request_core *core = h1_begin_request(h);
	const char *bytes = ex->in->bytes + ex->in->begin;
	int status = check_limits(h);

	if (!status)
		status = read_head(h, core, bytes);
	else
		core->pub.line = head_request_line(&ex->scan, bytes);
	core->head_bytes = ex->scan.end - ex->scan.start;
	ex->in->begin += ex->scan.end;
	ex->scan = (struct head_scan){ 0 };
	ex->head_began_ms = clock_wall_ms();
	ex->awaited = AWAITED_NOTHING;
	ex->line_is_checked = false;
	if (status)
		return refuse(h, core, status);
	core->keepalive = head_keeps_alive(&core->pub.known, core->pub.version);
	request_advance(core);
	return NEXT_STARTED;
}

enum next_request h1_next_request(struct h1 *h)
{
	struct exchange *ex = h->ex;

	if (!ex->in || ex->in->begin == ex->in->end)
		return NEXT_NONE;

	enum head_state state = head_scan(&ex->scan, ex->in->bytes + ex->in->begin,
					  ex->in->end - ex->in->begin);

	if (state == HEAD_COMPLETE)
		return start(h);

	int status = state == HEAD_BAD ? 400 : check_limits(h);

	if (!status)
		status = check_request_line(h);
	if (!status)
		return NEXT_NONE;

	struct request_core *core = h1_begin_request(h);
	const char *bytes = ex->in->bytes + ex->in->begin;

	core->pub.line = ex->scan.line_end
				 ? head_request_line(&ex->scan, bytes)
				 : (struct str){ bytes + ex->scan.line,
						 head_unfinished(&ex->scan, bytes) };
	return refuse(h, core, status);
}
