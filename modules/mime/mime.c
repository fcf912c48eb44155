/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sets the type of a response that has none: by the extension of the URI, otherwise by the
 * default_type of the configuration, otherwise by the content of the file.
 *
 *     include mime.types;
 *     default_type application/octet-stream;
 *     location /data/ { types { text/plain asc log; } }
 */
#include <module.h>
#include <stdlib.h>

#include "guess.h"
#include "types.h"

extern const struct module mime_module;

struct mime_conf {
	struct types *types; /* NULL: the built-in ones */
	struct str default_type; /* or "magic" */
};

struct mime_context {
	struct guess *guess; /* of the file that is being answered with */
};

static const struct str undecided = STR_INIT("application/octet-stream");

/* The key of the type that was guessed: it stays with the version of the file. */
enum { GUESSED_TYPE };

static void keep_guessed(struct file *file, struct str type)
{
	char *copy = str_empty(type) ? NULL : malloc(type.len + 1);

	/* Another request may have guessed it at the same time. */
	if (!copy || file_attached(file, &mime_module, GUESSED_TYPE)) {
		free(copy);
		return;
	}
	*str_put(copy, type) = '\0';
	file_attach(file, &mime_module, GUESSED_TYPE, copy, type.len + 1, free);
}

static verdict set_guessed(struct response *response, struct str type)
{
	response->content_type = type;
	response->nosniff = true;
	return PASS;
}

/* Called a second time when the thread has finished. */
static verdict guess(struct request *req, struct response *response)
{
	struct file *file = response->file;

	const char *known = file_attached(file, &mime_module, GUESSED_TYPE);

	if (known)
		return set_guessed(response, str_from(known));
	if (file->size == 0)
		return set_guessed(response, STR("text/plain"));

	struct mime_context *context = request_context(req, &mime_module);
	if (!context->guess) {
		context->guess = guess_start(req, file);
		return context->guess ? WAIT : set_guessed(response, undecided);
	}
	struct str type = guess_type(context->guess);
	keep_guessed(file, type);
	return set_guessed(response, str_empty(type) ? undecided : type);
}

static verdict mime_filter(struct request *req, const void *data)
{
	const struct mime_conf *conf = data;
	struct response *response = &req->response;

	if (!str_empty(response->content_type) || !response->body || response->status == 204)
		return PASS;
	const struct types *types = conf->types ? conf->types : types_builtin();
	response->content_type = types_find(types, req->uri);
	if (!str_empty(response->content_type))
		return PASS;

	if (!str_eq(conf->default_type, STR("magic")))
		response->content_type = conf->default_type;
	else if (response->file)
		return guess(req, response);
	else if (response_find(req, STR("Content-Encoding")))
		response->content_type = undecided;
	else
		response->content_type = STR("text/plain");
	return PASS;
}

static int set_default_type(struct conf_call *call)
{
	struct mime_conf *conf = call->data;

	conf->default_type = conf_fold_lines(call, &call->node->args[0]).text;
	return 0;
}

static int add_type(struct conf_call *call, struct types *types, const struct conf_node *node)
{
	struct str type = conf_fold_lines(call, &node->name).text;

	if (node->nargs == 0)
		conf_warn(call, &node->name,
			  "no extension has the type \"%.*s\"\nexpected one or more, as in "
			  "\"text/html html htm;\"",
			  STR_ARG(node->name.text));
	for (size_t i = 0; i < node->nargs; i++) {
		struct str before = types_add(types, node->args[i].text, type);
		if (before.len && !str_eq(before, type))
			conf_warn(call, &node->args[i],
				  "the extension \"%.*s\" had the type \"%.*s\" before",
				  STR_ARG(node->args[i].text), STR_ARG(before));
	}
	return 0;
}

static int set_types(struct conf_call *call)
{
	struct mime_conf *conf = call->data;
	int result = 0;

	if (!conf->types)
		conf->types = types_create(call->pool);
	for (const struct conf_node *node = call->node->first; node; node = node->next)
		if (add_type(call, conf->types, node) < 0)
			result = -EINVAL;
	return result;
}

static int check(struct conf_call *call, void *data)
{
	const struct mime_conf *conf = data;

	if (str_eq(conf->default_type, STR("magic")))
		guess_note_files(call);
	return 0;
}

const struct module mime_module = {
	.name = "mime",
	.summary = "sets the type of a response, by extension or by content",
	.conf_size = sizeof(struct mime_conf),
	.library = guess_library,
	.context_size = sizeof(struct mime_context),
	.directives = (const struct directive[]) {
		DIRECTIVE_SET("types", IN_ANY_HTTP, set_types,
			      "{ type extension ...; ... }",
			      "Assigns types to the extensions of URIs. A block with types knows "
			      "only those of its own. Where no types are configured, the types of "
			      "conf/mime.types apply, which are built in.\n\n"
			      "    types {\n"
			      "        text/html          html htm;\n"
			      "        text/markdown      md;\n"
			      "    }",
			      FIELD_AT(struct mime_conf, types), .flags = LIST | RAW_BLOCK),
		DIRECTIVE("default_type", IN_ANY_HTTP, struct mime_conf, default_type,
			  "type | magic",
			  "The type of a response whose extension is not in types. With `magic` "
			  "it is detected from the first bytes of the file, once for each version "
			  "of the file. Types that a browser would execute (html, svg, "
			  "javascript, xml) are never detected, and X-Content-Type-Options: "
			  "nosniff is sent. With `magic`, a response that does not come from a "
			  "file is text/plain.\n\n"
			  "    default_type application/octet-stream;",
			  .set = set_default_type, .initial = "magic"),
		{ 0 }
	},
	.check = check,
	.on[PHASE_FILTER] = mime_filter,
	.filter_role = FILTER_TYPE,
};
