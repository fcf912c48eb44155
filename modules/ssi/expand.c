/* SPDX-License-Identifier: BSD-2-Clause */
#include "expand.h"

static bool is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_';
}

bool ssi_variable(struct request *req, struct shared *shared, struct str name, struct str *out)
{
	char lower[256];

	if (shared_variable(shared, name, out))
		return true;
	if (name.len >= sizeof(lower))
		return false;
	str_put_lower(lower, name);
	return variable_find(req, (struct str){ lower, name.len }, out);
}

/*
 * Takes the name at the front of *text, which begins with the sign. NULL, or what is wrong.
 */
static const char *take_name(struct str *text, struct str *name)
{
	bool braces = text->len > 1 && text->data[1] == '{';
	struct str rest = str_skip(*text, braces ? 2 : 1);
	size_t len = 0;

	while (len < rest.len && is_name_char(rest.data[len]))
		len++;
	*name = str_head(rest, len);
	rest = str_skip(rest, len);
	if (braces && !str_starts(rest, STR("}")))
		return "the \"}\" of a variable is missing";
	*text = str_skip(rest, braces ? 1 : 0);
	return len > 0 ? NULL : "the name of a variable is not valid";
}

/* Adds what is before the next variable, without its backslashes. */
static void take_literal(struct str *text, struct text *out)
{
	bool is_quoted = false;
	size_t i;

	for (i = 0; i < text->len && (is_quoted || text->data[i] != '$'); i++) {
		char c = text->data[i];

		if (!is_quoted && c == '\\') {
			is_quoted = true;
			continue;
		}
		if (is_quoted && c != '\\' && c != '\'' && c != '"' && c != '$')
			text_add_char(out, '\\');
		is_quoted = false;
		text_add_char(out, c);
	}
	*text = str_skip(*text, i);
}

static const char *add_value(struct request *req, struct shared *shared, struct str name,
			     struct text *out)
{
	struct str value;

	ssi_variable(req, shared, name, &value);
	if (value.len > KEPT_MAX - out->len)
		return "its values are too long";
	text_add(out, value);
	return NULL;
}

const char *expand(struct request *req, struct shared *shared, struct pool *pool, struct str text,
		   bool is_path, struct str *out)
{
	struct text result = { .pool = pool };
	const char *problem = NULL;
	/* As in nginx, an empty path is the directory, unless variables have made it empty. */
	bool gets_directory = is_path && str_chr(text, '$') < 0;

	while (!str_empty(text) && !problem) {
		struct str name;

		if (text.data[0] != '$') {
			take_literal(&text, &result);
			continue;
		}
		problem = take_name(&text, &name);
		if (!problem)
			problem = add_value(req, shared, name, &result);
	}
	*out = text_str(&result);
	gets_directory = gets_directory || (is_path && !str_empty(*out));
	if (gets_directory && !str_starts(*out, STR("/"))) {
		struct str directory = str_head(req->uri, (size_t)(str_rchr(req->uri, '/') + 1));

		*out = pool_concat(pool, (const struct str[]){ directory, *out }, 2);
	}
	return problem;
}
