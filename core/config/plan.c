/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Plans a block before anything of it is applied: finds the directive of each node,
 * checks the number of words and that no directive stands twice, and gives the block structs
 * of its own for the modules that it sets. Most of the code is about mistakes.
 */
#include "config/internal.h"
#include "config/known/known.h"

/* Reports an error at a word. apply_checks() then leaves out the module of the entry. */
static void __attribute__((format(printf, 4, 5)))
error_at(struct conf *conf, const struct conf_word *word, const struct directive_entry *entry,
	 const char *format, ...)
{
	va_list args;

	if (entry)
		conf->failed[entry->module] = true;
	va_start(args, format);
	message_vadd(&conf->source, MESSAGE_ERROR, word->place, format, args);
	va_end(args);
}

bool is_block_directive(const struct directive *directive)
{
	return directive->flags & (BLOCK | RAW_BLOCK);
}

/* Reports a "{" that is missing behind the words on the line of the name; its "}" is left over. */
static void report_missing_brace(struct conf *conf, const struct conf_node *node)
{
	const struct conf_word *last = &node->name;

	for (size_t i = 0; i < node->nargs && node->args[i].place.line == last->place.line; i++)
		last = &node->args[i];
	if (conf->source.stray_brace)
		message_drop(&conf->source, conf->source.stray_brace - 1);
	conf->source.stray_brace = 0;
	conf->source.unbalanced = true;
	message_add(&conf->source, MESSAGE_ERROR, place_behind(last),
		    "\"%.*s\" needs a block\nexpected \"{\"", STR_ARG(node->name.text));
}

static bool report_absent(struct conf *conf, const struct conf_node *node)
{
	const struct absent_directive *absent = conf->absent;

	for (; absent && absent->directive; absent++) {
		if (!str_eq(node->name.text, str_from(absent->directive)))
			continue;
		error_at(conf, &node->name, NULL,
			 "unknown directive \"%s\": the module %s was left out\n"
			 "run auto/configure with %s to get it",
			 absent->directive, absent->module, absent->option);
		return true;
	}
	return false;
}

/* Reports a directive that may stand in these contexts only. */
static void report_context(struct conf *conf, const struct conf_node *node,
			   const struct directive_entry *entry, unsigned contexts)
{
	struct str wanted = contexts_text(conf->pool, contexts, " or ");

	if (!conf->source.unbalanced)
		error_at(conf, &node->name, entry, "\"%.*s\" is not allowed here\n%s%.*s",
			 STR_ARG(node->name.text), contexts ? "it belongs into " : "",
			 STR_ARG(wanted));
}

/* What becomes of a directive of nginx that no module of this server has. False: it is none. */
static bool report_known(struct conf *conf, const struct conf_scope *scope,
			 const struct conf_node *node)
{
	const struct known_group *group =
		known_find(known_directives, node->name.text, scope->context);
	struct conf_call call = { .conf = conf, .node = node };
	bool is_off = node->nargs == 1 && conf_word_is(&node->args[0], "off");

	if (!group)
		return false;
	if (!(group->contexts & scope->context))
		report_context(conf, node, NULL, group->contexts);
	else if (group->verdict == KNOWN_MISSING || group->verdict == KNOWN_FOREIGN ||
		 (group->verdict == KNOWN_MISSING_ON && !is_off))
		conf_not_supported(&call, &node->name, "\"%.*s\" is not supported\n%s",
				   STR_ARG(node->name.text), group->reason);
	return true;
}

/* Reports a name that no directive of this context has. */
static void report_unknown(struct conf *conf, struct conf_scope *scope,
			   const struct conf_node *node)
{
	struct str name = node->name.text;
	const struct directive_entry *entry = hash_get(&conf->directives, name);
	unsigned contexts = 0;

	for (const struct directive_entry *e = entry; e; e = e->next)
		contexts |= e->directive->contexts;
	note_doubtful(conf, node);
	if (entry) {
		report_context(conf, node, entry, contexts);
		return;
	}
	if (report_absent(conf, node) || report_known(conf, scope, node))
		return;

	const char *nearest = directive_nearest(conf, name, scope->context);

	if (nearest)
		error_at(conf, &node->name, NULL,
			 "unknown directive \"%.*s\"\ndid you mean \"%s\"?", STR_ARG(name),
			 nearest);
	else
		error_at(conf, &node->name, NULL, "unknown directive \"%.*s\"", STR_ARG(name));
}

size_t swallowed_name(const struct conf *conf, const struct conf_scope *scope,
		      const struct conf_node *node, size_t least)
{
	const struct conf_word *before = &node->name;

	for (size_t i = 0; i < node->nargs; before = &node->args[i++])
		if (i >= least && !node->args[i].quoted &&
		    node->args[i].place.line > before->place.line &&
		    directive_find(conf, node->args[i].text, scope->context))
			return i;
	return node->nargs;
}

