/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The fields of a response as they are sent. Handlers fill in members of struct response and
 * add fields, and the protocol has fields of its own; response_each_field() alone knows what
 * becomes of them. A protocol writes its head by it, and $sent_http_NAME is found by it.
 */
#ifndef SKUA_HTTP_REQUEST_RESPONSE_FIELDS_H
#define SKUA_HTTP_REQUEST_RESPONSE_FIELDS_H

#include <config.h>
#include <date.h>
#include <response.h>
#include <str.h>

#include "http/field/status.h"
#include "http/request/request_private.h"

/*
 * Removes what would break the lines of the head: members and values with CR,
 * LF or NUL in them, fields whose name is no token. The error log says so. Call it
 * before a head is written. Only Location is left as it is: response_location()
 * escapes it.
 */
void response_check(struct request *req);

/* Its parts: the server and the reason phrase, and what response_each_of_content() visits. */
void response_check_server(struct request *req);
void response_check_content(struct request *req);

/* The same for a list of fields, such as trailers; returns where the next one is added. */
struct header **response_check_fields(struct request *req, struct header **list);

/*
 * The field Location: a path becomes a URL, as nginx does, with the name of the
 * server or the host that was asked, and the port unless it is the usual one. Control
 * characters are percent-encoded.
 */
struct str response_location(struct request *req);

/*
 * What server_tokens says: "skua", "skua/0.1.0", "skua/0.1.0 (NAME)" with the name of the build
 * (auto/configure --build=NAME), or the text that the configuration has.
 */
static inline struct str server_token(struct request *req)
{
	const struct http_conf *conf = req->location->core;

	if (conf->server_text)
		return template_text(req, conf->server_text);
	if (conf->server_tokens == TOKENS_BUILD)
		return STR("skua/" SKUA_VERSION SKUA_BUILD);
	return conf->server_tokens == TOKENS_OFF ? STR("skua") : STR("skua/" SKUA_VERSION);
}

/* The field Server; empty: it is not sent. */
static inline struct str response_server(struct request *req)
{
	return req->response.server.data ? req->response.server : server_token(req);
}

/* The field Content-Type, with its charset. */
struct str response_content_type(struct request *req);

/* DATE_HTTP_LEN bytes, the field Date; the same text for all responses of a second. */
const char *response_date(void);

/* Called with a field; its value is valid as long as the call lasts. */
typedef void field_visitor(void *data, struct str name, struct str value);

/* Server and Date: the first part of response_each_field(). */
static inline __attribute__((always_inline)) void
response_each_of_server(struct request *req, field_visitor *visit, void *data)
{
	struct str server = response_server(req);

	if (!str_empty(server))
		visit(data, STR("Server"), server);
	visit(data, STR("Date"), (struct str){ response_date(), DATE_HTTP_LEN });
}

/* The second part: those that members of struct response describe, and those of the protocol. */
static inline __attribute__((always_inline)) void
response_each_of_content(struct request *req, field_visitor *visit, void *data)
{
	const struct response *response = &req->response;
	const struct body *body = response->body;
	const struct protocol *protocol = req->conn->protocol;
	struct header own[FIELDS_OF_PROTOCOL];
	char text[40]; /* of a number, of a date */

	if (!str_empty(response->content_type))
		visit(data, STR("Content-Type"), response_content_type(req));
	if (status_has_body(response->status) && (!body || body->length >= 0)) {
		char *end = str_put_u64(text, body ? (uint64_t)body->length : 0);

		visit(data, STR("Content-Length"), str_range(text, end));
	}
	if (!str_empty(response->last_modified_text) || response->last_modified >= 0) {
		struct str modified = response->last_modified_text;

		if (str_empty(modified))
			modified = str_range(text, date_put_http(text, response->last_modified));
		visit(data, STR("Last-Modified"), modified);
	}
	if (!str_empty(response->location))
		visit(data, STR("Location"), response_location(req));
	if (protocol && protocol->own_fields) {
		int count = protocol->own_fields(req, own);

		for (int i = 0; i < count; i++)
			visit(data, own[i].name, own[i].value);
	}
	if (!str_empty(response->etag))
		visit(data, STR("ETag"), response->etag);
	if (response->nosniff)
		visit(data, STR("X-Content-Type-Options"), STR("nosniff"));
}

/*
 * Calls visit(data, …) for each field that is sent, in their order. Names are there in their
 * usual spelling. Before the response is complete, they are those that would be sent now.
 *
 * It is inline so that a head costs no more than copying it: where `visit` is an inline
 * function, too, the names are constants there.
 */
static inline __attribute__((always_inline)) void
response_each_field(struct request *req, field_visitor *visit, void *data)
{
	response_each_of_server(req, visit, data);
	response_each_of_content(req, visit, data);
	for (const struct header *at = req->response.headers; at; at = at->next)
		visit(data, at->name, at->value);
}

#endif
