/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/help/help_entries.h"

#include <stdlib.h>

#include "cli/commands.h"
#include "config/modules.h"

/* The sections of the site's pages. */
static const struct {
	const char *address, *title, *words;
} pages[] = {
#include <pages.h>
};

enum { PAGES = sizeof(pages) / sizeof(pages[0]) };

static struct help_entry *add(struct help_entries *entries, enum help_kind kind,
			      const struct module *module, const char *text)
{
	struct help_entry *entry = &entries->items[entries->count++];

	*entry = (struct help_entry){ .kind = kind, .module = module, .text = str_from(text) };
	return entry;
}

static void add_directives(struct help_entries *entries, const struct module *module)
{
	const struct directive *directive = module->directives;

	for (; directive && directive->name; directive++) {
		struct help_entry *entry = add(entries, HELP_DIRECTIVE, module, directive->doc);
		entry->directive = directive;
		entry->name = str_from(directive->name);
	}
}

static void add_variables(struct pool *pool, struct help_entries *entries,
			  const struct module *module)
{
	const struct variable *variable = module->variables;

	for (; variable && variable->name; variable++) {
		struct help_entry *entry = add(entries, HELP_VARIABLE, module, variable->doc);
		entry->variable = variable;
		entry->name = pool_printf(pool, "$%s%s", variable->name,
					  variable->flags & VARIABLE_PREFIX ? "NAME" : "");
	}
}

static void add_command(struct help_entries *entries, const struct command *command)
{
	struct help_entry *entry = add(entries, HELP_COMMAND, NULL, command->summary);

	entry->command = command;
	entry->name = str_from(command->name);
}

static void add_pages(struct help_entries *entries)
{
	for (size_t i = 0; i < PAGES; i++) {
		struct help_entry *entry = add(entries, HELP_PAGE, NULL, pages[i].words);
		entry->name = str_from(pages[i].title);
		entry->address = str_from(pages[i].address);
	}
}

static void add_options(struct pool *pool, struct help_entries *entries,
			const struct command *command)
{
	const struct command_option *option = command->options;

	for (; option->doc; option++) {
		struct help_entry *entry = add(entries, HELP_OPTION, NULL, option->doc);
		entry->option = option;
		entry->name = pool_printf(pool, "skua %s%s", command->name,
					  *command->name ? " " : "");
		entry->name = option->name ? pool_printf(pool, "%.*s--%s", STR_ARG(entry->name),
							 option->name) :
					     pool_printf(pool, "%.*s-%c", STR_ARG(entry->name),
							 option->letter);
	}
}

static size_t how_many(void)
{
	size_t count = module_count() + commands_count + PAGES;

	for (size_t i = 0; i < module_count(); i++) {
		const struct directive *directive = module_at(i)->directives;
		const struct variable *variable = module_at(i)->variables;

		while (directive && directive->name)
			directive++, count++;
		while (variable && variable->name)
			variable++, count++;
	}
	for (size_t i = 0; i < commands_count; i++)
		for (const struct command_option *o = commands[i].options; o->doc; o++)
			count++;
	return count;
}

struct help_entries help_entries(struct pool *pool)
{
	struct help_entries entries = { .items = pool_alloc(pool, how_many() *
									  sizeof(*entries.items)) };

	for (size_t i = 0; i < module_count(); i++)
		add_directives(&entries, module_at(i));
	for (size_t i = 0; i < module_count(); i++)
		add(&entries, HELP_MODULE, module_at(i), module_at(i)->summary)->name =
			str_from(module_at(i)->name);
	for (size_t i = 0; i < module_count(); i++)
		add_variables(pool, &entries, module_at(i));
	for (size_t i = 1; i < commands_count; i++)
		add_command(&entries, &commands[i]);
	for (size_t i = 0; i < commands_count; i++)
		add_options(pool, &entries, &commands[i]);
	add_pages(&entries);
	return entries;
}

const char *help_kind_name(enum help_kind kind)
{
	static const char *const names[HELP_KINDS] = {
		[HELP_DIRECTIVE] = "directive",
		[HELP_MODULE] = "module",
		[HELP_VARIABLE] = "variable",
		[HELP_COMMAND] = "command",
		[HELP_OPTION] = "option",
		[HELP_PAGE] = "page",
	};

	return names[kind];
}

