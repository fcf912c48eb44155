/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A small module for the tests of the configuration: blocks like those of http,
 * a directive of each kind, two variables. load() reads a text with it and keeps
 * the messages.
 */
#ifndef UNIT_CONFIG_SAMPLE_H
#define UNIT_CONFIG_SAMPLE_H

#include <stdio.h>
#include <stdlib.h>

#include "config/config.h"
#include "config/modules.h"
#include "config/template.h"

struct sample {
	bool flag;
	int64_t number;
	int keyword;
	unsigned bits;
	struct str word, local;
	struct duration time;
	struct size size;
	const struct template *text;
	struct str_list list, words, once_words;
	struct template_list texts;
	char order[64]; /* a letter for each ORDERED directive, in their order */
	size_t orders;
};

/* The blocks that were opened, in their order. */
static struct conf_scope *scopes[64];
static size_t scope_count;
static unsigned checks; /* calls of the check hook */

static int open_block(struct conf_call *call, enum conf_context context)
{
	struct conf_scope *scope = conf_scope_open(call, context);

	if (scope_count < 64)
		scopes[scope_count++] = scope;
	return conf_scope_apply(call, scope);
}

static int set_http(struct conf_call *call)
{
	return open_block(call, IN_HTTP);
}

static int set_server(struct conf_call *call)
{
	return open_block(call, IN_SERVER);
}

static int set_location(struct conf_call *call)
{
	return open_block(call, IN_LOCATION);
}

static int set_order(struct conf_call *call)
{
	struct sample *sample = call->data;

	if (sample->orders < sizeof(sample->order) - 1)
		sample->order[sample->orders++] = call->node->args[0].text.data[0];
	return 0;
}

static int set_if(struct conf_call *call)
{
	struct sample *sample = call->data;

	sample->order[sample->orders++] = 'I';
	return open_block(call, IN_IF);
}

/* The words of the block's lines, one after the other. */
static int set_types(struct conf_call *call)
{
	struct sample *sample = call->data;
	struct str text = STR("");

	for (const struct conf_node *node = call->node->first; node; node = node->next) {
		text = pool_printf(call->pool, "%.*s[%.*s", STR_ARG(text),
				   STR_ARG(node->name.text));
		for (size_t i = 0; i < node->nargs; i++)
			text = pool_printf(call->pool, "%.*s %.*s", STR_ARG(text),
					   STR_ARG(node->args[i].text));
		text = pool_printf(call->pool, "%.*s]", STR_ARG(text));
	}
	sample->word = text;
	return 0;
}

static int set_define(struct conf_call *call)
{
	return variable_define(call, call->node->args[0].text, NULL, NULL, 0);
}

static int set_doubt(struct conf_call *call)
{
	conf_warn(call, NULL, "this is doubtful");
	return 0;
}

static bool get_nothing(struct request *req, struct str rest, const void *data, struct str *out)
{
	(void)req;
	(void)rest;
	(void)data;
	(void)out;
	return false;
}

static int check_sample(struct conf_call *call, void *data)
{
	const struct sample *sample = data;

	checks++;
	if (sample->number == 7 && sample->flag)
		return conf_error(call, NULL, "number 7 and flag exclude each other");
	return 0;
}

static const struct keyword keywords[] = {
	{ "red", 1 }, { "green", 2 }, { "blue", 4 }, { NULL, 0 }
};

