/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From the fields of a block to a request that runs. Fields are decoded as they come, and
 * copied to the pool of their request. A request that is malformed (RFC 9113 section 8.1.1) has
 * its stream reset; one whose fields are well-formed, but say what HTTP/1 refuses with a
 * status, gets that status.
 */
#include "http/h2/h2.h"

#include <field.h>

#include "http/conf/http.h"
#include "http/field/fields.h"
#include "http/field/method.h"
#include "http/field/uri.h"

/* --- limits: as those of a head of HTTP/1 with these fields --- */

enum { LINE_EXTRA = 4 }; /* ": " and CR LF */

static size_t line_limit(const struct http_conf *conf)
{
	size_t first = (size_t)conf->client_header_buffer_size.bytes;
	size_t large = (size_t)conf->large_buffers_size.bytes;

	return first > large ? first : large;
}

static size_t head_limit(const struct http_conf *conf)
{
	return (size_t)conf->client_header_buffer_size.bytes +
	       (size_t)conf->large_buffers_count * (size_t)conf->large_buffers_size.bytes;
}

static int check_limits(const struct h2 *h2, struct h2_block *block,
			const struct hpack_field *field)
{
	size_t len = field->name.len + field->value.len + LINE_EXTRA;

	block->size += len;
	block->lines++;
	if (len > line_limit(h2->conf))
		return str_eq(field->name, STR(":path")) ? 414 : 494;
	if (block->size > head_limit(h2->conf))
		return 494;
	return h2->conf->max_headers && block->lines > h2->conf->max_headers ? 494 : 0;
}

/* --- fields --- */

/* All but lower case letters, digits and hyphens, of which nearly all names consist. */
static inline bytes16 are_unusual(bytes16 bytes)
{
	return ~(bytes16)((bytes - 'a' <= 'z' - 'a') | (bytes - '0' <= '9' - '0') | (bytes == '-'));
}

static inline bytes16 are_upper_case(bytes16 bytes)
{
	return (bytes16)(bytes - 'A' <= 'Z' - 'A');
}

