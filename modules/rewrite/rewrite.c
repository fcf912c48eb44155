/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Answers without looking for anything: with a status, a text or a redirect.
 *
 *     return 301 https://www.example.org$request_uri;
 *     return 200 "Hello, $remote_addr\n";
 *     return 404;
 *     return 444;     # closes the connection
 *     return https://www.example.org/;     # 302
 */
#include <module.h>

struct returned {
	int status;
	const struct template *text; /* a body or, of a redirect, its target; NULL: none */
};

struct rewrite_conf {
	const struct returned *returned;
};

static bool is_redirect(int status)
{
	return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

static verdict rewrite_answer(struct request *req, const void *data)
{
	const struct returned *returned = ((const struct rewrite_conf *)data)->returned;

	req->response.status = returned->status; /* $status may stand in the text */
	struct str text = returned->text ? template_text(req, returned->text) : STR("");
	if (is_redirect(returned->status)) {
		req->response.location = text;
		return returned->status;
	}
	/* An error without words of its own looks like any other: error_page. */
	if (!returned->text && returned->status >= 400 && returned->status <= 599)
		return returned->status;
	return respond_bytes(req, returned->status, STR(""), text);
}

static bool is_url(struct str text)
{
	return str_starts(text, STR("http://")) || str_starts(text, STR("https://")) ||
	       str_starts(text, STR("$scheme"));
}

static int parse_status(struct conf_call *call, const struct conf_word *word, int *out)
{
	uint64_t status;

	if (str_to_u64(word->text, 999, &status) < 0 || status < 200)
		return conf_error(call, word,
				  "\"%.*s\" is not a status\nexpected 200 to 999, or a URL that "
				  "begins with http://, https:// or $scheme",
				  STR_ARG(word->text));
	*out = (int)status;
	return 0;
}

static int set_return(struct conf_call *call)
{
	struct rewrite_conf *conf = call->data;
	const struct conf_node *node = call->node;
	struct returned *returned = pool_new(call->pool, struct returned);
	const struct conf_word *text = node->nargs == 2 ? &node->args[1] : NULL;

	if (!text && is_url(node->args[0].text)) {
		returned->status = 302;
		text = &node->args[0];
	} else if (parse_status(call, &node->args[0], &returned->status) < 0) {
		return -EINVAL;
	}
	if (text && conf_parse_template(call, text, &returned->text) < 0)
		return -EINVAL;
	if (!call->first) {
		conf_warn(call, NULL,
			  "an earlier \"return\" of this block answers before this one");
		return 0;
	}
	conf->returned = returned;
	return 0;
}

const struct module rewrite_module = {
	.name = "rewrite",
	.summary = "answers with a status, a text or a redirect",
	.conf_size = sizeof(struct rewrite_conf),
	.directives = (const struct directive[]) {
		DIRECTIVE_SET("return", IN_SERVER | IN_LOCATION, set_return,
			      "code [text] | code URL | URL",
			      "Ends the request with this status. With 301, 302, 303, 307 and 308 "
			      "the second word is where the client is sent, with others it is the "
			      "body of the response, whose type is that of the URI's extension or "
			      "default_type. A URL alone is a 302. 444 closes the connection "
			      "without a response. A status above 599, which HTTP does not know, "
			      "has no error page.",
			      FIELD_AT(struct rewrite_conf, returned),
			      .flags = LOCAL | REPEAT | ORDERED, .min_args = 1, .max_args = 2),
		{ 0 }
	},
	.on[PHASE_SERVER_REWRITE] = rewrite_answer,
	.on[PHASE_REWRITE] = rewrite_answer,
	.if_configured = true,
};
