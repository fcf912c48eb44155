/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Changes the fields in the head of responses. Runs behind the other filters, when the status
 * is settled. Fields that decide what becomes of the response go before them: validators, so
 * that conditions are checked against what is sent, and those on which encodings depend.
 *
 *     remove_header Server X-Content-Type-Options;
 *     set_header Cache-Control "no-store";
 *     add_header X-Frame-Options DENY always;
 *     add_trailer Server-Timing "total;dur=$request_time";
 *     expires 30d;
 */
#include <module.h>

#include "expires.h"
#include "fields.h"
#include "trailers.h"

enum inherit { INHERIT_ON, INHERIT_OFF, INHERIT_MERGE };

struct headers_conf {
	struct field_list *added, *set, *removed, *trailers;
	int header_inherit, trailer_inherit; /* enum inherit */
	struct expires expires;
};

/* --- configuration ---------------------------------------------------------- */

static int set_add_header(struct conf_call *call)
{
	struct headers_conf *conf = call->data;
	const struct conf_word *name = &call->node->args[0];

	/* As in nginx, the block inherits no fields, even if this one is not sent. */
	if (!is_token(name->text)) {
		conf_warn(call, name, "\"%.*s\" is not added\n%s", STR_ARG(name->text),
			  str_ends(name->text, STR(":")) ?
				  "write the name without the colon" :
				  "the name of a field has letters, digits and hyphens");
		fields_begin(call, &conf->added);
	} else if (response_writes(name->text)) {
		conf_warn(call, name, "\"%.*s\" is not added\nthe server writes it itself%s",
			  STR_ARG(name->text),
			  str_eq_nocase(name->text, STR("Server")) ? ": use set_header" : "");
		fields_begin(call, &conf->added);
	} else if (fields_add(call, &conf->added) < 0) {
		return -EINVAL;
	}
	conf->added->merges = conf->header_inherit == INHERIT_MERGE;
	return 0;
}

static int set_set_header(struct conf_call *call)
{
	const struct conf_word *name = &call->node->args[0];

	if (response_writes(name->text) && !str_eq_nocase(name->text, STR("Server")))
		return conf_error(call, name,
				  "\"%.*s\" cannot be set\n"
				  "the server writes it as the response needs it",
				  STR_ARG(name->text));
	return fields_add(call, &((struct headers_conf *)call->data)->set);
}

static int set_remove_header(struct conf_call *call)
{
	return fields_remove(call, &((struct headers_conf *)call->data)->removed);
}

static int set_add_trailer(struct conf_call *call)
{
	struct headers_conf *conf = call->data;

	if (fields_add(call, &conf->trailers) < 0)
		return -EINVAL;
	conf->trailers->merges = conf->trailer_inherit == INHERIT_MERGE;
	return 0;
}

/* Called before or after the directives that add fields to this block. */
static int set_inherit(struct conf_call *call, int inherit, struct field_list **list)
{
	if (fields_are_own(call, *list))
		(*list)->merges = inherit == INHERIT_MERGE;
	else if (inherit == INHERIT_OFF)
		*list = NULL;
	return 0;
}

static int set_header_inherit(struct conf_call *call)
{
	struct headers_conf *conf = call->data;

	return set_inherit(call, conf->header_inherit, &conf->added);
}

static int set_trailer_inherit(struct conf_call *call)
{
	struct headers_conf *conf = call->data;

	return set_inherit(call, conf->trailer_inherit, &conf->trailers);
}

static int set_expires(struct conf_call *call)
{
	struct headers_conf *conf = call->data;

	return expires_set(call, &conf->expires);
}

/* --- responses ---------------------------------------------------------------- */

static void put_fields(struct request *req, const struct field_list *list, bool are_early,
		       void (*put)(struct request *req, struct str name, struct str value))
{
	struct field_cursor cursor = { list, 0 };

	for (const struct field *field; (field = field_next(&cursor)) != NULL;) {
		if (field->is_early != are_early || !field_applies(req, field))
			continue;

		struct str value = template_text(req, field->value);

		if (!str_empty(value) || field->is_validator)
			put(req, field->name, value);
	}
}

static void remove_fields(struct request *req, const struct field_list *list, bool are_early)
{
	struct field_cursor cursor = { list, 0 };

	for (const struct field *field; (field = field_next(&cursor)) != NULL;)
		if (field->is_early == are_early)
			response_remove(req, field->name);
}

static void change_fields(struct request *req, const struct headers_conf *conf, bool are_early)
{
	remove_fields(req, conf->removed, are_early);
	put_fields(req, conf->set, are_early, response_set);
	put_fields(req, conf->added, are_early, response_add);
}

/*
 * Runs before conditional and range, which may change the status: to 206 or 304, which get
 * the same fields as a 200, or to 412 or 416, which are new responses with a call of their own.
 */
static verdict change_early(struct request *req, const void *data)
{
	const struct headers_conf *conf = data;

	if (req->parent)
		return PASS;
	if (status_is_usual(req->response.status))
		expires_apply(req, &conf->expires);
	change_fields(req, conf, true);
	return PASS;
}

static verdict change_others(struct request *req, const void *data)
{
	const struct headers_conf *conf = data;

	if (req->parent)
		return PASS;
	change_fields(req, conf, false);
	if (conf->trailers)
		trailers_announce(req, conf->trailers);
	return PASS;
}

