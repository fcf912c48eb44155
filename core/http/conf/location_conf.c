/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The block location.
 *
 *     location /a/ { location ~ \.txt$ { } }
 *     location = /a/exact { }
 *     location ^~ /a/no-expressions/ { }
 *     location ~* \.(jpe?g|png)$ { }
 *     location @fallback { }
 */
#include "http/conf/http_conf.h"

#include "config/modules.h"
#include "http/conf/http.h"
#include "http/routing/routing.h"

/* What stands before the braces. */
struct heading {
	enum location_kind kind;
	struct str name;
	bool nocase;
	const struct conf_word *word; /* that holds the name */
	size_t skip; /* bytes of the word before it */
};

static const struct {
	const char *text;
	enum location_kind kind;
	bool nocase;
} modifiers[] = {
	{ "=", LOCATION_EXACT, false },
	{ "^~", LOCATION_FINAL, false },
	{ "~*", LOCATION_REGEX, true }, /* before "~", of which it is a longer form */
	{ "~", LOCATION_REGEX, false },
};

enum { MODIFIERS = sizeof(modifiers) / sizeof(modifiers[0]) };

/* The name may follow the modifier without a blank: "=/a", "~*\.jpg$". */
static void parse_joined(const struct conf_word *word, struct heading *out)
{
	*out = (struct heading){ .kind = LOCATION_PREFIX, .name = word->text, .word = word };
	for (int i = 0; i < MODIFIERS; i++) {
		struct str text = str_from(modifiers[i].text);

		if (!str_starts(word->text, text))
			continue;
		out->kind = modifiers[i].kind;
		out->nocase = modifiers[i].nocase;
		out->skip = text.len;
		out->name = str_skip(word->text, text.len);
		return;
	}
	if (str_starts(word->text, STR("@")))
		out->kind = LOCATION_NAMED;
}

static int parse_heading(struct conf_call *call, struct heading *out)
{
	const struct conf_word *args = call->node->args;

	if (call->node->nargs == 1) {
		parse_joined(&args[0], out);
		return 0;
	}
	for (int i = 0; i < MODIFIERS; i++)
		if (str_eq(args[0].text, str_from(modifiers[i].text))) {
			*out = (struct heading){ modifiers[i].kind, args[1].text,
						 modifiers[i].nocase, &args[1], 0 };
			return 0;
		}
	return conf_error(call, &args[0],
			  "invalid location modifier \"%.*s\"\nexpected =, ^~, ~ or ~*",
			  STR_ARG(args[0].text));
}

/* May a location with this heading stand inside that one? */
static int check_nesting(struct conf_call *call, const struct heading *heading,
			 const struct http_location *outer)
{
	if (outer->block_of)
		return conf_error(call, heading->word,
				  "location \"%.*s\" cannot be inside this block\n"
				  "the block is entered when the location of a request is known",
				  STR_ARG(heading->name));
	if (outer->kind == LOCATION_SERVER)
		return 0;
	if (outer->kind == LOCATION_EXACT || outer->kind == LOCATION_NAMED)
		return conf_error(call, heading->word,
				  "location \"%.*s\" cannot be inside the %s location \"%.*s\"",
				  STR_ARG(heading->name),
				  outer->kind == LOCATION_EXACT ? "exact" : "named",
				  STR_ARG(outer->name));
	if (heading->kind == LOCATION_NAMED)
		return conf_error(call, heading->word,
				  "the named location \"%.*s\" can stand in a server only, "
				  "not in a location", STR_ARG(heading->name));
	if (heading->kind != LOCATION_REGEX && !str_starts(heading->name, outer->name))
		return conf_error(call, heading->word,
				  "location \"%.*s\" is outside location \"%.*s\"\n"
				  "its name must begin with \"%.*s\"", STR_ARG(heading->name),
				  STR_ARG(outer->name), STR_ARG(outer->name));
	return 0;
}

static void warn_unreachable(struct conf_call *call, const struct heading *heading)
{
	if (heading->kind != LOCATION_REGEX && heading->kind != LOCATION_NAMED &&
	    heading->name.len > 0 && heading->name.data[0] != '/')
		conf_warn(call, heading->word,
			  "location \"%.*s\" can never match\na path begins with \"/\"",
			  STR_ARG(heading->name));
}

