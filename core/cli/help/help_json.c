/* SPDX-License-Identifier: BSD-2-Clause */
/* `skua help --json`: one object, whose entries stand on a line each. */
#include <errno.h>
#include <json.h>
#include <text.h>

#include "cli/help/help.h"
#include "cli/help/help_entries.h"
#include "config/internal.h"
#include "config/known/known.h"

/* `"name": "value"`, or null. */
static void add_member(struct text *text, const char *before, const char *name, struct str value)
{
	text_printf(text, "%s\"%s\": ", before, name);
	if (!value.data) {
		text_add(text, STR("null"));
		return;
	}
	text_add_char(text, '"');
	text_add_json(text, value);
	text_add_char(text, '"');
}

/* `"contexts": ["http", "server"]`. */
static void add_contexts(struct text *text, unsigned contexts)
{
	struct str all = contexts_text(text->pool, contexts, ", ");
	const char *before = "";

	text_add(text, STR(", \"contexts\": ["));
	while (!str_empty(all)) {
		struct str one = str_trim(str_split(&all, ','), " ");

		text_printf(text, "%s\"%.*s\"", before, STR_ARG(one));
		before = ", ";
	}
	text_add_char(text, ']');
}

static void add_entry(struct text *text, const struct help_entry *entry)
{
	const struct directive *directive = entry->directive;

	add_member(text, "{", "kind", str_from(help_kind_name(entry->kind)));
	add_member(text, ", ", "name", entry->name);
	if (entry->module)
		add_member(text, ", ", "module", str_from(entry->module->name));
	if (directive) {
		add_member(text, ", ", "syntax", help_syntax(text->pool, directive));
		add_member(text, ", ", "default", str_from(directive->initial));
		add_contexts(text, directive->contexts);
		text_printf(text, ", \"obsolete\": %s",
			    directive->flags & OBSOLETE ? "true" : "false");
	}
	if (entry->kind == HELP_PAGE)
		add_member(text, ", ", "address", entry->address);
	else
		add_member(text, ", ", "text", entry->text);
	text_add_char(text, '}');
}

/* A directive or a variable of nginx that this server does not have. False: there is none. */
static bool add_of_nginx(struct text *text, const char *topic)
{
	bool sign = *topic == '$';
	struct str name = str_from(topic + sign);
	const struct known_group *directive =
		sign ? NULL : known_find(known_directives, name, IN_ANYWHERE);
	const struct known_group *group =
		directive ? directive : known_find(known_variables, name, IN_ANYWHERE);

	if (!group)
		return false;
	add_member(text, "{", "kind", directive ? STR("directive") : STR("variable"));
	add_member(text, ", ", "name",
		   pool_printf(text->pool, "%s%.*s", directive ? "" : "$", STR_ARG(name)));
	add_member(text, ", ", "module", str_from(group->module));
	text_printf(text, ", \"accepted\": %s",
		    !directive || group->verdict == KNOWN_HARMLESS ||
				    group->verdict == KNOWN_FORWARDING ?
			    "true" :
			    "false");
	add_member(text, ", ", "text", str_from(group->reason));
	text_add_char(text, '}');
	return true;
}

/* Adds the entries for the topic (NULL: all). Returns what help_json() calls "found". */
static const char *add_entries(struct text *text, const char *topic)
{
	struct help_entries entries = help_entries(text->pool);
	const char *before = "";
	size_t found = 0;

	for (size_t i = 0; i < entries.count; i++) {
		if (topic && !help_entry_is(&entries.items[i], str_from(topic)))
			continue;
		text_printf(text, "%s\n ", before);
		add_entry(text, &entries.items[i]);
		before = ",";
		found++;
	}
	if (found)
		return topic ? "name" : "all";
	if (add_of_nginx(text, topic))
		return "nginx";
	found = help_search(&entries, str_from(topic));
	for (size_t i = 0; i < found; i++) {
		text_add(text, i ? STR(",\n ") : STR("\n "));
		add_entry(text, &entries.items[i]);
	}
	return found ? "words" : "nothing";
}

int help_json(FILE *to, const char *topic)
{
	struct pool *pool = pool_create(0);
	struct text entries = { .pool = pool }, head = { .pool = pool };
	const char *found = add_entries(&entries, topic);

	add_member(&head, "{", "topic", str_from(topic));
	add_member(&head, ", ", "found", str_from(found));
	fprintf(to, "%.*s, \"entries\": [%.*s]}\n", STR_ARG(text_str(&head)),
		STR_ARG(text_str(&entries)));
	pool_destroy(pool);
	return strcmp(found, "nothing") == 0 ? -ENOENT : 0;
}
