/* SPDX-License-Identifier: BSD-2-Clause */
/* The response as handlers see it; which fields are sent is in response_fields.c. */
#include <module.h>
#include <strings.h>

#include "http/request/request_private.h"

/* What becomes of a field that a module adds by its name. */
enum field_kind {
	FIELD_FREE, /* it is added */
	FIELD_OF_SERVER, /* the protocol writes it, and nobody else */
	FIELD_SERVER, /* the protocol writes it; it can be replaced, but not added to */
	FIELD_NOSNIFF, /* X-Content-Type-Options: is added, and a member stands for one */
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
		[6] = { { 's', "Server", FIELD_SERVER } },
		[8] = { { 'l', "Location", FIELD_LOCATION } },
		[10] = { { 'c', "Connection", FIELD_OF_SERVER },
			 { 'k', "Keep-Alive", FIELD_OF_SERVER } },
		[12] = { { 'c', "Content-Type", FIELD_CONTENT_TYPE } },
		[13] = { { 'l', "Last-Modified", FIELD_LAST_MODIFIED } },
		[14] = { { 'c', "Content-Length", FIELD_OF_SERVER } },
		[17] = { { 't', "Transfer-Encoding", FIELD_OF_SERVER } },
		[22] = { { 'x', "X-Content-Type-Options", FIELD_NOSNIFF } },
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
	enum field_kind kind = kind_of(name);

	return kind == FIELD_OF_SERVER || kind == FIELD_SERVER;
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
	case FIELD_NOSNIFF:
		append(req, name, value);
		break;
	case FIELD_OF_SERVER:
	case FIELD_SERVER:
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
		/* As in nginx, a text that is no date is sent, but it is no validator. */
		response->last_modified_text = value;
		if (date_parse_http(value, &response->last_modified) < 0)
			response->last_modified = -1;
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

	if (kind == FIELD_NOSNIFF)
		req->response.nosniff = false;
	if (kind == FIELD_FREE || kind == FIELD_NOSNIFF)
		remove_added(&req->response, name);
	else if (kind == FIELD_SERVER)
		req->response.server = STR("");
	else if (kind != FIELD_OF_SERVER)
		add(req, kind, name, STR(""));
}

void response_set(struct request *req, struct str name, struct str value)
{
	enum field_kind kind = kind_of(name);

	if (kind != FIELD_OF_SERVER)
		response_remove(req, name);
	if (kind == FIELD_SERVER)
		req->response.server = value;
	else
		add(req, kind, name, value);
}

struct header *response_find(struct request *req, struct str name)
{
	for (struct header *field = req->response.headers; field; field = field->next)
		if (str_eq_nocase(field->name, name))
			return field;
	return NULL;
}

bool response_has_type(const struct response *response, const struct str_list *types)
{
	struct str type = response->content_type;

	if (str_eq_nocase(type, STR("text/html")))
		return true;
	for (size_t i = 0; i < types->count && !str_empty(type); i++)
		if (str_eq(types->items[i], STR("*")) || str_eq_nocase(types->items[i], type))
			return true;
	return false;
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
