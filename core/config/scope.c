/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Scopes: the structs of the modules in one block. At first they are shared with the block
 * around it; the first directive that sets something of a module makes a copy. LOCAL fields
 * are set to their defaults in it.
 */
#include "config/internal.h"

static bool is_local(const struct directive *directive)
{
	return (directive->flags & LOCAL) && directive->size;
}

bool conf_has_local(const struct conf *conf, size_t module, const void *data)
{
	const struct directive *directive = conf->modules[module]->directives;
	const char *own = data, *initial = conf->initial[module];

	for (; own && directive && directive->name; directive++)
		if (is_local(directive) &&
		    memcmp(own + directive->offset, initial + directive->offset,
			   directive->size) != 0)
			return true;
	return false;
}

bool scope_owns(const struct conf_scope *scope, size_t module)
{
	return scope->data[module] &&
	       (!scope->parent || scope->data[module] != scope->parent->data[module]);
}

void *scope_own(struct conf *conf, struct conf_scope *scope, size_t index)
{
	const struct module *module = conf->modules[index];

	if (!module->conf_size || scope_owns(scope, index))
		return (void *)scope->data[index];

	char *own = pool_memdup(conf->pool, scope->data[index], module->conf_size);
	const char *initial = conf->initial[index];
	const struct directive *directive = module->directives;

	for (; directive && directive->name; directive++)
		if (is_local(directive))
			memcpy(own + directive->offset, initial + directive->offset,
			       directive->size);
	scope->data[index] = own;
	return own;
}

struct conf_scope *scope_create(struct conf *conf, struct conf_scope *parent,
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
		if (conf_has_local(conf, i, scope->data[i]))
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

bool conf_serves(const struct conf_call *call)
{
	size_t module = 0;

	while (call->scope->data[module] != call->data)
		module++;
	for (const struct conf_scope *scope = call->scope; scope; scope = scope->next)
		if (!(scope->context & (IN_MAIN | IN_EVENTS | IN_HTTP)) &&
		    scope->data[module] == call->data)
			return true;
	return false;
}

bool conf_says_something(const struct conf *conf, size_t module, const void *data)
{
	return memcmp(data, conf->initial[module], conf->modules[module]->conf_size) != 0;
}

const void *scope_data(const struct conf_scope *scope, const struct module *module)
{
	const struct conf *conf = scope->conf;

	for (size_t i = 0; i < conf->module_count; i++)
		if (conf->modules[i] == module)
			return scope->data[i];
	return NULL;
}
