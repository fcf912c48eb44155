/* SPDX-License-Identifier: BSD-2-Clause */
#include "http/request/response_fields.h"

#include <bytes16.h>
#include <escape.h>
#include <field.h>

#include "http/field/status.h"
#include "http/request/request_private.h"

/* --- what must not be sent -------------------------------------------------------- */

static const char why[] = "its value has a line end or a NUL in it";

static inline bytes16 are_controls(bytes16 bytes)
{
	return (bytes16)(bytes < 0x20);
}

/* As is_field_value(), but without a call for the many that have no control character. */
static inline bool stays_in_line(struct str value)
{
	return !bytes16_has(value, are_controls) || is_field_value(value);
}

/* Empties the member if it would break its line. Then its field is not sent, or has its default. */
static inline void check_member(struct request *req, struct str *member, const char *what)
{
	if (stays_in_line(*member))
		return;
	request_log(req, LEVEL_ERROR, 0, "%s is not sent: %s", what, why);
	*member = STR("");
}

/* Why it is not sent; NULL: it is. A module may have put it into the list by itself. */
static const char *fault_of(const struct header *field)
{
	if (!is_token(field->name))
		return "its name is not a token of RFC 9110";
	if (!stays_in_line(field->value))
		return why;
	return response_writes(field->name) ? "the server writes it itself" : NULL;
}

struct header **response_check_fields(struct request *req, struct header **list)
{
	while (*list) {
		const struct header *field = *list;
		const char *fault = fault_of(field);

		if (!fault) {
			list = &(*list)->next;
			continue;
		}
		request_log(req, LEVEL_ERROR, 0, "the field \"%.*s\" is not sent: %s",
			    STR_ARG(field->name), fault);
		*list = field->next;
	}
	return list;
}

void response_check_server(struct request *req)
{
	struct response *response = &req->response;

	if (req->location->core->server_text && !response->server.data)
		response->server = server_token(req);
	check_member(req, &response->server, "the field Server");
	check_member(req, &response->reason, "the reason phrase of the response");
}

void response_check_content(struct request *req)
{
	struct response *response = &req->response;

	check_member(req, &response->content_type, "the field Content-Type");
	check_member(req, &response->charset, "the charset in Content-Type");
	check_member(req, &response->etag, "the field ETag");
	check_member(req, &response->last_modified_text, "the text given for Last-Modified");
}

void response_check(struct request *req)
{
	struct response *response = &req->response;

	response_check_server(req);
	response_check_content(req);
	response->headers_end = response_check_fields(req, &response->headers);
}

/* --- the values ------------------------------------------------------------------- */

/* A server may have a name that no client can be sent to: none, "~expression", "*.example". */
static bool is_host(struct str name)
{
	return !str_empty(name) && name.data[0] != '~' && str_chr(name, '*') < 0;
}

/* Empty if the connection came by a unix socket and the request names no host. */
static struct str redirect_host(struct request *req)
{
	const union address *local = conn_local(req->conn);

	if (req->location->core->server_name_in_redirect && is_host(req->server->name))
		return req->server->name;
	if (!str_empty(req->host))
		return req->host;
	if (local->any.sa_family == AF_UNIX)
		return STR("");

	struct str text = address_text(local, req->pool);

	return local->any.sa_family == AF_INET6 ?
		       pool_printf(req->pool, "[%.*s]", STR_ARG(text)) :
		       text;
}

/* Clients take "//a" for a host, and "/\\a", too (WHATWG URL): "/.//a" is the path. */
static struct str as_path(struct request *req, struct str location)
{
	bool is_like_host = str_starts(location, STR("//")) || str_starts(location, STR("/\\"));
	const struct str parts[] = { STR("/."), location };

	if (!is_like_host || req->response.location_names_host)
		return location;
	return pool_concat(req->pool, parts, 2);
}

struct str response_location(struct request *req)
{
	const struct http_conf *conf = req->location->core;
	struct str location = location_escape(req->pool, req->response.location);
	int port = address_port(conn_local(req->conn));

	if (!str_starts(location, STR("/")) || !conf->absolute_redirect)
		return as_path(req, location);

	struct str host = redirect_host(req);

	if (str_empty(host))
		return as_path(req, location);

	struct str scheme = conn_scheme(req->conn);

	if (conf->port_in_redirect && port && port != conn_scheme_port(req->conn))
		return pool_printf(req->pool, "%.*s://%.*s:%d%.*s", STR_ARG(scheme), STR_ARG(host),
				   port, STR_ARG(location));
	return pool_printf(req->pool, "%.*s://%.*s%.*s", STR_ARG(scheme), STR_ARG(host),
			   STR_ARG(location));
}

struct str response_content_type(struct request *req)
{
	const struct response *response = &req->response;

	if (str_empty(response->charset))
		return response->content_type;
	return pool_concat(req->pool,
			   (const struct str[]){ response->content_type, STR("; charset="),
						 response->charset },
			   3);
}

const char *response_date(void)
{
	static struct {
		time_t second;
		char text[40];
	} kept = { .second = -1 };
	time_t now = (time_t)(clock_wall_ms() / 1000);

	if (kept.second != now) {
		date_put_http(kept.text, now);
		kept.second = now;
	}
	return kept.text;
}