bool help_entry_is(const struct help_entry *entry, struct str name)
{
	bool sign = str_starts(name, STR("$"));

	if (entry->kind == HELP_OPTION || entry->kind == HELP_PAGE ||
	    (sign && entry->kind != HELP_VARIABLE))
		return false;
	if (entry->kind != HELP_VARIABLE)
		return str_eq(entry->name, name);
	name = str_skip(name, sign);
	struct str own = str_from(entry->variable->name);
	return entry->variable->flags & VARIABLE_PREFIX ? str_starts(name, own) :
							  str_eq_nocase(name, own);
}

struct str help_syntax(struct pool *pool, const struct directive *directive)
{
	const char *syntax = directive->syntax ? directive->syntax : "";
	bool block = directive->flags & (BLOCK | RAW_BLOCK);
	const char *end = !block ? ";" : strchr(syntax, '{') ? "" : " { ... }";

	return pool_printf(pool, "%s%s%s%s", directive->name, *syntax ? " " : "", syntax, end);
}

struct str help_first_sentence(struct str text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.data[i] == '\n' ||
		    (text.data[i] == '.' && (i + 1 == text.len || strchr(" \n", text.data[i + 1]))))
			return str_head(text, i);
	return text;
}

/* --- search ------------------------------------------------------------------------------ */

static bool is_letter(char c)
{
	char lower = ascii_lower(c);

	return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9');
}

/* Where the word is in the text at or after `from`, in any case; or -1. */
static ssize_t find_nocase(struct str text, struct str word, size_t from)
{
	for (size_t at = from; at + word.len <= text.len; at++)
		if (str_eq_nocase((struct str){ text.data + at, word.len }, word))
			return (ssize_t)at;
	return -1;
}

/* How well the word fits a text: 0 not at all, 1 within a word, 2 at its beginning, 3 all of it. */
static unsigned fit(struct str text, struct str word)
{
	unsigned best = 0;

	for (ssize_t at = 0; (at = find_nocase(text, word, (size_t)at)) >= 0; at++) {
		size_t end = (size_t)at + word.len;
		bool begins = at == 0 || !is_letter(text.data[at - 1]);
		bool ends = end == text.len || !is_letter(text.data[end]);
		unsigned here = 1 + begins + (begins && ends);

		best = here > best ? here : best;
	}
	return best;
}

/* 0: the word is neither in the name nor in the text. */
static unsigned score_of_word(const struct help_entry *entry, struct str word)
{
	unsigned name = fit(entry->name, word);
	unsigned is_all = name == 3 && entry->name.len == word.len;

	return 20 * is_all + 10 * name + 2 * fit(help_first_sentence(entry->text), word) +
	       fit(entry->text, word);
}

static unsigned score_of(const struct help_entry *entry, struct str words)
{
	unsigned sum = 0;

	while (!str_empty(words)) {
		struct str word = str_split(&words, ' ');
		unsigned score = str_empty(word) ? 0 : score_of_word(entry, word);

		if (score == 0 && !str_empty(word))
			return 0;
		sum += score;
	}
	return sum;
}

static bool has_letter(struct str words)
{
	for (size_t i = 0; i < words.len; i++)
		if (is_letter(words.data[i]))
			return true;
	return false;
}

size_t help_search(struct help_entries *entries, struct str words)
{
	unsigned *scores = has_letter(words) ? malloc(entries->count * sizeof(*scores)) : NULL;
	size_t found = 0;

	for (size_t i = 0; scores && i < entries->count; i++) {
		const struct help_entry entry = entries->items[i];
		unsigned score = score_of(&entry, words);
		size_t at = found;

		if (score == 0)
			continue;
		/* Those between are moved by one, the entry that lies there is behind all found. */
		entries->items[i] = entries->items[found];
		for (; at > 0 && scores[at - 1] < score; at--) {
			entries->items[at] = entries->items[at - 1];
			scores[at] = scores[at - 1];
		}
		entries->items[at] = entry;
		scores[at] = score;
		found++;
	}
	free(scores);
	return found;
}
