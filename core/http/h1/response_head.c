/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes heads. The room that a head needs is added up first from the lengths of its parts;
 * then the parts are copied. The lines Server and Date, which are the same for all responses
 * of a second, are kept.
 */
#include "http/h1/response_head.h"

#include <date.h>
#include "http/request/request_private.h"
#include "http/field/status.h"

enum { ROOM_FOR_FIXED_PARTS = 512 };

/* "Server: skua/0.1.0\r\nDate: Sun, 22 Nov 2026 20:00:00 GMT\r\n" */
static struct str common_lines(int server_tokens)
{
	static struct {
		time_t second;
		size_t len;
		char text[128];
	} kept[3];
	time_t now = (time_t)(clock_wall_ms() / 1000);

	if (kept[server_tokens].second != now) {
		char *end = kept[server_tokens].text;

		end = str_put(end, STR("Server: "));
		end = str_put(end, server_token(server_tokens));
		end = str_put(end, STR("\r\nDate: "));
		end = date_put_http(end, now);
		end = str_put(end, STR("\r\n"));
		kept[server_tokens].len = (size_t)(end - kept[server_tokens].text);
		kept[server_tokens].second = now;
	}
	return (struct str){ kept[server_tokens].text, kept[server_tokens].len };
}

static char *put_field(char *to, struct str name, struct str value)
{
	to = str_put(to, name);
	*to++ = ':';
	*to++ = ' ';
	to = str_put(to, value);
	*to++ = '\r';
	*to++ = '\n';
	return to;
}

static char *put_status_line(char *to, const struct response *response)
{
	struct str reason = response->reason;

	if (response->status == 200 && str_empty(reason))
		return str_put(to, STR("HTTP/1.1 200 OK\r\n"));
	to = str_put(to, STR("HTTP/1.1 "));
	to = str_put_u64(to, (uint64_t)response->status);
	*to++ = ' ';
	to = str_put(to, str_empty(reason) ? status_reason(response->status) : reason);
	return str_put(to, STR("\r\n"));
}

static char *put_framing(char *to, const struct response *response, bool is_chunked)
{
	if (is_chunked)
		return str_put(to, STR("Transfer-Encoding: chunked\r\n"));
	if (!status_has_body(response->status) || (response->body && response->body->length < 0))
		return to;
	to = str_put(to, STR("Content-Length: "));
	to = str_put_u64(to, response->body ? (uint64_t)response->body->length : 0);
	return str_put(to, STR("\r\n"));
}

static char *put_connection(char *to, const struct request_core *core)
{
	if (!core->keepalive)
		return str_put(to, STR("Connection: close\r\n"));
	if (core->pub.version == HTTP_1_0)
		to = str_put(to, STR("Connection: keep-alive\r\n"));
	if (core->pub.location->core->keepalive_header.ms) {
		to = str_put(to, STR("Keep-Alive: timeout="));
		to = str_put_u64(to, (uint64_t)core->pub.location->core->keepalive_header.ms /
					     1000);
		to = str_put(to, STR("\r\n"));
	}
	return to;
}

static size_t room_for(const struct header *fields)
{
	size_t room = 0;

	for (const struct header *field = fields; field; field = field->next)
		room += field->name.len + field->value.len + 4;
	return room;
}

static char *put_fields(char *to, const struct header *fields)
{
	for (const struct header *field = fields; field; field = field->next)
		to = put_field(to, field->name, field->value);
	return to;
}

struct str response_head(struct request_core *core, bool is_chunked)
{
	struct request *req = &core->pub;
	const struct response *response = &req->response;

	response_check(req);
	struct str location = str_empty(response->location) ? STR("") : response_location(req);
	struct str modified = response->last_modified_text;
	size_t room = ROOM_FOR_FIXED_PARTS + response->reason.len + response->content_type.len +
		      response->charset.len + response->etag.len + location.len + modified.len +
		      room_for(response->headers);
	char *head = pool_alloc(req->pool, room);
	char *to = put_status_line(head, response);

	to = str_put(to, common_lines(req->location->core->server_tokens));
	if (!str_empty(response->content_type)) {
		to = str_put(to, STR("Content-Type: "));
		to = str_put(to, response->content_type);
		if (!str_empty(response->charset)) {
			to = str_put(to, STR("; charset="));
			to = str_put(to, response->charset);
		}
		to = str_put(to, STR("\r\n"));
	}
	to = put_framing(to, response, is_chunked);
	if (response->last_modified >= 0 || !str_empty(modified)) {
		to = str_put(to, STR("Last-Modified: "));
		to = str_empty(modified) ? date_put_http(to, response->last_modified) :
					   str_put(to, modified);
		to = str_put(to, STR("\r\n"));
	}
	if (!str_empty(location))
		to = put_field(to, STR("Location"), location);
	to = put_connection(to, core);
	if (!str_empty(response->etag))
		to = put_field(to, STR("ETag"), response->etag);
	if (response->nosniff)
		to = str_put(to, STR("X-Content-Type-Options: nosniff\r\n"));
	to = put_fields(to, response->headers);
	to = str_put(to, STR("\r\n"));
	return str_range(head, to);
}

struct str response_trailers(struct request *req)
{
	response_check_fields(req, &req->response.trailers);

	char *lines = pool_alloc(req->pool, room_for(req->response.trailers));

	return str_range(lines, put_fields(lines, req->response.trailers));
}
