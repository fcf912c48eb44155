/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Adds the charset of texts to Content-Type, and converts texts from one charset to another.
 *
 *     charset utf-8;
 *
 *     source_charset koi8-r;      # the charset of the files
 *     charset_map koi8-r utf-8 { C0 D18E; ... }
 */
#include <module.h>

#include "conversion.h"
#include "recode.h"

struct charset_conf {
	const struct template *charset, *source; /* NULL: off */
	const struct conversions *conversions; /* set with charset */
	struct str_list types;
	bool override;
};

/* --- configuration --------------------------------------------------------------- */

static int set_name(struct conf_call *call, const struct template **name)
{
	const struct conf_word *word = &call->node->args[0];

	*name = NULL;
	if (conf_word_is(word, "off"))
		return 0;
	return conf_parse_template(call, word, name);
}

static int set_charset(struct conf_call *call)
{
	struct charset_conf *conf = call->data;

	conf->conversions = conversions_of(call->conf);
	return set_name(call, &conf->charset);
}

static int set_source(struct conf_call *call)
{
	return set_name(call, &((struct charset_conf *)call->data)->source);
}

static int check(struct conf_call *call, void *data)
{
	const struct charset_conf *conf = data;
	struct str from, to;

	if (!conf->charset || !conf->source || !template_is_literal(conf->charset, &to) ||
	    !template_is_literal(conf->source, &from) || str_eq_nocase(from, to) ||
	    conversion_find(conf->conversions, from, to))
		return 0;
	return conf_error(call, NULL,
			  "there is no \"charset_map\" between the charsets \"%.*s\" and "
			  "\"%.*s\"\n"
			  "write one into the block http, or remove source_charset",
			  STR_ARG(from), STR_ARG(to));
}

/* --- responses ---------------------------------------------------------------------- */

/* Whether the response is a text whose charset this module has to set. */
static bool is_text(const struct charset_conf *conf, const struct response *response)
{
	if (!conf->charset || str_empty(response->content_type))
		return false;
	if (!str_empty(response->charset))
		return conf->override;
	return response_has_type(response, &conf->types);
}

static void say(struct response *response, struct str charset)
{
	bool is_redirect = response->status == 301 || response->status == 302;

	response->charset = is_redirect ? STR("") : charset;
}

/* A subrequest becomes a part of its parent's response, which is converted as a whole. */
static verdict charset_filter(struct request *req, const void *data)
{
	const struct charset_conf *conf = data;
	struct response *response = &req->response;

	if (req->parent || !is_text(conf, response))
		return PASS;

	struct str to = template_text(req, conf->charset), from = response->charset;

	if (str_empty(from) && conf->source)
		from = template_text(req, conf->source);
	if (str_empty(from) || str_eq_nocase(from, to)) {
		say(response, to);
		return PASS;
	}

	const struct conversion *conversion = conversion_find(conf->conversions, from, to);

	if (!conversion) {
		request_log(req, LEVEL_ERROR, 0,
			    "no \"charset_map\" between the charsets \"%.*s\" and \"%.*s\"",
			    STR_ARG(from), STR_ARG(to));
		return PASS;
	}
	say(response, to);
	recode_body(req, conversion);
	return PASS;
}

#define CHARSET_DOC                                                                              \
	"The charset in the Content-Type of texts, whose types charset_types lists. With off, " \
	"no charset is added. If source_charset differs, texts are converted; this needs a " \
	"charset_map between the two. Redirects with 301 or 302 have no charset.\n\n" \
	"    charset utf-8;"

#define SOURCE_DOC                                                                               \
	"The charset of the texts before they are sent. If it differs from charset, texts are " \
	"converted.\n\n" \
	"    source_charset koi8-r;"

#define TYPES_DOC                                                                                \
	"The types of responses that get a charset, in addition to text/html. \"*\" is any "     \
	"type.\n\n"                                                                              \
	"    charset_types text/css text/plain;"

#define OVERRIDE_DOC                                                                             \
	"With on, a response whose charset another module has set is also converted to the " \
	"charset of this module.\n\n" \
	"    override_charset on;"

#define MAP_DOC                                                                                  \
	"Describes how texts are converted from the first charset to the second, and back. " \
	"Each line has a character in both charsets, in hexadecimal digits: one byte, or up to " \
	"four bytes in utf-8. Bytes below 80 stay the same. utf-8 must be the second charset. " \
	"A character that the target charset does not have becomes \"?\", or, if the text is " \
	"in utf-8, a numeric reference of HTML.\n\n" \
	"    charset_map koi8-r utf-8 { C0 D18E; C1 D0B0; }"

enum { IN_ALL = IN_ANY_HTTP | IN_IF };

const struct module charset_module = {
	.name = "charset",
	.summary = "sets the charset of texts, and converts them",
	.conf_size = sizeof(struct charset_conf),
	.directives = (const struct directive[]) {
		DIRECTIVE_SET("charset", IN_ALL, set_charset, "name | off", CHARSET_DOC,
			      .initial = "off", .min_args = 1),
		DIRECTIVE_SET("source_charset", IN_ALL, set_source, "name | off", SOURCE_DOC,
			      .initial = "off", .min_args = 1),
		DIRECTIVE("charset_types", IN_ANY_HTTP, struct charset_conf, types, "type ...",
			  TYPES_DOC,
			  .initial = "text/xml text/plain text/vnd.wap.wml application/javascript "
				     "application/rss+xml"),
		DIRECTIVE("override_charset", IN_ALL, struct charset_conf, override, "on | off",
			  OVERRIDE_DOC, .initial = "off"),
		DIRECTIVE_SET("charset_map", IN_HTTP, conversion_set, "charset charset { ... }",
			      MAP_DOC, .flags = RAW_BLOCK | REPEAT, .min_args = 2),
		{ 0 }
	},
	.on[PHASE_FILTER] = charset_filter,
	.filter_role = FILTER_CONTENT,
	.check = check,
	.if_configured = true,
};
