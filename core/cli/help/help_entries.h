/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What `skua help` knows, in one list: directives, modules, variables, commands, options of
 * commands, and sections of the site's pages.
 */
#ifndef SKUA_CLI_HELP_ENTRIES_H
#define SKUA_CLI_HELP_ENTRIES_H

#include <module.h>
#include <pool.h>
#include <str.h>

struct command;
struct command_option;

enum help_kind {
	HELP_DIRECTIVE,
	HELP_MODULE,
	HELP_VARIABLE,
	HELP_COMMAND,
	HELP_OPTION,
	HELP_PAGE,
	HELP_KINDS
};

struct help_entry {
	enum help_kind kind;
	const struct module *module; /* NULL for commands, options and pages */
	const struct directive *directive;
	const struct variable *variable;
	const struct command *command; /* of HELP_COMMAND */
	const struct command_option *option;
	/* As it is written: "root", "$arg_NAME", "serve", "skua serve --spa", "TLS: HSTS". */
	struct str name;
	/* What is said about it, without an end of line behind it; of a page: the words in it. */
	struct str text;
	struct str address; /* of a page, in the site: "docs/tls.html#hsts" */
};

struct help_entries {
	struct help_entry *items;
	size_t count;
};

/*
 * Makes the list, in the pool: directives, modules, variables, each in the order of modules.h, then
 * commands, options and pages.
 */
struct help_entries help_entries(struct pool *pool);

/* "directive", "module", "variable", "command", "option" or "page". */
const char *help_kind_name(enum help_kind kind);

/*
 * Whether the entry has this name. A variable has it with "$" and without; one that stands for many
 * has all names with its beginning. Options and pages are only found by words (help_search()).
 */
bool help_entry_is(const struct help_entry *entry, struct str name);

/* "name arguments;", or name, arguments and a block; in the pool. */
struct str help_syntax(struct pool *pool, const struct directive *directive);

/* The first sentence of a text, without its full stop. */
struct str help_first_sentence(struct str text);

/*
 * Puts the entries that have all of these words in their names or texts to the front of the
 * list, best first, and returns how many these are. Upper and lower case are the same. A name that
 * is the word counts most, then one that begins with it, one that contains it, a first sentence
 * that does, a text that does. `words` are separated by blanks.
 */
size_t help_search(struct help_entries *entries, struct str words);

#endif
