/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Trailers have the values that their variables have when the body ends. So the body is
 * wrapped in one that passes everything on, and adds them when it has come to the end.
 */
#include "trailers.h"

struct trailed_body {
	struct body_filter filter;
	struct request *req;
	const struct field_list *trailers;
};

static void add_trailers(const struct trailed_body *body)
{
	struct request *req = body->req;
	struct header **end = &req->response.trailers;
	struct field_cursor cursor = { body->trailers, 0 };

	while (*end)
		end = &(*end)->next;
	for (const struct field *field; (field = field_next(&cursor)) != NULL;) {
		struct str value = template_text(req, field->value);

		if (!field_applies(req, field) || str_empty(value))
			continue;
		*end = pool_new(req->pool, struct header);
		**end = (struct header){ field->name, value, NULL };
		end = &(*end)->next;
	}
}

static int trailed_read(struct body *body, size_t max, struct slice *out)
{
	struct trailed_body *trailed = (struct trailed_body *)body;
	int result = body_read(trailed->filter.inner, max, out);

	if (result == 0)
		add_trailers(trailed);
	return result;
}

void trailers_announce(struct request *req, const struct field_list *trailers)
{
	static const struct body_ops ops = {
		.read = trailed_read,
		.close = body_filter_close,
	};
	struct field_cursor cursor = { trailers, 0 };
	const struct field *field;

	while ((field = field_next(&cursor)) != NULL && !field_applies(req, field))
		;
	if (!field || !req->response.body)
		return;

	struct trailed_body *body = pool_new(req->pool, struct trailed_body);

	body->req = req;
	body->trailers = trailers;
	body_wrap(req, &body->filter, &ops, req->response.body->length);
	req->response.has_trailers = true;
}
