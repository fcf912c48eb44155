/* SPDX-License-Identifier: BSD-2-Clause */
/* The answer as handlers see it; how it is written out is response_head.c's. */
#include <module.h>

#include "http/request_private.h"

static bool is_safe(struct str value)
{
	for (size_t i = 0; i < value.len; i++)
		if (value.data[i] == '\r' || value.data[i] == '\n' || value.data[i] == '\0')
			return false;
	return true;
}

void response_add(struct request *req, struct str name, struct str value)
{
	struct response *response = &req->response;

	if (!is_safe(value)) {
		request_log(req, LEVEL_ERROR, 0,
			    "the field %.*s is not sent: its value has a line end or a NUL in it",
			    STR_ARG(name));
		return;
	}
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
