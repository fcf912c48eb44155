/* SPDX-License-Identifier: BSD-2-Clause */
/* Responds with the request as JSON: method, URI, decoded arguments, fields: `echo on;` */
#include <module.h>

struct echo_conf {
	bool echo;
};

/* "name":"value", with a comma in front of all but the first. */
static void add_member(struct text *text, struct str name, struct str value)
{
	if (text->data[text->len - 1] != '{')
		text_add_char(text, ',');
	text_add_char(text, '"');
	text_add_json(text, name);
	text_add(text, STR("\":\""));
	text_add_json(text, value);
	text_add_char(text, '"');
}

/* A "+" stands for a blank, as in forms. What cannot be decoded stays as it came. */
static struct str decode(struct request *req, struct str part)
{
	char *copy = pool_memdup(req->pool, part.data, part.len);
	struct str blanks = { copy, part.len }, decoded;

	for (size_t i = 0; i < part.len; i++)
		copy[i] = part.data[i] == '+' ? ' ' : part.data[i];
	return uri_decode(req->pool, blanks, &decoded) ? decoded : part;
}

static verdict echo_content(struct request *req, const void *data)
{
	const struct echo_conf *conf = data;
	struct text text = { .pool = req->pool };
	struct str args = req->args;

	if (!conf->echo)
		return PASS;
	text_add_char(&text, '{');
	add_member(&text, STR("method"), req->method_name);
	add_member(&text, STR("uri"), req->uri);
	text_add(&text, STR(",\"args\":{"));
	while (!str_empty(args)) {
		struct str value = str_split(&args, '&'), name = str_split(&value, '=');

		if (!str_empty(name))
			add_member(&text, decode(req, name), decode(req, value));
	}
	text_add(&text, STR("},\"fields\":{"));
	for (const struct header *field = req->headers; field; field = field->next)
		add_member(&text, field->name, field->value);
	text_add(&text, STR("}}\n"));
	return respond_bytes(req, 200, STR("application/json"), text_str(&text));
}

const struct module echo_module = {
	.name = "echo",
	.summary = "responds with the request as JSON",
	.conf_size = sizeof(struct echo_conf),
	.directives = (const struct directive[]) {
		DIRECTIVE("echo", IN_ANY_HTTP, struct echo_conf, echo, "on | off", "Responds."),
		{ 0 }
	},
	.on[PHASE_CONTENT] = echo_content,
};
