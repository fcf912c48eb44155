/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one place where an error becomes an answer: the page that error_page
 * names, or a small one of our own.
 */
#include <module.h>

#include "http/request/request_private.h"
#include "http/field/status.h"

/* Where framing or our own state is in doubt, the connection ends with the answer. */
static bool ends_connection(int status)
{
	switch (status) {
	case 400:
	case 408:
	case 413:
	case 414:
	case 494:
	case 500:
	case 501:
	case 505:
		return true;
	default:
		return false;
	}
}

static const struct error_page *find_page(const struct request_core *core, int status)
{
	if (core->in_error_page)
		return NULL;
	for (const struct error_page *page = core->pub.location->core->error_pages; page;
	     page = page->next)
		if (page->code == status)
			return page;
	return NULL;
}

/* What a handler had begun to answer is of no use any more; added fields stay. */
static void forget_content(struct response *response)
{
	body_close(response->body);
	response->body = NULL;
	response->file = NULL;
	response->content_type = response->charset = response->etag = STR("");
	response->last_modified = -1;
	response->last_modified_text = STR("");
	response->allow_ranges = response->nosniff = false;
	response->reason = STR("");
}

static verdict answer_elsewhere(struct request *req, struct str url, int becomes)
{
	bool is_redirect = becomes == 301 || becomes == 302 || becomes == 303 ||
			   becomes == 307 || becomes == 308;

	req->response.location = url;
	return error_page_respond(req, is_redirect ? becomes : 302);
}

static verdict go_to_page(struct request_core *core, const struct error_page *page, int status)
{
	struct request *req = &core->pub;
	struct str uri;
	bool is_good = template_uri(req, page->uri, &uri);

	core->in_error_page = true;
	if (!str_starts(uri, STR("/")) && !str_starts(uri, STR("@")))
		return answer_elsewhere(req, uri, page->becomes);
	if (!is_good) {
		request_log(req, LEVEL_ERROR, 0,
			    "the error page \"%.*s\" is not used: a variable has brought a name "
			    "\".\" or \"..\" into it", STR_ARG(uri));
		return status;
	}

	core->error_page_code = page->becomes ? page->becomes : status_on_wire(status);
	if (str_starts(uri, STR("@")))
		return request_redirect_named(req, uri);
	if (req->method != METHOD_HEAD) {
		req->method = METHOD_GET;
		req->method_name = STR("GET");
	}
	struct str path = str_split(&uri, '?');

	return request_redirect(req, path, uri);
}

static struct str page_text(struct request *req, int status)
{
	char digits[20];
	struct str number = str_range(digits, str_put_u64(digits, (uint64_t)status));
	struct str reason = status_reason(status);
	const struct str parts[] = {
		STR("<!doctype html>\n<html lang=\"en\">\n<head><title>"),
		number, STR(" "), reason,
		STR("</title></head>\n<body>\n<h1>"),
		number, STR(" "), reason,
		STR("</h1>\n<hr>\n<p>"),
		server_token(req->location->core->server_tokens),
		STR("</p>\n</body>\n</html>\n"),
	};

	return pool_concat(req->pool, parts, sizeof(parts) / sizeof(parts[0]));
}

verdict error_page_built_in(struct request *req, int status)
{
	struct response *response = &req->response;

	request_core(req)->error_page_code = 0;
	if (ends_connection(status))
		request_core(req)->keepalive = false;
	response->status = status_on_wire(status);
	response->is_error_page = true;
	if (!status_has_body(response->status))
		return DONE;
	return respond_bytes(req, response->status, STR("text/html"),
			     page_text(req, response->status));
}

verdict error_page_respond(struct request *req, int status)
{
	struct request_core *core = request_core(req);
	const struct error_page *page = find_page(core, status);

	core->match_failed = false;
	if (status == 444)
		return CLOSE;
	if (ends_connection(status))
		core->keepalive = false;
	forget_content(&req->response);
	if (page) {
		verdict v = go_to_page(core, page, status);

		if (v < 300)
			return v;
		status = v;
	}
	return error_page_built_in(req, status);
}
