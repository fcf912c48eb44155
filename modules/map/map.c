/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Variables whose values depend on a text that contains other variables.
 *
 *     map $host $site {
 *         hostnames;
 *         default        main;
 *         .example.org   example;
 *         ~^(\w+)\.test$ test/$1;
 *     }
 *
 * A value is looked up when the variable is used: first the whole text, then the host names with
 * an asterisk, then the expressions in the order of the file.
 */
#include <module.h>

#include "table.h"

struct map_pattern {
	const struct pattern *pattern;
	struct map_value value;
};

struct map {
	const struct template *source;
	struct map_table exact;
	struct map_table front, tail; /* "*.example.org" as "example.org", "www.*" as "www" */
	struct map_pattern *patterns;
	size_t pattern_count, pattern_capacity;
	struct map_value fallback; /* of `default` */
	bool has_fallback;
	bool is_of_hosts; /* `hostnames` */
};

/* --- look-up ---------------------------------------------------------------- */

/*
 * Looks up each part of the host that follows a dot, the longest first. A leading dot counts, too.
 */
static bool find_front(const struct map_table *table, struct str host, struct map_value *out)
{
	for (size_t i = 0; table->capacity && i < host.len; i++)
		if (host.data[i] == '.' && map_table_find(table, str_skip(host, i + 1), out))
			return true;
	return false;
}

/* Looks up each part of the host that ends before a dot, the longest first. */
static bool find_tail(const struct map_table *table, struct str host, struct map_value *out)
{
	for (size_t i = host.len; table->capacity && i > 1; i--)
		if (host.data[i - 1] == '.' && i < host.len &&
		    map_table_find(table, str_head(host, i - 1), out))
			return true;
	return false;
}

static bool find_text(struct request *req, const struct map *map, struct str text,
		      struct map_value *out)
{
	char buffer[256], *lower = buffer;

	if (text.len > sizeof(buffer))
		lower = pool_alloc(req->pool, text.len);
	str_put_lower(lower, text);
	text.data = lower;
	return map_table_find(&map->exact, text, out) || find_front(&map->front, text, out) ||
	       find_tail(&map->tail, text, out);
}

/* If an expression fails, the search ends, and the server answers the request with 500. */
static bool find_pattern(struct request *req, const struct map *map, struct str text,
			 struct map_value *out)
{
	for (size_t i = 0; i < map->pattern_count && text.len; i++) {
		enum match match = pattern_match(req, map->patterns[i].pattern, text);

		if (match == MATCH_FAILED)
			return false;
		*out = map->patterns[i].value;
		if (match == MATCH_YES)
			return true;
	}
	return false;
}

static bool map_get(struct request *req, struct str rest, const void *data, struct str *out)
{
	const struct map *map = data;
	struct str text = template_text(req, map->source);
	struct map_value value;

	(void)rest;
	if (map->is_of_hosts && str_ends(text, STR(".")))
		text.len--;
	if (!find_text(req, map, text, &value) && !find_pattern(req, map, text, &value))
		value = map->fallback;
	*out = value.len == VALUE_IS_TEMPLATE ? template_text(req, value.data) :
						(struct str){ value.data, value.len };
	return true;
}

/* --- configuration ---------------------------------------------------------- */

enum key_kind {
	KEY_INVALID,
	KEY_EXACT,
	KEY_FRONT, /* "*.example.org" */
	KEY_BOTH, /* ".example.org": this name and all names below it */
	KEY_TAIL, /* "www.example.*" */
};

/* Returns the kind of the host name. *bare is the name without the asterisk and its dot. */
static enum key_kind host_kind(struct str key, struct str *bare)
{
	bool has_asterisk = str_chr(key, '*') >= 0;

