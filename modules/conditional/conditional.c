/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Conditional requests (RFC 9110 section 13): 304 if the client has the response already,
 * 412 if a precondition of the request fails.
 *
 *     if_modified_since before;
 */
#include <module.h>

struct conditional_conf {
	int if_modified_since;
};

/* RFC 9110 section 15.4.5: a 304 has the validators and cache fields of the 200, no content. */
static void not_modified(struct request *req)
{
	struct response *response = &req->response;

	response->status = 304;
	response->content_type = STR("");
	response->charset = STR("");
	response->allow_ranges = false;
	response_remove(req, STR("Content-Encoding"));
	body_close(response->body);
	response->body = NULL;
}

static verdict conditional_filter(struct request *req, const void *data)
{
	const struct conditional_conf *conf = data;
	struct response *response = &req->response;
	struct request_known known = req->known;
	bool has_conditions = known.if_match.data || known.if_none_match.data ||
			      known.if_modified_since.data || known.if_unmodified_since.data;

	if (!has_conditions || response->status != 200 || response->is_error_page || req->parent)
		return PASS;
	/* known holds the first line of each field only; a list may continue in further lines. */
	if (known.if_match.data)
		known.if_match = request_list(req, STR("if-match"));
	if (known.if_none_match.data)
		known.if_none_match = request_list(req, STR("if-none-match"));

	int status = preconditions_check(&known, req->method, response->etag,
					 response->last_modified,
					 (enum modified_since)conf->if_modified_since);
	if (status == 412)
		return 412;
	if (status == 304)
		not_modified(req);
	return PASS;
}

static const struct keyword since_keywords[] = {
	{ "off", SINCE_OFF },
	{ "exact", SINCE_EXACT },
	{ "before", SINCE_BEFORE },
	{ NULL, 0 },
};

const struct module conditional_module = {
	.name = "conditional",
	.summary = "answers 304 and 412 to conditional requests",
	.conf_size = sizeof(struct conditional_conf),
	.directives = (const struct directive[]) {
		DIRECTIVE("if_modified_since", IN_ANY_HTTP, struct conditional_conf,
			  if_modified_since, "off | exact | before",
			  "How the modification time is compared with the field "
			  "If-Modified-Since: not at all (off), 304 if both are the same second "
			  "(exact), or 304 if the file was modified in that second or earlier "
			  "(before).\n\n"
			  "    if_modified_since before;",
			  .initial = "exact", .keywords = since_keywords),
		{ 0 }
	},
	.on[PHASE_FILTER] = conditional_filter,
	.filter_role = FILTER_CONDITIONS,
};
