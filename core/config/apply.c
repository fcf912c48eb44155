/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Applies the tree to the tables of the modules. A block is planned first: each
 * node finds its directive, counts are checked, what the block sets gets structs
 * of its own. Then the directives run: simple ones, ORDERED ones, blocks. So a
 * nested block always begins with all that its parent says.
 */
#include "config/internal.h"

/* A node whose directive is known and whose shape is right. */
struct step {
	struct directive_entry *entry;
	struct conf_node *node;
	bool first; /* of this directive in the block */
	bool swallows; /* its words seem to contain another directive */
};

struct plan {
	struct step *steps;
	size_t count, capacity;
};

static struct conf_call call_for(struct conf *conf, struct conf_scope *scope,
				 const struct directive *directive, const struct conf_node *node)
{
	return (struct conf_call){
		.conf = conf,
		.pool = conf->pool,
		.node = node,
		.directive = directive,
		.scope = scope,
		.context = scope ? scope->context : IN_MAIN,
	};
}

/* An error at the node's name; the entry's module is not checked later. */
static void __attribute__((format(printf, 4, 5)))
error_at(struct conf *conf, const struct conf_node *node, const struct directive_entry *entry,
	 const char *format, ...)
{
	va_list args;

	if (entry)
		conf->failed[entry->module] = true;
	va_start(args, format);
	message_vadd(conf, MESSAGE_ERROR, node->name.place, format, args);
	va_end(args);
}

/* --- structs of a block ---------------------------------------------------- */

static bool is_local(const struct directive *directive)
{
	return (directive->flags & LOCAL) && directive->size;
}

/* Does the struct have a LOCAL field that is not as it was at the beginning? */
static bool has_local(const struct module *module, const char *data, const char *initial)
{
	const struct directive *directive = module->directives;

	for (; directive && directive->name; directive++)
		if (is_local(directive) && memcmp(data + directive->offset,
						  initial + directive->offset, directive->size) != 0)
			return true;
	return false;
}

static void reset_local(const struct module *module, char *data, const char *initial)
{
	const struct directive *directive = module->directives;

	for (; directive && directive->name; directive++)
		if (is_local(directive))
			memcpy(data + directive->offset, initial + directive->offset,
			       directive->size);
}

/* limit_except is no place of its own: what answers in its location answers in it. */
static bool keeps_local(const struct conf_scope *scope)
{
	return scope->context == IN_LIMIT_EXCEPT;
}

static bool scope_owns(const struct conf_scope *scope, size_t module)
{
	return scope->data[module] &&
	       (!scope->parent || scope->data[module] != scope->parent->data[module]);
}

/* The scope's own struct: at first a copy of what it shares with its parent. */
static void *scope_own(struct conf *conf, struct conf_scope *scope, size_t index)
{
	const struct module *module = conf->modules[index];

	if (!module->conf_size || scope_owns(scope, index))
		return (void *)scope->data[index];

	void *own = pool_memdup(conf->pool, scope->data[index], module->conf_size);

	if (!keeps_local(scope))
		reset_local(module, own, conf->initial[index]);
	scope->data[index] = own;
	return own;
}

static struct conf_scope *scope_create(struct conf *conf, struct conf_scope *parent,
				       enum conf_context context, const struct conf_node *node)
{
	struct conf_scope *scope = pool_new(conf->pool, struct conf_scope);

	scope->context = context;
	scope->conf = conf;
	scope->parent = parent;
	scope->node = node;
	scope->data = pool_alloc(conf->pool, (conf->module_count + 1) * sizeof(*scope->data));
	if (conf->last_scope)
		conf->last_scope->next = scope;
	conf->last_scope = scope;
	return scope;
}

struct conf_scope *conf_scope_open(struct conf_call *call, enum conf_context context)
{
	struct conf *conf = call->conf;
	struct conf_scope *parent = call->scope;
	struct conf_scope *scope = scope_create(conf, parent, context, call->node);

	memcpy(scope->data, parent->data, conf->module_count * sizeof(*scope->data));
	for (size_t i = 0; i < conf->module_count; i++)
		if (!keeps_local(scope) && scope->data[i] &&
		    has_local(conf->modules[i], scope->data[i], conf->initial[i]))
			scope_own(conf, scope, i);
	return scope;
}

void *conf_scope_write(struct conf_call *call, struct conf_scope *scope,
		       const struct module *module)
{
	for (size_t i = 0; i < call->conf->module_count; i++)
		if (call->conf->modules[i] == module)
			return scope_own(call->conf, scope, i);
	return NULL;
}

const void *scope_data(const struct conf_scope *scope, const struct module *module)
{
	const struct conf *conf = scope->conf;

	for (size_t i = 0; i < conf->module_count; i++)
		if (conf->modules[i] == module)
			return scope->data[i];
	return NULL;
}