	*bare = key;
	if (str_find(key, STR("..")) >= 0 || str_chr(key, '*') != str_rchr(key, '*'))
		return KEY_INVALID;
	if (key.len > 1 && key.data[0] == '.') {
		*bare = str_skip(key, 1);
		return has_asterisk ? KEY_INVALID : KEY_BOTH;
	}
	if (key.len > 2 && str_starts(key, STR("*."))) {
		*bare = str_skip(key, 2);
		return KEY_FRONT;
	}
	if (key.len > 2 && str_ends(key, STR(".*"))) {
		*bare = str_head(key, key.len - 2);
		return KEY_TAIL;
	}
	return has_asterisk ? KEY_INVALID : KEY_EXACT;
}

/* Returns the text in lower case; without a copy if it already is. */
static struct str lower_key(struct pool *pool, struct str key)
{
	size_t i = 0;

	while (i < key.len && key.data[i] == ascii_lower(key.data[i]))
		i++;
	return i == key.len ? key : pool_lower(pool, key);
}

static int add_key(struct conf_call *call, struct map *map, const struct conf_word *word,
		   struct map_value value)
{
	struct str key = str_skip(word->text, str_starts(word->text, STR("\\")));
	enum key_kind kind = map->is_of_hosts ? host_kind(key, &key) : KEY_EXACT;
	struct map_value before;
	bool is_new = true;

	key = lower_key(call->pool, key);
	if (kind == KEY_INVALID)
		return conf_error(call, word,
				  "invalid host name or wildcard \"%.*s\"\n"
				  "one asterisk may stand at the front (*.example.org) or at the "
				  "end (www.*)",
				  STR_ARG(word->text));
	if (kind == KEY_BOTH && map_table_find(&map->front, key, &before))
		is_new = false;
	else if (kind == KEY_EXACT || kind == KEY_BOTH)
		is_new = map_table_add(&map->exact, key, value);
	if (is_new && (kind == KEY_FRONT || kind == KEY_BOTH))
		is_new = map_table_add(&map->front, key, value);
	if (kind == KEY_TAIL)
		is_new = map_table_add(&map->tail, key, value);
	if (is_new)
		return 0;
	return conf_error(call, word,
			  "\"%.*s\" stands in this map already\n"
			  "upper and lower case are the same here",
			  STR_ARG(word->text));
}

static int add_pattern(struct conf_call *call, struct map *map, const struct conf_word *word,
		       struct map_value value)
{
	bool nocase = str_starts(word->text, STR("~*"));
	struct map_pattern added = { .value = value };

	added.pattern = pattern_compile(call, word, 1 + nocase, nocase);
	if (!added.pattern)
		return -EINVAL;
	map->patterns = pool_grow(call->pool, map->patterns, map->pattern_count,
				  &map->pattern_capacity, sizeof(added));
	map->patterns[map->pattern_count++] = added;
	return 0;
}

static int parse_value(struct conf_call *call, const struct conf_word *word, struct map_value *out)
{
	const struct template *template;

	*out = (struct map_value){ word->text.data, (uint32_t)word->text.len };
	if (str_chr(word->text, '$') < 0)
		return 0;
	if (conf_parse_template(call, word, &template) < 0)
		return -EINVAL;
	*out = (struct map_value){ template, VALUE_IS_TEMPLATE };
	return 0;
}

static int add_line(struct conf_call *call, struct map *map, const struct conf_node *line)
{
	struct map_value value;

	if (line->is_block || line->nargs != 1)
		return conf_error(call, &line->name,
				  "a line of a map has a text and a value\n"
				  "as in \"a 1;\"; one with blanks must stand in quotes");
	if (parse_value(call, &line->args[0], &value) < 0)
		return -EINVAL;
	if (str_starts(line->name.text, STR("~")))
		return add_pattern(call, map, &line->name, value);
	if (!str_eq(line->name.text, STR("default")))
		return add_key(call, map, &line->name, value);
	if (map->has_fallback)
		return conf_error(call, &line->name, "this map has a default already");
	map->fallback = value;
	map->has_fallback = true;
	return 0;
}

/* Reads the options `hostnames` and `volatile`. False: the line is not an option. */
static bool take_option(struct map *map, const struct conf_node *line, unsigned *flags)
{
	if (line->nargs || line->is_block)
		return false;
	if (str_eq(line->name.text, STR("hostnames")))
		map->is_of_hosts = true;
	else if (str_eq(line->name.text, STR("volatile")))
		*flags = VARIABLE_VOLATILE;
	else
		return false;
	return true;
}

