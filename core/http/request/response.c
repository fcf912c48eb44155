/* SPDX-License-Identifier: BSD-2-Clause */
/* The answer as handlers see it; how it is written out is response_head.c's. */
#include <module.h>

#include "http/request/request_private.h"

/* CR, LF, NUL and, since one comparison is quicker than three, what is between them. */
static inline bytes16 may_be_line_ends(bytes16 bytes)
{
	return (bytes16)(bytes <= '\r');
}

static inline bytes16 are_line_ends(bytes16 bytes)
{
	return (bytes16)((bytes == '\r') | (bytes == '\n') | (bytes == '\0'));
}

bool is_field_value(struct str s)
{
	return !bytes16_has(s, may_be_line_ends) || !bytes16_has(s, are_line_ends);
}

void response_add(struct request *req, struct str name, struct str value)
{
	struct response *response = &req->response;
	struct header *field = pool_new(req->pool, struct header);

	*field = (struct header){ name, value, NULL };
	*response->headers_end = field;
	response->headers_end = &field->next;
}

void response_remove(struct request *req, struct str name)
{
	struct response *response = &req->response;
	struct header **at = &response->headers;

	while (*at) {
		if (str_eq_nocase((*at)->name, name))
			*at = (*at)->next;
		else
			at = &(*at)->next;
	}
	response->headers_end = at;
}

void response_set(struct request *req, struct str name, struct str value)
{
	response_remove(req, name);
	response_add(req, name, value);
}

struct header *response_find(struct request *req, struct str name)
{
	for (struct header *field = req->response.headers; field; field = field->next)
		if (str_eq_nocase(field->name, name))
			return field;
	return NULL;
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

struct header **response_check_fields(struct request *req, struct header **list)
{
	while (*list) {
		const struct header *field = *list;

		if (is_token(field->name) && is_field_value(field->value)) {
			list = &(*list)->next;
			continue;
		}
		request_log(req, LEVEL_ERROR, 0, "the field \"%.*s\" is not sent: %s",
			    STR_ARG(field->name), is_token(field->name) ? why
						  : "its name is not a token of RFC 9110");
		*list = field->next;
	}
	return list;
}

void response_check(struct request *req)
{
	struct response *response = &req->response;

	check_member(req, &response->reason, "the reason phrase of the answer");
	check_member(req, &response->content_type, "the field Content-Type");
	check_member(req, &response->charset, "the charset in Content-Type");
	check_member(req, &response->etag, "the field ETag");
	check_member(req, &response->last_modified_text, "the text given for Last-Modified");
	response->headers_end = response_check_fields(req, &response->headers);
}
