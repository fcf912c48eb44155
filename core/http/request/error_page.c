/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The only place where an error becomes a response: the page that error_page names, or a
 * small built-in one.
 *
 *     error_page 404 /404.html;
 *     error_page 500 502 503 504 =200 /empty.gif;
 *     error_page 403 = @login;
 *     error_page 404 https://a.example/;
 */
#include "http/request/error_page.h"

#include "http/field/status.h"
#include "http/request/request_private.h"
#include "http/request/response_fields.h"

/* --- the directive ------------------------------------------------------------- */

enum { CODE_MIN = 300, CODE_MAX = 599, STATUS_OF_PAGE = -1 };

static int parse_code(struct conf_call *call, const struct conf_word *word, int *out)
{
	uint64_t code;

	if (str_to_u64(word->text, CODE_MAX, &code) < 0 || code < CODE_MIN)
		return conf_error(call, word,
				  "\"%.*s\" is not the code of an error\nexpected 300 to 599",
				  STR_ARG(word->text));
	if (code == 499)
		return conf_error(call, word,
				  "499 cannot have a page: it says that the client has gone");
	*out = (int)code;
	return 0;
}

/* "=" or "=200" in front of the URI. */
static int parse_becomes(struct conf_call *call, const struct conf_word *word, int *out)
{
	struct str code = str_skip(word->text, 1);
	uint64_t number;

	*out = STATUS_OF_PAGE;
	if (code.len == 0)
		return 0;
	if (str_to_u64(code, 999, &number) < 0 || (number > 0 && number < 200))
		return conf_error(call, word,
				  "\"%.*s\" is not a code to answer with\n"
				  "expected \"=\", or \"=200\" to \"=999\"", STR_ARG(word->text));
	if (number > 0) /* as in nginx, "=0" is "=" */
		*out = (int)number;
	return 0;
}

int error_page_set(struct conf_call *call)
{
	struct http_conf *conf = call->data;
	const struct conf_word *args = call->node->args;
	size_t codes = call->node->nargs - 1;
	const struct template *uri;
	struct error_page **end = &conf->error_pages;
	int becomes = 0;

	if (str_starts(args[codes - 1].text, STR("="))) {
		codes--;
		if (codes == 0)
			return conf_error(call, &args[0],
					  "a code is missing before \"=\"\n"
					  "expected \"404 = /uri\"");
		if (parse_becomes(call, &args[codes], &becomes) < 0)
			return -EINVAL;
	}
	if (conf_parse_template(call, &args[call->node->nargs - 1], &uri) < 0)
		return -EINVAL;
	while (*end)
		end = &(*end)->next;
	for (size_t i = 0; i < codes; i++) {
		struct error_page *page = pool_new(call->pool, struct error_page);

		if (parse_code(call, &args[i], &page->code) < 0)
			return -EINVAL;
		page->becomes = becomes;
		page->uri = uri;
		*end = page;
		end = &page->next;
	}
	return 0;
}

/* --- responses ----------------------------------------------------------------- */

/*
 * After these the connection is closed: the framing of what follows, or the state of this
 * server, is in doubt.
 */
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

/* The conditions and ranges of the request are about what it has asked for, not about a page. */
static void forget_conditions(struct request_known *known)
{
	known->if_match = known->if_none_match = (struct str){ 0 };
	known->if_modified_since = known->if_unmodified_since = (struct str){ 0 };
	known->range = known->if_range = (struct str){ 0 };
}

/*
 * Drops the content that a handler has prepared. The fields that it has added stay, but for
 * those that are about the content; with a filter's error, those that modules have added for
 * the sake of filters (struct module, on_validators) go, too: they are added anew.
 */
static void forget_content(struct request *req)
{
	struct response *response = &req->response;

	response_remove(req, STR("Content-Encoding"));
	if (request_core(req)->filter_failed) {
		forget_conditions(&req->known);
		response_remove(req, STR("Cache-Control"));
		response_remove(req, STR("Expires"));
		response_remove(req, STR("Set-Cookie"));
	}
	body_close(response->body);
	response->body = NULL;
	response->file = NULL;
	response->content_type = response->charset = response->etag = STR("");
	response->last_modified = -1;
	response->last_modified_text = STR("");
	response->allow_ranges = response->nosniff = response->date_is_weak = false;
	response->reason = STR("");
}

static verdict go_to_page(struct request_core *core, const struct error_page *page, int status)
{
	struct request *req = &core->pub;
	struct str uri;
	bool is_good = template_uri(req, page->uri, &uri);

	core->in_error_page = !req->location->core->recursive_error_pages;
	req->response.location_names_host = false;
	if (page->becomes) {
		response_remove(req, STR("Allow")); /* belongs to a 405 */
		response_remove(req, STR("Content-Range")); /* belongs to a 416 */
	}
	if (!str_starts(uri, STR("/")) && !str_starts(uri, STR("@"))) {
		int code = page->becomes;
		bool is_redirect = code == 301 || code == 302 || code == 303 || code == 307 ||
				   code == 308;

		req->response.location = uri;
		return error_page_built_in(req, is_redirect ? code : 302);
	}
	if (!is_good) {
		request_log(req, LEVEL_ERROR, 0,
			    "the error page \"%.*s\" is not used: a variable has brought a name "
			    "\".\" or \"..\" into it", STR_ARG(uri));
		return status;
	}

	core->error_page_code = page->becomes ? page->becomes : status_on_wire(status);
	if (str_starts(uri, STR("@")))
		return redirect_to_named(req, uri);
	if (req->method != METHOD_HEAD) {
		req->method = METHOD_GET;
		req->method_name = STR("GET");
	}
	struct str path = str_split(&uri, '?');

	return redirect_to_uri(req, path, uri);
}

static struct str page_text(struct request *req, int status)
{
	char digits[20];
	struct str number = str_range(digits, str_put_u64(digits, (uint64_t)status));
	struct str reason = status_reason(status);
	struct str server = html_escape(req->pool, server_token(req));
	const struct str parts[] = {
		STR("<!doctype html>\n<html lang=\"en\">\n<head><title>"),
		number, STR(" "), reason,
		STR("</title></head>\n<body>\n<h1>"),
		number, STR(" "), reason,
		STR("</h1>\n"),
		str_empty(server) ? STR("") : STR("<hr>\n<p>"),
		server,
		str_empty(server) ? STR("") : STR("</p>\n"),
		STR("</body>\n</html>\n"),
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
	const struct error_page *page = req->location->core->error_pages;

	core->events &= ~(unsigned)EVENT_MATCH_FAILED;
	if (status == 444)
		return CLOSE;
	if (ends_connection(status))
		core->keepalive = false;
	forget_content(req);
	/* An error in the response of an error page gets a page only if pages are recursive. */
	while (page && page->code != status)
		page = page->next;
	if (page && !core->in_error_page && core->redirects <= REDIRECTS_ALLOWED) {
		verdict v = go_to_page(core, page, status);

		if (v < 300)
			return v;
		status = v;
	}
	return error_page_built_in(req, status);
}