/* Counts the lines of each table, so that its memory can be allocated at once. */
static void make_room(struct conf_call *call, struct map *map)
{
	size_t exact = 0, front = 0, tail = 0;

	for (const struct conf_node *line = call->node->first; line; line = line->next) {
		struct str key = line->name.text, bare;

		if (str_starts(key, STR("~")))
			continue;
		exact++;
		front += str_starts(key, STR(".")) || host_kind(key, &bare) == KEY_FRONT;
		tail += host_kind(key, &bare) == KEY_TAIL;
	}
	map_table_init(&map->exact, call->pool, exact);
	map_table_init(&map->front, call->pool, front);
	map_table_init(&map->tail, call->pool, tail);
}

/* Tells which values the variable may have. */
static void list_values(struct conf_call *call, struct str name)
{
	const struct template *template;

	for (const struct conf_node *line = call->node->first; line; line = line->next) {
		const struct conf_word *word = line->nargs == 1 ? &line->args[0] : NULL;

		if (word && str_chr(word->text, '$') < 0)
			variable_value(call, name, word->text);
		else if (word && conf_parse_template(call, word, &template) == 0)
			variable_value_template(call, name, template);
	}
}

static int set_map(struct conf_call *call)
{
	const struct conf_word *args = call->node->args;
	struct map *map = pool_new(call->pool, struct map);
	struct str name;
	unsigned flags = 0;
	int result = 0;

	if (conf_parse_template(call, &args[0], &map->source) < 0)
		result = -EINVAL;
	if (conf_parse_variable(call, &args[1], &name) < 0)
		return -EINVAL;
	map->fallback.data = "";
	make_room(call, map);
	for (const struct conf_node *line = call->node->first; line; line = line->next)
		if (!take_option(map, line, &flags) && add_line(call, map, line) < 0)
			result = -EINVAL;
	if (variable_define(call, name, map_get, map, flags | VARIABLE_LISTED) < 0)
		return -EINVAL;
	if (result == 0)
		list_values(call, name);
	return result;
}

#define MAP_DOC                                                                            \
	"Defines a variable whose value depends on the first word, which may contain " \
	"variables. This text is compared with the texts in the block, and the value beside " \
	"the matching one is used. Upper and lower case are the same. An equal text is " \
	"preferred. After the line `hostnames;` the longest matching host name with an " \
	"asterisk at its front or end is next (*.example.org, www.example.*; .example.org " \
	"stands for example.org and *.example.org). Then the first matching expression is used " \
	"(~ distinguishes upper and lower case, ~* does not). If nothing matches, the value is " \
	"that of `default`, or empty without a `default`. Values may contain variables, also " \
	"$1 and the named groups of the expression.\n\n" \
	"    map $http_accept_language $language {\n" \
	"        default en;\n" \
	"        ~^de    de;\n" \
	"    }\n" \
	"    server { root /srv/$language; }\n\n" \
	"`include FILE;` reads lines from a file. With `volatile;` the value is looked up at " \
	"each use instead of once in a request. A backslash in front of a text makes it an " \
	"ordinary text, even if it is one of these words. A variable that is not used costs " \
	"nothing."

#define HASH_DOC \
	"Is accepted and has no effect: the size of the table follows from the number of lines."

const struct module map_module = {
	.name = "map",
	.summary = "defines variables that depend on other variables",
	.directives = (const struct directive[]) {
		DIRECTIVE_SET("map", IN_HTTP, set_map, "text $variable { text value; ... }",
			      MAP_DOC, .flags = RAW_BLOCK | REPEAT, .min_args = 2),
		DIRECTIVE_OBSOLETE("map_hash_max_size", IN_HTTP, "size", HASH_DOC),
		DIRECTIVE_OBSOLETE("map_hash_bucket_size", IN_HTTP, "size", HASH_DOC),
		{ 0 }
	},
};
