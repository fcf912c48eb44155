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

enum {
	NAME_MAX_LEN = 64, /* the nearest name is not looked for if it is longer */
};

static unsigned least(unsigned a, unsigned b, unsigned c)
{
	unsigned ab = a < b ? a : b;

	return ab < c ? ab : c;
}

/*
 * The number of letters that must be inserted, removed, replaced or swapped with their
 * neighbour to turn a into b (optimal string alignment distance).
 */
static unsigned edit_distance(struct str a, struct str b)
{
	unsigned rows[3][NAME_MAX_LEN + 1];
	unsigned *before = rows[0], *above = rows[1], *row = rows[2];

	for (size_t j = 0; j <= b.len; j++)
		above[j] = (unsigned)j;
	for (size_t i = 1; i <= a.len; i++) {
		char c = ascii_lower(a.data[i - 1]);

		row[0] = (unsigned)i;
		for (size_t j = 1; j <= b.len; j++) {
			char d = ascii_lower(b.data[j - 1]);

			row[j] = least(above[j] + 1, row[j - 1] + 1, above[j - 1] + (c != d));
			if (i > 1 && j > 1 && c == ascii_lower(b.data[j - 2]) &&
			    d == ascii_lower(a.data[i - 2]))
				row[j] = least(row[j], before[j - 2] + 1, row[j]);
		}
		unsigned *reused = before;

		before = above;
		above = row;
		row = reused;
	}
	return above[b.len];
}

static bool is_name_letter(char c)
{
	char lower = ascii_lower(c);

	return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

void nearest_offer(struct nearest *nearest, const char *candidate)
{
	struct str name = str_from(candidate), wanted = nearest->wanted;
	size_t longer = wanted.len > name.len ? wanted.len : name.len;
	size_t shorter = wanted.len + name.len - longer;
	unsigned tolerated = longer < 6 ? 1 + (longer > 3) : (unsigned)longer / 3;
	unsigned distance;

	/* The space behind the name was forgotten: "listen:80", "root=/srv". */
	if (wanted.len > name.len && str_starts(wanted, name) &&
	    !is_name_letter(wanted.data[name.len]))
		distance = 1;
	else if (longer > NAME_MAX_LEN || longer - shorter > tolerated)
		return;
	else
		distance = edit_distance(wanted, name);
	if (distance > tolerated || distance >= longer)
		return;
	if (!nearest->best || distance < nearest->distance) {
		nearest->best = candidate;
		nearest->distance = distance;
	}
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
