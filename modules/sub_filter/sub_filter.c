/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Replaces texts in responses.
 *
 *     sub_filter "</head>" "<script src=/counter.js></script></head>";
 *     sub_filter_once off;
 */
#include <module.h>

#include "replace.h"

struct sub_filter_conf {
	struct pairs pairs;
	struct str_list types;
	bool once, last_modified;
};

static int set_sub_filter(struct conf_call *call)
{
	struct pairs *pairs = &((struct sub_filter_conf *)call->data)->pairs;
	const struct conf_word *args = call->node->args;
	struct pair pair;

	if (str_empty(args[0].text))
		return conf_error(call, &args[0], "the text to look for is empty");
	if (conf_parse_template(call, &args[0], &pair.text) < 0 ||
	    conf_parse_template(call, &args[1], &pair.replacement) < 0)
		return -EINVAL;
	pairs->items =
		pool_grow(call->pool, pairs->items, pairs->count, &pairs->capacity, sizeof(pair));
	pairs->items[pairs->count++] = pair;
	return 0;
}

/* A response without content is not changed, so it keeps its length and its ETag. */
static verdict sub_filter(struct request *req, const void *data)
{
	const struct sub_filter_conf *conf = data;
	const struct body *body = req->response.body;

	if (conf->pairs.count == 0 || !body || body->length == 0 ||
	    !response_has_type(&req->response, &conf->types) ||
	    !replace_in_body(req, &conf->pairs, conf->once))
		return PASS;
	response_transform(req, conf->last_modified);
	return PASS;
}

#define SUB_DOC                                                                                  \
	"Replaces a text in the bodies of responses whose types are in sub_filter_types. Upper " \
	"and lower case are the same. Both words may contain variables. A text whose variables " \
	"make it empty is ignored. If several texts begin at the same position, the first " \
	"directive applies. The response has no Content-Length, no ETag and no ranges.\n\n" \
	"    sub_filter \"</head>\" \"<link rel=stylesheet href=/x.css></head>\";\n\n" \
	"A block that contains sub_filter inherits none from the enclosing block."

#define ONCE_DOC                                                        \
	"With on, only the first occurrence of each text is replaced.\n\n" \
	"    sub_filter_once off;"

#define TYPES_DOC                                                                              \
	"The types of responses in which texts are replaced, in addition to text/html. \"*\" " \
	"is any type.\n\n"                                                                     \
	"    sub_filter_types text/css application/javascript;"

#define MODIFIED_DOC                                                                             \
	"With on, the response keeps Last-Modified, and its ETag in the weak form. If the " \
	"replacement changes while the file does not, clients go on using their old copies.\n\n" \
	"    sub_filter_last_modified on;"

const struct module sub_filter_module = {
	.name = "sub_filter",
	.summary = "replaces texts in responses",
	.conf_size = sizeof(struct sub_filter_conf),
	.directives = (const struct directive[]) {
		DIRECTIVE_SET("sub_filter", IN_ANY_HTTP, set_sub_filter, "text replacement",
			      SUB_DOC, FIELD_AT(struct sub_filter_conf, pairs),
			      .flags = LIST, .min_args = 2),
		DIRECTIVE("sub_filter_once", IN_ANY_HTTP, struct sub_filter_conf, once, "on | off",
			  ONCE_DOC, .initial = "on"),
		DIRECTIVE("sub_filter_types", IN_ANY_HTTP, struct sub_filter_conf, types,
			  "type ...", TYPES_DOC),
		DIRECTIVE("sub_filter_last_modified", IN_ANY_HTTP, struct sub_filter_conf,
			  last_modified, "on | off", MODIFIED_DOC, .initial = "off"),
		{ 0 }
	},
	.on[PHASE_FILTER] = sub_filter,
	.filter_role = FILTER_CONTENT,
	.if_configured = true,
};
