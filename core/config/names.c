/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The names that a configuration may use: the directives of all modules by name
 * and context, and their variables. Also finds the name that is nearest to a mistyped one.
 */
#include "config/internal.h"
#include "config/known/known.h"

#include <text.h>

static void add_directives(struct conf *conf, size_t index)
{
	const struct directive *directive = conf->modules[index]->directives;

	for (; directive && directive->name; directive++) {
		struct str name = str_from(directive->name);
		struct directive_entry *entry = pool_new(conf->pool, struct directive_entry);

		entry->directive = directive;
		entry->module = index;
		entry->next = hash_put(&conf->directives, name, entry);
	}
}

static void add_variables(struct conf *conf, size_t index)
{
	const struct variable *variable = conf->modules[index]->variables;

	for (; variable && variable->name; variable++) {
		struct module_variable *entry = pool_new(conf->pool, struct module_variable);

		entry->variable = variable;
		entry->module = index;
		if (variable->flags & VARIABLE_PREFIX) {
			entry->next = conf->prefixes;
			conf->prefixes = entry;
		} else {
			hash_put(&conf->variables, str_from(variable->name), entry);
		}
	}
}

void names_init(struct conf *conf)
{
	conf->directives.pool = conf->variables.pool = conf->pool;
	conf->sets_variable_of = pool_array(conf->pool, bool, conf->module_count);
	for (size_t i = 0; i < conf->module_count; i++) {
		add_directives(conf, i);
		add_variables(conf, i);
	}
}

struct directive_entry *directive_find(const struct conf *conf, struct str name, unsigned context)
{
	struct directive_entry *entry = hash_get(&conf->directives, name);

	while (entry && !(entry->directive->contexts & context))
		entry = entry->next;
	return entry;
}

/* Offers a name of nginx, of which a copy is needed if it is nearer than the best so far. */
static void offer_known(const char *name, const struct known_group *group, void *data)
{
	struct nearest *nearest = data;
	const char *before = nearest->best;

	(void)group;
	nearest_offer(nearest, name);
	if (nearest->best != before)
		nearest->best = pool_cstr(nearest->pool, str_from(name));
}

const char *directive_nearest(const struct conf *conf, struct str name, unsigned context)
{
	struct nearest here = { .wanted = name };
	struct nearest anywhere = { .wanted = name, .pool = conf->pool };

	for (size_t i = 0; i < conf->module_count; i++) {
		const struct directive *directive = conf->modules[i]->directives;

		for (; directive && directive->name; directive++) {
			if (directive->contexts & context)
				nearest_offer(&here, directive->name);
			nearest_offer(&anywhere, directive->name);
		}
	}
	known_each(known_directives, offer_known, &anywhere);
	return here.best && here.distance <= anywhere.distance + 1 ? here.best : anywhere.best;
}

struct str contexts_text(struct pool *pool, unsigned contexts, const char *last_joint)
{
	static const struct {
		unsigned context;
		const char *name;
	} all[] = {
		{ IN_MAIN, "main" },
		{ IN_EVENTS, "events" },
		{ IN_HTTP, "http" },
		{ IN_SERVER, "server" },
		{ IN_SERVER_IF, "if in server" },
		{ IN_LOCATION, "location" },
		{ IN_IF, "if in location" },
		{ IN_LIMIT_EXCEPT, "limit_except" },
	};
	struct text text = { .pool = pool };

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		if (!(contexts & all[i].context))
			continue;
		contexts &= ~all[i].context;

		const char *joint = text.len == 0 ? "" : contexts ? ", " : last_joint;

		text_printf(&text, "%s%s", joint, all[i].name);
	}
	return text_str(&text);
}