/* Splits a directive in two: the second begins at the argument. */
static void split_node(struct conf *conf, struct conf_node *node, size_t index)
{
	struct conf_node *second = pool_memdup(conf->pool, node, sizeof(*node));

	second->name = node->args[index];
	second->args = node->args + index + 1;
	second->nargs = node->nargs - index - 1;
	node->nargs = index;
	node->is_block = false;
	node->first = NULL;
	node->next = second;
}

void report_missing_semicolon(struct conf *conf, const struct conf_node *node, size_t index)
{
	const struct conf_word *before = index ? &node->args[index - 1] : &node->name;

	message_add(
		&conf->source, MESSAGE_ERROR, place_behind(before),
		"missing \";\" after \"%.*s\"\n\"%.*s\" on line %u seems to begin a new directive",
		STR_ARG(before->text), STR_ARG(node->args[index].text),
		node->args[index].place.line);
}

static bool count_fits(const struct directive *directive, size_t nargs)
{
	unsigned min, max;

	directive_arity(directive, &min, &max);
	return nargs >= min && nargs <= max;
}

/* Reports too many words at the first superfluous one, and too few at the name. */
static void report_count(struct conf *conf, const struct conf_node *node,
			 const struct directive_entry *entry)
{
	const struct directive *directive = entry->directive;
	const char *syntax = directive->syntax ? directive->syntax : "";
	char wanted[64];
	unsigned min, max;

	directive_arity(directive, &min, &max);
	if (max == 0)
		snprintf(wanted, sizeof(wanted), "no argument");
	else if (min == max)
		snprintf(wanted, sizeof(wanted), "%u argument%s", min, min == 1 ? "" : "s");
	else if (max == MANY_ARGS)
		snprintf(wanted, sizeof(wanted), "at least %u argument%s", min,
			 min == 1 ? "" : "s");
	else
		snprintf(wanted, sizeof(wanted), "%u to %u arguments", min, max);
	error_at(conf, node->nargs > max ? &node->args[max] : &node->name, entry,
		 "\"%s\" takes %s, not %zu\nsyntax: %s%s%s%s", directive->name, wanted, node->nargs,
		 directive->name, *syntax ? " " : "", syntax,
		 !is_block_directive(directive) ? ";" :
		 strchr(syntax, '{')		? "" :
						  " { ... }");
}

/* Whether the node has as many arguments as the directive takes, and a block if it wants one. */
static bool shape_fits(struct conf *conf, struct conf_scope *scope, struct conf_node *node,
		       const struct directive_entry *entry)
{
	const struct directive *directive = entry->directive;
	bool block = is_block_directive(directive);
	unsigned min, max;

	if (block && !node->is_block) {
		conf->failed[entry->module] = true;
		report_missing_brace(conf, node);
		return false;
	}
	if (block == node->is_block && count_fits(directive, node->nargs))
		return true;
	directive_arity(directive, &min, &max);

	size_t index = swallowed_name(conf, scope, node, min);

	if (index < node->nargs && !block) {
		report_missing_semicolon(conf, node, index);
		split_node(conf, node, index);
		return count_fits(directive, node->nargs);
	}
	if (!block && node->is_block) {
		error_at(conf, &node->name, entry, "\"%s\" takes no block\nsyntax: %s %s;",
			 directive->name, directive->name,
			 directive->syntax ? directive->syntax : "");
		return false;
	}
	report_count(conf, node, entry);
	return false;
}

/* Notes the first node of the directive in the block. False, after a message: a second one. */
static bool may_repeat(struct conf *conf, struct step *step, unsigned block)
{
	struct directive_entry *entry = step->entry;

	step->first = entry->seen_block != block;
	if (step->first) {
		entry->seen_block = block;
		entry->seen_node = step->node;
		return true;
	}
	if (entry->directive->flags & (LIST | REPEAT))
		return true;

	struct conf_place place = entry->seen_node->name.place;

	error_at(conf, &step->node->name, entry,
		 "\"%s\" directive is duplicate\nthe first one is at %.*s:%u:%u",
		 entry->directive->name, STR_ARG(place.file->name), place.line, place.column);
	return false;
}

struct plan plan_block(struct conf *conf, struct conf_scope *scope, struct conf_node *first)
{
	struct plan plan = { 0 };
	unsigned block = ++conf->blocks;

	for (struct conf_node *node = first; node; node = (struct conf_node *)node->next) {
		struct step step = { .node = node };

		step.entry = directive_find(conf, node->name.text, scope->context);
		if (!step.entry) {
			report_unknown(conf, scope, node);
			continue;
		}
		if (step.entry->directive->flags & OBSOLETE)
			continue;
		if (!shape_fits(conf, scope, node, step.entry) || !may_repeat(conf, &step, block)) {
			note_doubtful(conf, node);
			continue;
		}
		step.swallows = swallowed_name(conf, scope, node, 1) < node->nargs;
		scope_own(conf, scope, step.entry->module);
		plan.steps =
			pool_grow(conf->pool, plan.steps, plan.count, &plan.capacity, sizeof(step));
		plan.steps[plan.count++] = step;
	}
	return plan;
}