static int enter(struct conf_call *call, const struct heading *heading,
		 struct http_location *outer, struct http_location *location)
{
	if (!outer->nested)
		outer->nested = location_tree_create(call->pool);

	const struct http_location *before = location_tree_add(outer->nested, location);

	if (!before)
		return 0;

	struct str first = conf_place_text(call->pool, &before->place);

	if (heading->kind != LOCATION_NAMED)
		return conf_error(call, heading->word,
				  "duplicate location \"%.*s\"\nthe first is at %.*s: put the "
				  "directives of both into one",
				  STR_ARG(heading->name), STR_ARG(first));
	conf_warn(call, heading->word,
		  "duplicate location \"%.*s\", ignored\nthe one at %.*s is used",
		  STR_ARG(heading->name), STR_ARG(first));
	return 0;
}

struct http_location *location_create(struct conf_call *call, struct conf_scope *scope,
				      enum location_kind kind)
{
	struct http *http = http_of(call->conf);
	struct http_conf *core = conf_scope_write(call, scope, &http_module);
	struct http_location *location = pool_new(call->pool, struct http_location);

	location->kind = kind;
	location->confs = scope->data;
	location->core = core;
	core->location = location;
	location->number = http->locations ? http->locations->number + 1 : 0;
	location->next = http->locations;
	http->locations = location;
	return location;
}

int location_block_set(struct conf_call *call)
{
	struct http_location *outer = ((struct http_conf *)call->data)->location;
	struct heading heading = { 0 };

	if (parse_heading(call, &heading) < 0 || check_nesting(call, &heading, outer) < 0)
		return -EINVAL;
	warn_unreachable(call, &heading);

	struct conf_scope *scope = conf_scope_open(call, IN_LOCATION);
	struct http_location *location = location_create(call, scope, heading.kind);

	location->name = heading.name;
	location->place = heading.word->place;
	location->parent = outer->kind == LOCATION_SERVER ? NULL : outer;

	int result = 0;

	if (heading.kind == LOCATION_REGEX) {
		location->pattern = pattern_compile(call, heading.word, heading.skip,
						    heading.nocase);
		result = location->pattern ? 0 : -EINVAL;
	}
	if (result == 0)
		result = enter(call, &heading, outer, location);
	return conf_scope_apply(call, scope) < 0 ? -1 : result;
}

int conf_block_open(struct conf_call *call, enum conf_context context,
		    const struct http_location **out)
{
	const struct http_conf *core = scope_data(call->scope, &http_module);
	const struct http_location *outer = core->location;

	if (!outer)
		return conf_error(call, NULL,
				  "this block has to stand in a server\n"
				  "the directive's contexts are a defect of its module");

	struct conf_scope *scope = conf_scope_open(call, context);
	struct http_location *block = location_create(call, scope, outer->kind);

	block->name = outer->name;
	block->pattern = outer->pattern;
	block->parent = outer->parent;
	block->place = call->node->name.place;
	block->block_of = outer;
	*out = block;
	return conf_scope_apply(call, scope);
}

/* The first LOCAL directive of the module whose field differs between the structs. */
static const char *local_difference(const struct module *module, const char *a, const char *b)
{
	const struct directive *directive = module->directives;

	while (directive->name && (!(directive->flags & LOCAL) ||
				   memcmp(a + directive->offset, b + directive->offset,
					  directive->size) == 0))
		directive++;
	return directive->name;
}

const char *conf_block_loses(const struct conf_call *call, const struct http_location *block)
{
	const struct http_location *outer = block->block_of;

	for (size_t i = 0; i < module_count(); i++) {
		const struct module *module = module_at(i);

		if (outer->confs[i] == call->data || module->on[PHASE_CONTENT] ||
		    !conf_has_local(call->conf, i, outer->confs[i]))
			continue;
		const char *lost = local_difference(module, outer->confs[i], block->confs[i]);
		if (lost)
			return lost;
	}
	return NULL;
}

const void *block_conf(const struct http_location *block, const struct module *module)
{
	return block->confs[module_index(module)];
}