static const struct module sample_module = {
	.name = "sample",
	.summary = "for tests",
	.conf_size = sizeof(struct sample),
	.check = check_sample,
	.variables =
		(const struct variable[]){
			{ "host", get_nothing, "The host.", 0 },
			{ "arg_", get_nothing, "An argument.", VARIABLE_PREFIX },
			{ "arg_x_", get_nothing, "A longer prefix.", VARIABLE_PREFIX },
			{ 0 } },
	.directives =
		(const struct directive[]){
			DIRECTIVE_SET("http", IN_MAIN, set_http, "{ ... }", "Web.", .flags = BLOCK),
			DIRECTIVE_SET("server", IN_HTTP, set_server, "{ ... }", "A server.",
				      .flags = BLOCK | REPEAT),
			DIRECTIVE_SET("location", IN_SERVER | IN_LOCATION, set_location,
				      "[=] prefix { ... }", "A place.", .flags = BLOCK | REPEAT,
				      .min_args = 1, .max_args = 2),
			DIRECTIVE_SET("if", IN_LOCATION, set_if, "(condition) { ... }", "A case.",
				      .flags = BLOCK | REPEAT | ORDERED, .min_args = 1,
				      .max_args = MANY_ARGS),
			DIRECTIVE_SET("types", IN_MAIN | IN_ANY_HTTP, set_types, "{ ... }",
				      "Types.", .flags = RAW_BLOCK),
			DIRECTIVE_SET("order", IN_LOCATION | IN_IF, set_order, "letter",
				      "Keeps order.", .flags = REPEAT | ORDERED | LOCAL,
				      .min_args = 1, FIELD_AT(struct sample, orders)),
			DIRECTIVE_SET("define", IN_MAIN | IN_ANY_HTTP, set_define, "name",
				      "Defines a variable.", .flags = REPEAT, .min_args = 1),
			DIRECTIVE_SET("doubt", IN_MAIN, set_doubt, "", "Warns."),
			DIRECTIVE_OBSOLETE("old_size", IN_MAIN | IN_HTTP, "size", "Nothing does."),
			DIRECTIVE("flag", IN_MAIN | IN_ANY_HTTP, struct sample, flag, "on | off",
				  "A flag.", .initial = "on"),
			DIRECTIVE("number", IN_MAIN | IN_ANY_HTTP, struct sample, number, "number",
				  "A number.", .initial = "3", .min = 1, .max = 10),
			DIRECTIVE("colour", IN_MAIN | IN_ANY_HTTP, struct sample, keyword,
				  "red | green | blue", "A colour.", .keywords = keywords),
			DIRECTIVE("colours", IN_MAIN | IN_ANY_HTTP, struct sample, bits,
				  "[red] [green] [blue]", "Colours.", .keywords = keywords),
			DIRECTIVE("root", IN_MAIN | IN_ANY_HTTP | IN_IF, struct sample, word,
				  "path", "A word.", .initial = "html"),
			DIRECTIVE("local", IN_LOCATION, struct sample, local, "word", "Stays.",
				  .flags = LOCAL),
			DIRECTIVE("timeout", IN_MAIN | IN_ANY_HTTP, struct sample, time, "time",
				  "A time.", .initial = "75s",
				  .max = 100LL * 365 * 24 * 3600 * 1000),
			DIRECTIVE("size", IN_MAIN | IN_ANY_HTTP, struct sample, size, "size",
				  "A size.", .initial = "1m", .min = 16),
			DIRECTIVE("text", IN_MAIN | IN_ANY_HTTP, struct sample, text, "text",
				  "A text."),
			DIRECTIVE("texts", IN_MAIN | IN_ANY_HTTP, struct sample, texts, "text ...",
				  "Texts.", .flags = LIST),
			DIRECTIVE("index", IN_MAIN | IN_ANY_HTTP, struct sample, list, "file ...",
				  "Replaces what is inherited.", .flags = LIST,
				  .initial = "index.html"),
			DIRECTIVE("words", IN_MAIN | IN_ANY_HTTP, struct sample, words, "word ...",
				  "Adds to what is inherited.", .flags = REPEAT),
			DIRECTIVE("names", IN_SERVER, struct sample, once_words, "name ...",
				  "Names."),
			{ 0 } },
};

static const struct module *const sample_modules[] = { &config_include_module, &sample_module };

static const struct absent_directive sample_absent[] = {
	{ "autoindex", "autoindex", "--with-autoindex" },
	{ NULL, NULL, NULL },
};

static char *messages; /* of the last loading */
static int loaded; /* what conf_load() returned */

static inline struct conf *load_with(struct conf_options options, struct str text)
{
	size_t len;
	free(messages);
	FILE *stream = open_memstream(&messages, &len);

	options.messages = stream;
	if (!options.modules) {
		options.modules = sample_modules;
		options.module_count = 2;
	}
	options.absent = sample_absent;
	scope_count = 0;
	checks = 0;

	struct conf *conf = conf_create(&options);

	loaded = conf_load(conf, text);
	fclose(stream);
	return conf;
}

static inline struct conf *load(const char *text)
{
	return load_with((struct conf_options){ .prefix = STR("/srv/"),
						.path = STR("/etc/skua/skua.conf"),
						.name = STR("skua.conf") },
			 str_from(text));
}

/* With other modules than the sample. */
static inline struct conf *load_modules(const struct module *const *list, size_t count,
					const char *text)
{
	return load_with((struct conf_options){ .prefix = STR("/srv/"),
						.path = STR("/etc/skua/skua.conf"),
						.name = STR("skua.conf"),
						.modules = list,
						.module_count = count },
			 str_from(text));
}

static inline const struct sample *sample_of(const struct conf_scope *scope)
{
	return scope_data(scope, &sample_module);
}

static inline const struct sample *sample_main(struct conf *conf)
{
	return sample_of(conf_main(conf));
}

#endif