/* Section 8.2.1: names have no upper case. */
static bool is_field_name(struct str name)
{
	return is_token(name) && !bytes16_has(name, are_upper_case);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static inline bytes16 are_controls(bytes16 bytes)
{
	return (bytes16)(bytes < ' ');
}

static bool is_valid_value(struct str value)
{
	if (value.len && (is_blank(value.data[0]) || is_blank(value.data[value.len - 1])))
		return false;
	/* Most have no control character. */
	return !bytes16_has(value, are_controls) || is_field_value(value);
}

/* Section 8.2.2: fields that are about the connection make a request malformed. */
static bool is_of_connection(const struct hpack_field *field)
{
	struct str name = field->name;

	switch (name.len) {
	case 2:
		return str_eq(name, STR("te")) && !str_eq_nocase(field->value, STR("trailers"));
	case 7:
		return str_eq(name, STR("upgrade"));
	case 10:
		return str_eq(name, STR("connection")) || str_eq(name, STR("keep-alive"));
	case 16:
		return str_eq(name, STR("proxy-connection"));
	case 17:
		return str_eq(name, STR("transfer-encoding"));
	default:
		return false;
	}
}

/* Where the value of a pseudo-header field is kept; NULL: there is none of this name. */
static struct str *pseudo_named(struct h2_block *block, struct str name)
{
	if (str_eq(name, STR(":method")))
		return &block->method;
	if (str_eq(name, STR(":scheme")))
		return &block->scheme;
	if (str_eq(name, STR(":authority")))
		return &block->authority;
	return str_eq(name, STR(":path")) ? &block->path : NULL;
}

/* A copy of the value, unless it is one of those that most requests have. */
static struct str keep_pseudo(struct pool *pool, struct str value)
{
	if (str_eq(value, STR("GET")))
		return STR("GET");
	if (str_eq(value, STR("https")))
		return STR("https");
	return str_eq(value, STR("http")) ? STR("http") : pool_strdup(pool, value);
}

/* False: the request is malformed. */
static bool take_pseudo(struct h2_block *block, const struct hpack_field *field)
{
	struct str *kept = pseudo_named(block, field->name);

	if (!kept || kept->data || block->saw_regular || block->is_trailers)
		return false;
	*kept = keep_pseudo(block->stream->core.pub.pool, field->value);
	return true;
}

static void add_cookie(struct h2_block *block, struct str value)
{
	struct pool *pool = block->stream->core.pub.pool;
	struct header *cookie = pool_new(pool, struct header);

	cookie->value = pool_strdup(pool, value);
	if (block->cookies)
		block->last_cookie->next = cookie;
	else
		block->cookies = cookie;
	block->last_cookie = cookie;
	block->cookie_bytes += value.len + 2;
}

static void add_field(struct h2_block *block, const struct hpack_field *field, bool is_usual)
{
	struct request_core *core = &block->stream->core;
	struct str name, value;

	if (str_eq(field->name, STR("cookie"))) {
		add_cookie(block, field->value);
		return;
	}
	core->has_unusual_fields |= !is_usual;
	name = (struct str){ pool_alloc(core->pub.pool, field->name.len + field->value.len),
			     field->name.len };
	value = (struct str){ str_put_short((char *)name.data, field->name), field->value.len };
	str_put_short((char *)value.data, field->value);
	block->status = request_add_field(core, name, value);
	if (str_eq(name, STR("priority")))
		block->priority = value;
}

static void take_field(struct h2 *h2, const struct hpack_field *field)
{
	struct h2_block *block = &h2->busy->block;
	size_t len = field->name.len + field->value.len;
	bool is_usual;

	if (!block->stream || block->is_malformed || block->status)
		return;
	block->status = check_limits(h2, block, field);
	if (block->status)
		return;
	/* One byte may refer to a large field: what counts is what it takes to keep that. */
	h2->limits.payload_bytes += len;
	h2->busy->field_bytes += len + sizeof(struct header);
	block->stream->field_bytes += (uint32_t)(len + sizeof(struct header));
	if (!is_valid_value(field->value)) {
		block->is_malformed = true;
	} else if (field->name.len && field->name.data[0] == ':') {
		block->is_malformed = !take_pseudo(block, field);
	} else {
		is_usual = field->name.len && !bytes16_has(field->name, are_unusual);
		block->saw_regular = true;
		block->is_malformed = (!is_usual && !is_field_name(field->name)) ||
				      is_of_connection(field);
		if (!block->is_malformed && !block->is_trailers)
			add_field(block, field, is_usual);
	}
}

/* --- the request --- */

/* Section 8.2.3: cookies may come one by one, and are one field in HTTP/1. */
static int join_cookies(struct h2_block *block, struct request_core *core)
{
	struct pool *pool = core->pub.pool;
	char *bytes, *to;

	if (!block->cookies)
		return 0;
	bytes = to = pool_alloc(pool, block->cookie_bytes);
	for (const struct header *at = block->cookies; at; at = at->next) {
		if (at != block->cookies)
			to = str_put(to, STR("; "));
		to = str_put(to, at->value);
	}
	return request_add_field(core, STR("cookie"), str_range(bytes, to));
}

/* Whether the pseudo-header fields are those of a request (sections 8.3.1 and 8.5). */
static bool is_request(const struct h2_block *block, enum method method)
{
	if (method == METHOD_OTHER && !is_token(block->method))
		return false;
	if (method == METHOD_CONNECT)
		return !block->scheme.data && !block->path.data && block->authority.len;
	return block->scheme.len && block->path.len;
}

static inline bytes16 are_invisible(bytes16 bytes)
{
	return (bytes16)((bytes <= ' ') | (bytes == 0x7f));
}

/* Visible characters only, as in the request line of HTTP/1. */
static bool is_path(struct str path)
{
	return !bytes16_has(path, are_invisible) &&
	       (path.data[0] == '/' || str_eq(path, STR("*")));
}

static int read_target(struct h2_block *block, struct request *req)
{
	struct target target;
	int status;

	if (req->method == METHOD_CONNECT) {
		req->args = req->uri = req->target = STR("");
		return 0;
	}
	if (!is_path(block->path) ||
	    (!str_eq(block->scheme, STR("http")) && !str_eq(block->scheme, STR("https"))))
		return 400;
	status = target_split(req->method, block->path, &target);
	if (status)
		return status;
	req->target = target.path_and_args;
	req->args = target.args;
	req->uri = target.path;
	return 0;
}

/* The port of a valid host, by default that of the scheme. */
static uint64_t port_of(struct str host, struct str scheme)
{
	uint64_t port = str_eq(scheme, STR("https")) ? 443 : 80;
	size_t at = host.len;

	while (at && host.data[at - 1] >= '0' && host.data[at - 1] <= '9')
		at--;
	if (at && at < host.len && host.data[at - 1] == ':')
		str_to_u64(str_skip(host, at), 65535, &port);
	return port;
}

/* 0, or the status to refuse the request with. */
static int find_server(struct h2 *h2, struct h2_block *block, struct request_core *core)
{
	struct h2_authority *kept = &h2->busy->authority;
	struct request *req = &core->pub;
	struct str authority = block->authority;
	bool is_host = req->known.host.data == authority.data; /* and no field Host has come */

	if (is_host && kept->len && str_eq(authority, (struct str){ kept->text, kept->len })) {
		req->host = str_head(authority, kept->host_len);
		req->server = kept->server;
		request_set_location(req, kept->server->top);
		request_leave_out_fields(core);
		return 0;
	}

	int status = request_find_authority(core, (struct str){ NULL, 0 }, http_vhosts(h2->conn));

	/* Another host is one that is a copy, in lower case. */
	if (!status && is_host && authority.len && authority.len <= sizeof(kept->text) &&
	    req->host.data == authority.data && !req->captures_count) {
		str_put(kept->text, authority);
		kept->len = (uint8_t)authority.len;
		kept->host_len = (uint8_t)req->host.len;
		kept->server = req->server;
	}
	return status;
}

/*
 * Section 8.3.1: the authority takes the place of Host, which must not differ from it. One of
 * them has to be there.
 */
static int find_authority(struct h2 *h2, struct h2_block *block, struct request_core *core)
{
	struct request *req = &core->pub;
	struct str host, authority;
	int status = 0;

	if (!block->authority.data && !req->known.host.data)
		return 400;
	if (block->authority.data && req->known.host.data) {
		status = host_parse(req->pool, req->known.host, &host);
		if (!status)
			status = host_parse(req->pool, block->authority, &authority);
		if (!status && (!str_eq(host, authority) ||
				port_of(req->known.host, block->scheme) !=
					port_of(block->authority, block->scheme)))
			status = 400;
	} else if (block->authority.data) {
		status = request_add_field(core, STR("host"), block->authority);
	}
	return status ? status : find_server(h2, block, core);
}

/* Content-Length. 0, or the status to refuse the request with. */
static int read_length(struct h2_block *block, struct h2_stream *stream)
{
	struct str text = stream->core.pub.known.content_length;
	uint64_t length;

	stream->core.body_expected = block->ends_stream ? 0 : -1;
	if (!text.data)
		return 0;
	if (str_to_u64(text, INT64_MAX, &length) < 0)
		return 400;
	stream->body_left = (int64_t)length;
	if (!block->ends_stream)
		stream->core.body_expected = (int64_t)length;
	return 0;
}

static int read_fields(struct h2 *h2, struct h2_block *block, struct h2_stream *stream)
{
	struct request_core *core = &stream->core;
	int status = block->status;

	if (!status)
		status = read_target(block, &core->pub);
	if (!status)
		status = join_cookies(block, core);
	if (!status)
		status = find_authority(h2, block, core);
	if (!status)
		status = read_length(block, stream);
	return status ? status : request_decode_target(core);
}

/* What stands in logs: the request line that HTTP/1 would have. */
static void set_line(struct h2_block *block, struct request *req)
{
	req->method_name = block->method.data ? block->method : STR("");
	req->method = method_find(req->method_name);
	const struct str parts[] = { req->method_name, STR(" "),
				     block->path.data ? block->path : block->authority,
				     STR(" HTTP/2.0") };

	req->line = pool_concat(req->pool, parts, 4);
}

static void read_priority(const struct h2 *h2, struct h2_block *block, struct h2_stream *stream)
{
	const struct h2_updates *updates = h2->updates;

	priority_parse(block->priority, &stream->priority);
	for (unsigned i = 0; updates && i < updates->count; i++)
		if (updates->items[i].id == stream->id)
			stream->priority = updates->items[i].priority;
}

static void reset_malformed(struct h2 *h2, struct h2_stream *stream)
{
	request_log(&stream->core.pub, LEVEL_INFO, 0,
		    "client sent a malformed request: the stream is reset");
	if (!stream->is_running)
		stream->core.pub.response.status = 400;
	h2_reset_stream(h2, stream, H2_PROTOCOL_ERROR);
}

static void start(struct h2 *h2, struct h2_block *block, struct h2_stream *stream)
{
	struct request_core *core = &stream->core;
	int status;

	set_line(block, &core->pub);
	core->head_bytes = block->received;
	if (!block->status && (block->is_malformed || !is_request(block, core->pub.method))) {
		reset_malformed(h2, stream);
		return;
	}
	core->pub.head_only = stream->is_head = core->pub.method == METHOD_HEAD;
	status = read_fields(h2, block, stream);
	if (!status && block->ends_stream && stream->body_left > 0) { /* section 8.1.1 */
		reset_malformed(h2, stream);
		return;
	}
	read_priority(h2, block, stream);
	stream->body_is_over = block->ends_stream;
	stream->is_running = true;
	core->keepalive = true;
	if (status)
		request_refuse(core, status);
	else
		request_advance(core);
}

/* --- blocks --- */

/* The stream of a block that is not a request's; NULL: it is discarded. */
static struct h2_stream *old_stream(struct h2 *h2, struct h2_stream *stream, uint32_t id)
{
	if (stream && h2_is_open(stream)) {
		if (!stream->body_is_over)
			return stream;
		h2_reset_stream(h2, stream, H2_STREAM_CLOSED);
	} else if (!stream && !h2_was_reset(h2, id)) {
		h2_fail(h2, id == h2->last_stream ? H2_STREAM_CLOSED : H2_PROTOCOL_ERROR,
			"HEADERS for a stream that has ended, or was passed over");
	}
	return NULL;
}

static bool is_full(const struct h2 *h2)
{
	return h2->busy->count >= h2->streams || h2->busy->field_bytes >= H2_FIELDS_MAX;
}

/* NULL: it is not served, and its block is discarded. */
static struct h2_stream *new_stream(struct h2 *h2, uint32_t id)
{
	if (h2->is_last)
		return NULL;
	h2->last_stream = id;
	if (is_full(h2))
		h2_finish_sent(h2);
	if (is_full(h2)) {
		h2_refuse_stream(h2, id, H2_REFUSED_STREAM);
		return NULL;
	}

	struct h2_stream *stream = h2_begin_stream(h2, id);

	stream->core.complete = h2_complete;
	stream->core.complete_data = h2;
	return stream;
}

void h2_begin_block(struct h2 *h2, const struct frame *frame)
{
	struct h2_busy *busy = h2->busy;
	struct h2_stream *stream = h2_find_stream(busy, frame->stream);
	bool is_old = frame->stream <= h2->last_stream;

	busy->block = (struct h2_block){
		.id = frame->stream,
		.ends_stream = frame->flags & FLAG_END_STREAM,
		.is_trailers = is_old,
		.deadline = clock_ms() + h2->conf->client_header_timeout.ms,
	};
	stream = is_old ? old_stream(h2, stream, frame->stream) : new_stream(h2, frame->stream);
	busy->block.stream = stream;
	if (is_old && stream && !busy->block.ends_stream)
		busy->block.is_malformed = true;
}

static void end_block(struct h2 *h2)
{
	struct h2_block *block = &h2->busy->block;
	struct h2_stream *stream = block->stream;

	block->id = 0;
	block->stream = NULL;
	if (!stream)
		return;
	if (!block->is_trailers)
		start(h2, block, stream);
	else if (block->is_malformed)
		reset_malformed(h2, stream);
	else
		h2_end_body(h2, stream);
}

void h2_take_block(struct h2 *h2, struct str bytes, bool is_last)
{
	struct h2_block *block = &h2->busy->block;
	struct hpack_field field;
	int result;

	block->received += bytes.len;
	while ((result = hpack_decode(h2->decoder, &bytes, is_last, &field)) == 1)
		take_field(h2, &field);
	if (result < 0)
		h2_fail(h2, H2_COMPRESSION_ERROR, "a field block cannot be decoded");
	else if (is_last)
		end_block(h2);
}
