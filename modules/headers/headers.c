/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Adds fields to the head of responses. Runs behind the other filters, when the status is
 * settled. Fields that decide what becomes of the response go before them: validators, so
 * that conditions are checked against what is sent, and those on which encodings depend.
 *
 *     add_header X-Frame-Options DENY always;
 *     expires 30d;
 */
#include <module.h>

#include "expires.h"

struct added_field {
	struct str name;
	const struct template *value;
	bool always; /* whatever the status */
	bool is_early; /* is_early() */
};

struct added_fields {
	struct added_field *items;
	size_t count, capacity;
};

struct headers_conf {
	struct added_fields fields;
	struct expires expires;
};

/* --- configuration ---------------------------------------------------------- */

/* Whether other filters look at the field: on_validators (module.h). */
static bool is_early(struct str name)
{
	static const struct str names[] = {
		STR_INIT("ETag"), STR_INIT("Last-Modified"), STR_INIT("Cache-Control"),
		STR_INIT("Expires"), STR_INIT("Content-Encoding"), STR_INIT("Set-Cookie"),
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (str_eq_nocase(name, names[i]))
			return true;
	return false;
}

static int set_add_header(struct conf_call *call)
{
	struct headers_conf *conf = call->data;
	const struct conf_word *args = call->node->args;
	struct added_fields *fields = &conf->fields;
	struct added_field field = { .name = args[0].text };
	struct conf_word value = conf_fold_lines(call, &args[1]);

	if (!is_token(field.name))
		return conf_error(call, &args[0],
				  "invalid field name \"%.*s\"\n"
				  "expected letters, digits and hyphens",
				  STR_ARG(field.name));
	if (str_eq_nocase(field.name, STR("Content-Length")) ||
	    str_eq_nocase(field.name, STR("Transfer-Encoding")))
		return conf_error(call, &args[0],
				  "\"%.*s\" cannot be added\n"
				  "the server writes it as the response needs it",
				  STR_ARG(field.name));
	if (conf_parse_template(call, &value, &field.value) < 0)
		return -EINVAL;
	if (response_writes(field.name)) {
		conf_warn(call, &args[0], "\"%.*s\" is not added\nthe server writes it itself",
			  STR_ARG(field.name));
		return 0;
	}
	if (call->node->nargs == 3 && !conf_word_is(&args[2], "always"))
		return conf_error(call, &args[2], "unknown parameter \"%.*s\"\nexpected \"always\"",
				  STR_ARG(args[2].text));
	field.always = call->node->nargs == 3;
	field.is_early = is_early(field.name);

	fields->items = pool_grow(call->pool, fields->items, fields->count, &fields->capacity,
				  sizeof(field));
	fields->items[fields->count++] = field;
	return 0;
}

static int set_expires(struct conf_call *call)
{
	struct headers_conf *conf = call->data;

	return expires_set(call, &conf->expires);
}

/* --- responses ---------------------------------------------------------------- */

/* The statuses for which nginx adds fields without "always". */
static bool is_usual(int status)
{
	switch (status) {
	case 200:
	case 201:
	case 204:
	case 206:
	case 301:
	case 302:
	case 303:
	case 304:
	case 307:
	case 308:
		return true;
	default:
		return false;
	}
}

static bool applies(const struct request *req, const struct added_field *field)
{
	return field->always || is_usual(req->response.status);
}

/* An empty value adds no field, but takes a validator away. */
static void add_field(struct request *req, const struct added_field *field)
{
	struct str value = template_text(req, field->value);
	bool is_validator = str_eq_nocase(field->name, STR("ETag")) ||
			    str_eq_nocase(field->name, STR("Last-Modified"));

	if (!str_empty(value) || is_validator)
		response_add(req, field->name, value);
}

/*
 * Runs before conditional and range, which may change the status: to 206 or 304, which get
 * the same fields as a 200, or to 412 or 416, which are new responses with a call of their own.
 */
static verdict add_early(struct request *req, const void *conf)
{
	const struct headers_conf *headers = conf;

	if (req->parent)
		return PASS;
	if (is_usual(req->response.status))
		expires_apply(req, &headers->expires);
	for (size_t i = 0; i < headers->fields.count; i++) {
		const struct added_field *field = &headers->fields.items[i];

		if (field->is_early && applies(req, field))
			add_field(req, field);
	}
	return PASS;
}

static verdict add_others(struct request *req, const void *conf)
{
	const struct headers_conf *headers = conf;

	if (req->parent)
		return PASS;
	for (size_t i = 0; i < headers->fields.count; i++) {
		const struct added_field *field = &headers->fields.items[i];

		if (!field->is_early && applies(req, field))
			add_field(req, field);
	}
	return PASS;
}

const struct module headers_module = {
	.name = "headers",
	.summary = "adds fields to the head of responses: add_header, expires",
	.conf_size = sizeof(struct headers_conf),
	.directives = (const struct directive[]) {
		DIRECTIVE_SET("add_header", IN_ANY_HTTP | IN_IF, set_add_header,
			      "name value [always]",
			      "Adds a field to responses with status 200, 201, 204, 206, 301, "
			      "302, 303, 304, 307 and 308; with `always` to all responses. A "
			      "field whose value is empty is not added; a line break in the value "
			      "is sent as a space. ETag and Last-Modified replace those of the "
			      "response, and conditions such as If-None-Match and If-Range are "
			      "checked against the new value; with an empty value the response "
			      "has none. Content-Type and Location replace those of the response, "
			      "too. Server, Date, Connection and Keep-Alive are not added, "
			      "because the server writes them.\n\n"
			      "A block that contains add_header inherits none from the enclosing "
			      "block.",
			      .min_args = 2, .max_args = 3, .flags = LIST,
			      FIELD_AT(struct headers_conf, fields)),
		DIRECTIVE_SET("expires", IN_ANY_HTTP | IN_IF, set_expires,
			      "[modified] time | @time | epoch | max | off",
			      "Sets Expires and Cache-Control: the response may be cached for "
			      "this time from now, or with `modified` from the last change of the "
			      "file. With @ the time is a time of day. With a negative time a "
			      "client has to ask before it uses its copy.",
			      .min_args = 1, .max_args = 2),
		{ 0 }
	},
	.on[PHASE_FILTER] = add_others,
	.filter_role = FILTER_HEAD,
	.on_validators = add_early,
	.if_configured = true,
};
