/* SPDX-License-Identifier: BSD-2-Clause */
/* The response as handlers see it; how it is written out is response_head.c's. */
#include <config.h>
#include <escape.h>
#include <module.h>
#include <strings.h>

#include "http/request/request_private.h"

/* What becomes of a field that a module adds by its name. */
enum field_kind {
	FIELD_FREE, /* it is added */
	FIELD_OF_SERVER, /* the protocol writes it, and nobody else */
	FIELD_CONTENT_TYPE, /* the others have a member in struct response */
	FIELD_ETAG,
	FIELD_LAST_MODIFIED,
	FIELD_LOCATION,
};

/* By length and first letter: few names need a comparison. */
static enum field_kind kind_of(struct str name)
{
	static const struct {
		char first;
		const char *name;
		enum field_kind kind;
	} known[][2] = {
		[4] = { { 'e', "ETag", FIELD_ETAG }, { 'd', "Date", FIELD_OF_SERVER } },
		[6] = { { 's', "Server", FIELD_OF_SERVER } },
		[8] = { { 'l', "Location", FIELD_LOCATION } },
		[10] = { { 'c', "Connection", FIELD_OF_SERVER },
			 { 'k', "Keep-Alive", FIELD_OF_SERVER } },
		[12] = { { 'c', "Content-Type", FIELD_CONTENT_TYPE } },
		[13] = { { 'l', "Last-Modified", FIELD_LAST_MODIFIED } },
		[14] = { { 'c', "Content-Length", FIELD_OF_SERVER } },
		[17] = { { 't', "Transfer-Encoding", FIELD_OF_SERVER } },
	};

	if (name.len == 0 || name.len >= sizeof(known) / sizeof(known[0]))
		return FIELD_FREE;
	for (int i = 0; i < 2; i++)
		if (known[name.len][i].first == ascii_lower(name.data[0]) &&
		    strncasecmp(known[name.len][i].name, name.data, name.len) == 0)
			return known[name.len][i].kind;
	return FIELD_FREE;
}

bool response_writes(struct str name)
{
	return kind_of(name) == FIELD_OF_SERVER;
}

/* A text that is no date is sent all the same, as nginx does; nothing is compared with it. */
static void set_last_modified(struct response *response, struct str text)
{
	response->last_modified_text = text;
	if (date_parse_http(text, &response->last_modified) < 0)
		response->last_modified = -1;
}

static void append(struct request *req, struct str name, struct str value)
{
	struct response *response = &req->response;
	struct header *field = pool_new(req->pool, struct header);

	*field = (struct header){ name, value, NULL };
	if (!response->headers) /* a module may have assigned the whole struct */
		response->headers_end = &response->headers;
	*response->headers_end = field;
	response->headers_end = &field->next;
}

static void refuse_field(struct request *req, struct str name)
{
	const struct module *caller = request_core(req)->caller;

	request_log(req, LEVEL_ALERT, 0,
		    "the module %s adds the field %.*s, which the server writes itself: left out",
		    caller ? caller->name : "(outside of a handler)", STR_ARG(name));
}

static void add(struct request *req, enum field_kind kind, struct str name, struct str value)
{
	struct response *response = &req->response;

	switch (kind) {
	case FIELD_FREE:
		append(req, name, value);
		break;
	case FIELD_OF_SERVER:
		refuse_field(req, name);
		break;
	case FIELD_CONTENT_TYPE:
		response->content_type = value;
		response->charset = STR("");
		break;
	case FIELD_ETAG:
		response->etag = value;
		break;
	case FIELD_LAST_MODIFIED:
		set_last_modified(response, value);
		break;
	case FIELD_LOCATION:
		response->location = value;
		break;
	}
}

static void remove_added(struct response *response, struct str name)
{
	struct header **at = &response->headers;

	while (*at) {
		if (str_eq_nocase((*at)->name, name))
			*at = (*at)->next;
		else
			at = &(*at)->next;
	}
	response->headers_end = at;
}

