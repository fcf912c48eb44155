/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Applies the tree to the tables of the modules. After a block was planned (plan.c), its
 * directives run in three rounds: simple ones, ORDERED ones, those with blocks. So a nested
 * block always begins with all settings of its parent.
 */
#include "config/internal.h"

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

/* Parses the words of the call's node into its data. 0, or -EINVAL after a message. */
static int run_directive(struct conf_call *call)
{
	const struct directive *directive = call->directive;

	if (call->first && (directive->flags & LIST) && directive->size)
		memset((char *)call->data + directive->offset, 0, directive->size);
	if (directive->type != FIELD_SETTER && conf_field_parse(call) < 0)
		return -EINVAL;
	return directive->set ? directive->set(call) : 0;
}

/*
 * Reports a setter or a check that has failed without a message: the configuration is rejected,
 * and the user has to learn why.
 */
static void report_silence(const struct conf_call *call, size_t module, const char *what)
{
	message_add(&call->conf->source, MESSAGE_ERROR,
		    call->node ? call->node->name.place : (struct conf_place){ 0 },
		    "%s of the module %s has failed without saying why\n"
		    "this is a defect of the module: it has to call conf_error()",
		    what, call->conf->modules[module]->name);
}

static void run_step(struct conf *conf, struct conf_scope *scope, const struct step *step)
{
	struct directive_entry *entry = step->entry;
	struct conf_call call = call_for(conf, scope, entry->directive, step->node);
	size_t messages = conf->source.message_count;

	call.first = step->first;
	call.data = (void *)scope->data[entry->module];
	unsigned errors = conf->source.errors;
	int error = run_directive(&call);

	if (error) {
		conf->failed[entry->module] = true;
		if (!(entry->directive->flags & BLOCK)) /* what stands in it was applied */
			note_doubtful(conf, step->node);
	}
	if (error && conf->source.errors == errors)
		report_silence(&call, entry->module, "the setter");
	if (!step->swallows || is_block_directive(entry->directive))
		return;

	size_t index = swallowed_name(conf, scope, step->node, 1);

	if (error) {
		messages_forget(&conf->source, messages);
		report_missing_semicolon(conf, step->node, index);
	} else {
		conf_warn(&call, &step->node->args[index],
			  "\"%.*s\" is an argument of \"%s\" here\nis a \";\" missing before it?",
			  STR_ARG(step->node->args[index].text), entry->directive->name);
	}
}

/* The round in which the directive runs: 0, 1 or 2. */
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
	unsigned errors = call->conf->source.errors;

	apply_block(call->conf, scope, (struct conf_node *)call->node->first);
	return call->conf->source.errors == errors ? 0 : -EINVAL;
}

/* Reads the default of a directive as a line of a configuration, and applies it. */
static void run_initial(struct conf *conf, size_t index, const struct directive *directive)
{
	unsigned errors = conf->source.errors;
	const char *end = is_block_directive(directive) ? "" : ";";
	struct str name = pool_printf(conf->pool, "(default of %s)", directive->name);
	struct str text =
		pool_printf(conf->pool, "%s %s%s", directive->name, directive->initial, end);
	const struct conf_node *node =
		tree_read(&conf->source, file_of_text(&conf->source, name, text));
	struct conf_call call = call_for(conf, conf->main, directive, node);

	call.first = true;
	call.data = (void *)conf->main->data[index];
	if (conf->source.errors != errors || run_directive(&call))
		message_add(&conf->source, MESSAGE_ERROR, (struct conf_place){ 0 },
			    "module %s: the default \"%s\" of the directive \"%s\" is refused\n"
			    "this is a defect of the module",
			    conf->modules[index]->name, directive->initial, directive->name);
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
			conf->main->data[i] =
				pool_memdup(pool, conf->initial[i], conf->modules[i]->conf_size);
}

/* Modules with a wrong directive are left out: their check would report the mistake again. */
void apply_checks(struct conf *conf)
{
	for (struct conf_scope *scope = conf->main; scope && !conf->source.unbalanced;
	     scope = scope->next)
		for (size_t i = 0; i < conf->module_count; i++) {
			const struct module *module = conf->modules[i];
			struct conf_call call = call_for(conf, scope, NULL, scope->node);

			if (!module->check || conf->failed[i] ||
			    (module->conf_size && !scope_owns(scope, i)) ||
			    (!module->conf_size && scope->parent))
				continue;
			call.data = (void *)scope->data[i];

			unsigned errors = conf->source.errors;

			if (module->check(&call, call.data) && conf->source.errors == errors)
				report_silence(&call, i, "the check");
		}
}