/* --- planning -------------------------------------------------------------- */

static bool is_block_directive(const struct directive *directive)
{
	return directive->flags & (BLOCK | RAW_BLOCK);
}

static struct conf_place place_behind(const struct conf_word *word)
{
	struct conf_place place = word->place;

	place.column += place.len;
	place.len = 1;
	return place;
}

/* The "{" belongs behind the words on the line of the name; a "}" is left over then. */
static void report_missing_brace(struct conf *conf, const struct conf_node *node)
{
	const struct conf_word *last = &node->name;

	for (size_t i = 0; i < node->nargs && node->args[i].place.line == last->place.line; i++)
		last = &node->args[i];
	if (conf->stray_brace)
		message_drop(conf, conf->stray_brace - 1);
	conf->stray_brace = 0;
	conf->unbalanced = true;
	message_add(conf, MESSAGE_ERROR, place_behind(last), "\"%.*s\" needs a block\nexpected \"{\"",
		    STR_ARG(node->name.text));
}

static bool report_absent(struct conf *conf, const struct conf_node *node)
{
	const struct absent_directive *absent = conf->absent;

	for (; absent && absent->directive; absent++) {
		if (!str_eq(node->name.text, str_from(absent->directive)))
			continue;
		error_at(conf, node, NULL,
			 "unknown directive \"%s\": the module %s was left out\n"
			 "run auto/configure with %s to get it",
			 absent->directive, absent->module, absent->option);
		return true;
	}
	return false;
}

/* Nothing with this name may stand here. */
static void report_unknown(struct conf *conf, struct conf_scope *scope,
			   const struct conf_node *node)
{
	struct str name = node->name.text;
	const struct directive_entry *entry = hash_get(&conf->directives, name);
	unsigned contexts = 0;

	for (const struct directive_entry *e = entry; e; e = e->next)
		contexts |= e->directive->contexts;
	if (entry) {
		struct str wanted = contexts_text(conf->pool, contexts, " or ");

		if (!conf->unbalanced)
			error_at(conf, node, entry,
				 "\"%.*s\" is not allowed here\nit belongs into %.*s",
				 STR_ARG(name), STR_ARG(wanted));
		return;
	}
	if (report_absent(conf, node))
		return;

	const char *nearest = directive_nearest(conf, name, scope->context);

	if (nearest)
		error_at(conf, node, NULL,
			 "unknown directive \"%.*s\"\ndid you mean \"%s\"?", STR_ARG(name),
			 nearest);
	else
		error_at(conf, node, NULL, "unknown directive \"%.*s\"", STR_ARG(name));
}

/*
 * Where a semicolon was forgotten, the next directive's words belong to this one:
 * the first word on a later line that is the name of a directive of this block.
 * Its index among the arguments, or their number.
 */
static size_t swallowed_name(const struct conf *conf, const struct conf_scope *scope,
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

/* Makes two directives of one: the second begins at the argument. */
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

static void report_missing_semicolon(struct conf *conf, const struct conf_node *node, size_t index)
{
	const struct conf_word *before = index ? &node->args[index - 1] : &node->name;

	message_add(conf, MESSAGE_ERROR, place_behind(before),
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
	else if (max >= MANY_ARGS)
		snprintf(wanted, sizeof(wanted), "at least %u argument%s", min, min == 1 ? "" : "s");
	else
		snprintf(wanted, sizeof(wanted), "%u to %u arguments", min, max);
	error_at(conf, node, entry, "\"%s\" takes %s, not %zu\nsyntax: %s%s%s%s",
		 directive->name, wanted, node->nargs, directive->name, *syntax ? " " : "", syntax,
		 !is_block_directive(directive) ? ";" : strchr(syntax, '{') ? "" : " { ... }");
}

/* Has the node the arguments, and the block or none, that the directive takes? */
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
		error_at(conf, node, entry, "\"%s\" takes no block\nsyntax: %s %s;",
			 directive->name, directive->name,
			 directive->syntax ? directive->syntax : "");
		return false;
	}
	report_count(conf, node, entry);
	return false;
}

/* Remembers where the directive stands first; false: it must not stand twice. */
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

	error_at(conf, step->node, entry,
		 "\"%s\" directive is duplicate\nthe first one is at %.*s:%u:%u",
		 entry->directive->name, STR_ARG(place.file->name), place.line, place.column);
	return false;
}

static struct plan plan_block(struct conf *conf, struct conf_scope *scope, struct conf_node *first)
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
		if (!shape_fits(conf, scope, node, step.entry) || !may_repeat(conf, &step, block))
			continue;
		step.swallows = swallowed_name(conf, scope, node, 1) < node->nargs;
		scope_own(conf, scope, step.entry->module);
		plan.steps = pool_grow(conf->pool, plan.steps, plan.count, &plan.capacity,
				       sizeof(step));
		plan.steps[plan.count++] = step;
	}
	return plan;
}