void response_add(struct request *req, struct str name, struct str value)
{
	add(req, kind_of(name), name, value);
}

void response_remove(struct request *req, struct str name)
{
	enum field_kind kind = kind_of(name);

	if (kind == FIELD_FREE)
		remove_added(&req->response, name);
	else if (kind != FIELD_OF_SERVER)
		add(req, kind, name, STR(""));
}

void response_set(struct request *req, struct str name, struct str value)
{
	enum field_kind kind = kind_of(name);

	if (kind == FIELD_FREE)
		remove_added(&req->response, name);
	add(req, kind, name, value);
}

struct header *response_find(struct request *req, struct str name)
{
	for (struct header *field = req->response.headers; field; field = field->next)
		if (str_eq_nocase(field->name, name))
			return field;
	return NULL;
}

void response_transform(struct request *req, bool same_content)
{
	struct response *response = &req->response;

	response->allow_ranges = false;
	response_remove(req, STR("Accept-Ranges"));
	if (!same_content) {
		response_remove(req, STR("ETag"));
		response_remove(req, STR("Last-Modified"));
	} else if (!str_empty(response->etag) && !str_starts(response->etag, STR("W/"))) {
		response->etag = pool_concat(req->pool,
					     (const struct str[]){ STR("W/"), response->etag }, 2);
	}
}

void response_vary(struct request *req, struct str field)
{
	struct header *vary = response_find(req, STR("Vary"));

	if (!vary)
		response_add(req, STR("Vary"), field);
	else if (!list_has(vary->value, field) && !list_has(vary->value, STR("*")))
		vary->value = pool_concat(
			req->pool, (const struct str[]){ vary->value, STR(", "), field }, 3);
}

void response_reset(struct request *req)
{
	body_close(req->response.body);
	req->response = (struct response){ .last_modified = -1 };
	req->response.headers_end = &req->response.headers;
}

static const char why[] = "its value has a line end or a NUL in it";

/* Members are emptied: what is empty is not sent, or as it is by default. */
static void check_member(struct request *req, struct str *member, const char *what)
{
	if (str_empty(*member) || is_field_value(*member))
		return;
	request_log(req, LEVEL_ERROR, 0, "%s is not sent: %s", what, why);
	*member = STR("");
}

/* Why it is not sent; NULL: it is. A module may have put it into the list by itself. */
static const char *fault_of(const struct header *field)
{
	if (!is_token(field->name))
		return "its name is not a token of RFC 9110";
	if (!is_field_value(field->value))
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

void response_check(struct request *req)
{
	struct response *response = &req->response;

	check_member(req, &response->reason, "the reason phrase of the response");
	check_member(req, &response->content_type, "the field Content-Type");
	check_member(req, &response->charset, "the charset in Content-Type");
	check_member(req, &response->etag, "the field ETag");
	check_member(req, &response->last_modified_text, "the text given for Last-Modified");
	response->headers_end = response_check_fields(req, &response->headers);
}

struct str server_token(int server_tokens)
{
	return server_tokens == TOKENS_OFF ? STR("skua") : STR("skua/" SKUA_VERSION);
}

/* A server may have a name that no client can be sent to: none, "~expression", "*.example". */
static bool is_host(struct str name)
{
	return !str_empty(name) && name.data[0] != '~' && str_chr(name, '*') < 0;
}

/* Empty on a unix socket, where nobody has told a host. */
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

struct str response_location(struct request *req)
{
	const struct http_conf *conf = req->location->core;
	struct str location = location_escape(req->pool, req->response.location);
	int port = address_port(conn_local(req->conn));

	if (!str_starts(location, STR("/")) || !conf->absolute_redirect)
		return location;

	struct str host = redirect_host(req);

	if (str_empty(host))
		return location;
	if (conf->port_in_redirect && port && port != 80)
		return pool_printf(req->pool, "http://%.*s:%d%.*s", STR_ARG(host), port,
				   STR_ARG(location));
	return pool_printf(req->pool, "http://%.*s%.*s", STR_ARG(host), STR_ARG(location));
}