#define ADD_HEADER_DOC                                                                            \
	"Adds a field to responses with status 200, 201, 204, 206, 301, 302, 303, 304, 307 and "  \
	"308; with `always` to all responses. A field whose value is empty is not added; a line " \
	"break in the value is sent as a space. ETag and Last-Modified replace those of the "     \
	"response, and conditions such as If-None-Match and If-Range are checked against the "    \
	"new value; with an empty value the response has none. Content-Type and Location "        \
	"replace those of the response, too. Server, Date, Connection, Keep-Alive, "              \
	"Content-Length and Transfer-Encoding are not added, because the server writes "          \
	"them.\n\n"                                                                               \
	"    add_header X-Frame-Options DENY always;\n"                                           \
	"    add_header Access-Control-Allow-Origin * always; # CORS\n\n"                         \
	"A block that contains add_header inherits none from the enclosing block, unless "        \
	"add_header_inherit says merge."

#define SET_HEADER_DOC                                                                           \
	"Sets a field: it replaces all fields of that name that the response has, whoever has "  \
	"added them. Server can be set, too. In all else it is like add_header, which adds its " \
	"fields afterwards. A block that contains set_header inherits none from the enclosing "  \
	"block.\n\n"                                                                             \
	"    set_header Cache-Control \"no-store\";"

#define REMOVE_HEADER_DOC                                                                          \
	"Removes fields from all responses, also Server, and those that describe a file, such "    \
	"as ETag. set_header and add_header add theirs afterwards. Content-Length, "               \
	"Content-Encoding, Transfer-Encoding, Connection, Keep-Alive and Date cannot be "          \
	"removed. A block that contains remove_header inherits none from the enclosing block.\n\n" \
	"    remove_header Server ETag;"

#define TRAILER_DOC                                                                          \
	"Adds a field behind the body of responses, with the value that its variables have " \
	"when the body ends. HTTP/1.1 sends such a response in chunks; HTTP/1.0 has no "     \
	"trailers. The statuses are those of add_header.\n\n"                                \
	"    add_trailer Server-Timing \"total;dur=$request_time\";\n\n"                     \
	"A block that contains add_trailer inherits none from the enclosing block, unless "  \
	"add_trailer_inherit says merge."

#define INHERIT_DOC(name)                                                                    \
	"What a block inherits from " name " of the enclosing block. on: all, if it has no " \
	"such directive of its own; merge: all, in addition to its own; off: nothing. The "  \
	"setting itself is inherited.\n\n"                                                   \
	"    " name "_inherit merge;"

#define EXPIRES_DOC                                                                              \
	"Sets Expires and Cache-Control: the response may be cached for this time from now, or " \
	"with `modified` from the last change of the file. With @ the time is a time of day. "   \
	"With a negative time a client has to ask before it uses its copy.\n\n"                  \
	"    expires 30d;"

static const struct keyword inherit_words[] = {
	{ "on", INHERIT_ON }, { "off", INHERIT_OFF }, { "merge", INHERIT_MERGE }, { 0 }
};

const struct module headers_module = {
	.name = "headers",
	.summary = "changes the fields of responses: add_header, set_header, expires",
	.conf_size = sizeof(struct headers_conf),
	.directives = (const struct directive[]) {
		DIRECTIVE_SET("add_header", IN_ANY_HTTP | IN_IF, set_add_header,
			      "name value [always]", ADD_HEADER_DOC,
			      .flags = REPEAT, .min_args = 2, .max_args = 3),
		DIRECTIVE("add_header_inherit", IN_ANY_HTTP | IN_IF, struct headers_conf,
			  header_inherit, "on | off | merge", INHERIT_DOC("add_header"),
			  .initial = "on", .keywords = inherit_words, .set = set_header_inherit),
		DIRECTIVE_SET("set_header", IN_ANY_HTTP | IN_IF, set_set_header,
			      "name value [always]", SET_HEADER_DOC,
			      .flags = REPEAT, .min_args = 2, .max_args = 3),
		DIRECTIVE_SET("remove_header", IN_ANY_HTTP | IN_IF, set_remove_header, "name ...",
			      REMOVE_HEADER_DOC,
			      .flags = REPEAT, .min_args = 1, .max_args = MANY_ARGS),
		DIRECTIVE_SET("add_trailer", IN_ANY_HTTP | IN_IF, set_add_trailer,
			      "name value [always]", TRAILER_DOC,
			      .flags = REPEAT, .min_args = 2, .max_args = 3),
		DIRECTIVE("add_trailer_inherit", IN_ANY_HTTP | IN_IF, struct headers_conf,
			  trailer_inherit, "on | off | merge", INHERIT_DOC("add_trailer"),
			  .initial = "on", .keywords = inherit_words, .set = set_trailer_inherit),
		DIRECTIVE_SET("expires", IN_ANY_HTTP | IN_IF, set_expires,
			      "[modified] time | @time | epoch | max | off", EXPIRES_DOC,
			      .min_args = 1, .max_args = 2),
		{ 0 }
	},
	.on[PHASE_FILTER] = change_others,
	.filter_role = FILTER_HEAD,
	.on_validators = change_early,
	.if_configured = true,
};