/* --- running --------------------------------------------------------------- */

/* Parses the words of the call's node into its data. */
static int run_directive(struct conf_call *call)
{
	const struct directive *directive = call->directive;

	if (call->first && (directive->flags & LIST) && directive->size)
		memset((char *)call->data + directive->offset, 0, directive->size);
	if (directive->type != FIELD_SETTER && conf_field_parse(call) < 0)
		return -1;
	return directive->set ? directive->set(call) : 0;
}

static void run_step(struct conf *conf, struct conf_scope *scope, const struct step *step)
{
	struct directive_entry *entry = step->entry;
	struct conf_call call = call_for(conf, scope, entry->directive, step->node);
	size_t messages = conf->message_count;

	call.first = step->first;
	call.data = (void *)scope->data[entry->module];
	int error = run_directive(&call);

	if (error)
		conf->failed[entry->module] = true;
	if (!step->swallows || is_block_directive(entry->directive))
		return;

	size_t index = swallowed_name(conf, scope, step->node, 1);

	if (error) {
		messages_forget(conf, messages);
		report_missing_semicolon(conf, step->node, index);
	} else {
		conf_warn(&call, &step->node->args[index],
			  "\"%.*s\" is an argument of \"%s\" here\nis a \";\" missing before it?",
			  STR_ARG(step->node->args[index].text), entry->directive->name);
	}
}

/* In which of three rounds the directive runs. */
static int round_of(const struct directive *directive)
{
	if (directive->flags & ORDERED)
		return 1;
	return directive->flags & BLOCK ? 2 : 0;
}

void apply_block(struct conf *conf, struct conf_scope *scope, struct conf_node *first)
{
	struct plan plan = plan_block(conf, scope, first);

	for (int round = 0; round < 3; round++)
		for (size_t i = 0; i < plan.count; i++)
			if (round_of(plan.steps[i].entry->directive) == round)
				run_step(conf, scope, &plan.steps[i]);
}

int conf_scope_apply(struct conf_call *call, struct conf_scope *scope)
{
	unsigned errors = call->conf->errors;

	apply_block(call->conf, scope, (struct conf_node *)call->node->first);
	return call->conf->errors == errors ? 0 : -1;
}

/* The default as a line of a configuration. */
static const struct conf_node *initial_node(struct conf *conf, const struct directive *directive)
{
	const char *end = is_block_directive(directive) ? "" : ";";
	struct str name = pool_printf(conf->pool, "(default of %s)", directive->name);
	struct str text = pool_printf(conf->pool, "%s %s%s", directive->name, directive->initial,
				      end);

	return tree_read(conf, file_of_text(conf, name, text));
}

static void run_initial(struct conf *conf, size_t index, const struct directive *directive)
{
	const struct conf_node *node = initial_node(conf, directive);

	if (!node)
		return;

	struct conf_call call = call_for(conf, conf->main, directive, node);

	call.first = true;
	call.data = (void *)conf->main->data[index];
	run_directive(&call);
}

void apply_defaults(struct conf *conf)
{
	struct pool *pool = conf->pool;

	conf->failed = pool_array(pool, bool, conf->module_count + 1);
	conf->initial = pool_array(pool, const void *, conf->module_count + 1);
	conf->main = scope_create(conf, NULL, IN_MAIN, NULL);
	for (size_t i = 0; i < conf->module_count; i++) {
		size_t size = conf->modules[i]->conf_size;

		conf->initial[i] = size ? pool_zalloc(pool, size) : NULL;
		conf->main->data[i] = conf->initial[i];
	}
	for (size_t i = 0; i < conf->module_count; i++) {
		const struct directive *directive = conf->modules[i]->directives;

		for (; directive && directive->name; directive++)
			if (directive->initial && !(directive->flags & OBSOLETE))
				run_initial(conf, i, directive);
	}
	for (size_t i = 0; i < conf->module_count; i++)
		if (conf->initial[i])
			conf->main->data[i] = pool_memdup(pool, conf->initial[i],
							  conf->modules[i]->conf_size);
}

/* What a mistake left behind is not looked at: it would only repeat it. */
void apply_checks(struct conf *conf)
{
	for (struct conf_scope *scope = conf->main; scope && !conf->unbalanced; scope = scope->next)
		for (size_t i = 0; i < conf->module_count; i++) {
			const struct module *module = conf->modules[i];
			struct conf_call call = call_for(conf, scope, NULL, scope->node);

			if (!module->check || conf->failed[i] ||
			    (module->conf_size && !scope_owns(scope, i)) ||
			    (!module->conf_size && scope->parent))
				continue;
			call.data = (void *)scope->data[i];
			module->check(&call, call.data);
		}
}
