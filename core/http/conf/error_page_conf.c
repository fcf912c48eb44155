/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The directive error_page.
 *
 *     error_page 404 /404.html;
 *     error_page 500 502 503 504 =200 /empty.gif;
 *     error_page 403 = @login;
 *     error_page 404 https://a.example/;
 */
#include "http/conf/http_conf.h"

#include "http/conf/http.h"

enum { CODE_MIN = 300, CODE_MAX = 599, AS_ANSWERED = -1 };

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

	*out = AS_ANSWERED;
	if (code.len == 0)
		return 0;
	if (str_to_u64(code, 999, &number) < 0 || number < 200)
		return conf_error(call, word,
				  "\"%.*s\" is not a code to answer with\n"
				  "expected \"=\", or \"=200\" to \"=999\"", STR_ARG(word->text));
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
