/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Prints the documentation that lies in the tables of the modules. The reference page
 * (auto/reference) is made from the blocks that `skua help --all` prints:
 *
 *     keepalive_timeout
 *         Syntax:   keepalive_timeout time [header_time];
 *         Default:  75s
 *         Context:  http, server, location
 *         Module:   http
 *
 *         What it does, in sentences.
 */
#include "cli/help/help.h"

#include <config.h>
#include <errno.h>
#include <limits.h>
#include <unistd.h>

#include "cli/help/help_entries.h"
#include "cli/help/usage.h"
#include "cli/help/wrap.h"
#include "config/internal.h"
#include "config/known/known.h"

enum {
	INDENT = 4,
	INDENT_VALUE = 14, /* of the text behind "Syntax:" */
	INDENT_FOUND = 32, /* of the texts of what a search has found */
	FOUND_MAX = 20, /* so many are shown */
	PAGES_MAX = 8, /* and of pages so many */
};

/* Writes an empty line and the paragraphs. Lines that are indented stay as they are. */
static void put_paragraphs(FILE *to, struct str text)
{
	fputc('\n', to);
	while (!str_empty(text)) {
		struct str line = str_split(&text, '\n');
		struct wrap wrap = { .to = to, .indent = INDENT, .column = INDENT };

		if (!str_empty(line))
			fprintf(to, "%*s", INDENT, "");
		if (str_starts(line, STR(" ")))
			fprintf(to, "%.*s", STR_ARG(line));
		else
			wrap_text(&wrap, line);
		fputc('\n', to);
	}
}

static struct wrap field(FILE *to, const char *label)
{
	fprintf(to, "%*s%-*s", INDENT, "", INDENT_VALUE - INDENT, label);
	return (struct wrap){ .to = to, .indent = INDENT_VALUE, .column = INDENT_VALUE };
}

/* What modules add to the directive listen. */
static void print_parameters(FILE *to)
{
	struct pool *pool = pool_create(0);

	for (size_t i = 0; i < module_count(); i++) {
		const struct listen_parameter *p = module_at(i)->listen_parameters;

		for (; p && p->name; p++)
			put_paragraphs(to, pool_printf(pool, "%s (module %s): %s.", p->name,
						       module_at(i)->name, p->doc));
	}
	pool_destroy(pool);
}

static void print_directive(FILE *to, const struct help_entry *entry)
{
	const struct directive *directive = entry->directive;
	struct pool *pool = pool_create(0);

	fprintf(to, "%s\n", directive->name);
	struct wrap wrap = field(to, "Syntax:");
	wrap_text(&wrap, help_syntax(pool, directive));
	fputc('\n', to);
	wrap = field(to, "Default:");
	wrap_text(&wrap, directive->initial ? str_from(directive->initial) : STR("—"));
	fputc('\n', to);
	wrap = field(to, "Context:");
	wrap_text(&wrap, contexts_text(pool, directive->contexts, ", "));
	fputc('\n', to);
	pool_destroy(pool);
	fprintf(to, "%*s%-*s%s\n", INDENT, "", INDENT_VALUE - INDENT,
		"Module:", entry->module->name);
	if (directive->flags & OBSOLETE)
		put_paragraphs(to, STR("Accepted, and without effect."));
	put_paragraphs(to, entry->text);
	if (strcmp(directive->name, "listen") == 0)
		print_parameters(to);
}

static void print_variable(FILE *to, const struct help_entry *entry)
{
	fprintf(to, "%.*s\n%*s%-*s%s\n", STR_ARG(entry->name), INDENT, "", INDENT_VALUE - INDENT,
		"Module:", entry->module->name);
	put_paragraphs(to, entry->text);
}

static void list_directives(FILE *to, const struct module *module)
{
	const struct directive *directive = module->directives;
	struct wrap wrap = { .to = to, .indent = INDENT };
	const char *before = "";

	for (; directive && directive->name; directive++) {
		if (strcmp(before, directive->name) == 0)
			continue;
		if (!*before)
			wrap_line(&wrap);
		wrap_word(&wrap, str_from(directive->name));
		before = directive->name;
	}
}

static void list_variables(FILE *to, const struct module *module)
{
	const struct variable *variable = module->variables;
	struct wrap wrap = { .to = to, .indent = INDENT };

	if (variable && variable->name)
		wrap_line(&wrap);
	for (; variable && variable->name; variable++) {
		char name[128];

		snprintf(name, sizeof(name), "$%s%s", variable->name,
			 variable->flags & VARIABLE_PREFIX ? "NAME" : "");
		wrap_word(&wrap, str_from(name));
	}
}

static void print_module(FILE *to, const struct module *module)
{
	struct wrap wrap = { .to = to, .indent = INDENT };
	char name[128];

	snprintf(name, sizeof(name), "%s:", module->name);
	wrap_word(&wrap, str_from(name));
	wrap_text(&wrap, str_from(module->summary));
	list_directives(to, module);
	list_variables(to, module);
	fputs("\n", to);
}

static void print_entry(FILE *to, const struct help_entry *entry)
{
	if (entry->kind == HELP_DIRECTIVE)
		print_directive(to, entry);
	else if (entry->kind == HELP_MODULE)
		print_module(to, entry->module);
	else if (entry->kind == HELP_COMMAND)
		usage_print(to, entry->command);
	else
		print_variable(to, entry);
}

/*
 * Prints the entries of this name. Returns how many there are; *is_clear: they are what was meant.
 */
static size_t print_by_name(FILE *to, const struct help_entries *entries, const char *name,
			    bool *is_clear)
{
	size_t found = 0;

	*is_clear = *name == '$';
	for (size_t i = 0; i < entries->count; i++) {
		const struct help_entry *entry = &entries->items[i];

		if (!help_entry_is(entry, str_from(name)))
			continue;
		fputs(found++ ? "\n" : "", to);
		print_entry(to, entry);
		*is_clear |= entry->kind == HELP_DIRECTIVE || entry->kind == HELP_COMMAND;
	}
	return found;
}

/* What this server does about a name of nginx that it does not have. */
static void print_known(FILE *to, const char *sign, const char *name,
			const struct known_group *group)
{
	static const char *const verdicts[] = {
		[KNOWN_HARMLESS] = "Accepted, and without effect.",
		[KNOWN_FORWARDING] = "Accepted, and without effect.",
		[KNOWN_FOREIGN] = "Not supported: a file with it is refused.",
		[KNOWN_MISSING_ON] = "Not supported: a file with it is refused, unless it is off.",
		[KNOWN_MISSING] = "Not supported: a file with it is refused.",
	};
	struct pool *pool = pool_create(0);
	struct str contexts = contexts_text(pool, group->contexts, ", ");

	fprintf(to, "%s%s\n", sign, name);
	if (!*sign && group->contexts)
		fprintf(to, "%*s%-*s%.*s\n", INDENT, "", INDENT_VALUE - INDENT,
			"Context:", STR_ARG(contexts));
	fprintf(to, "%*s%-*s%s of nginx\n", INDENT, "", INDENT_VALUE - INDENT,
		"Module:", group->module);
	put_paragraphs(to, *sign ? STR("Without a value: \"-\" in a log, elsewhere empty.") :
				   str_from(verdicts[group->verdict]));
	put_paragraphs(to, str_from(group->reason));
	pool_destroy(pool);
}

/* The directive, the parameter of listen or the variable of nginx. False: there is none. */
static bool print_of_nginx(FILE *to, const char *topic)
{
	bool sign = *topic == '$';
	struct str name = str_from(topic + sign);
	const struct known_group *group = NULL;

	if (!sign)
		group = known_find(known_directives, name, IN_ANYWHERE);
	if (group) {
		print_known(to, "", topic, group);
		return true;
	}
	group = known_find(known_variables, name, IN_ANYWHERE);
	if (group)
		print_known(to, "$", topic + sign, group);
	return group != NULL;
}

/* --- by words ---------------------------------------------------------------------------- */

static void print_found(FILE *to, const char *kind, struct str name, struct str text)
{
	struct wrap wrap = { .to = to, .indent = INDENT_FOUND, .column = INDENT_FOUND };
	int columns = fprintf(to, "    %s%.*s", kind, STR_ARG(name));

	if (columns + 2 > INDENT_FOUND)
		wrap_line(&wrap);
	else
		fprintf(to, "%*s", INDENT_FOUND - columns, "");
	wrap_text(&wrap, text);
	fputc('\n', to);
}

/*
 * Where the site lies: beside the program, in the tree that it was built in, or where it is
 * installed. Empty: it is in neither place.
 */
static struct str site_folder(struct pool *pool)
{
	char program[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", program, sizeof(program));
	struct str path = { program, len > 0 ? (size_t)len : 0 };
	ssize_t slash = str_rchr(path, '/');

	path = pool_printf(pool, "%.*s/www", slash > 0 ? (int)slash : 0, program);
	for (int i = 0; i < 2; i++) {
		struct str page = pool_printf(pool, "%.*s/docs/commands.html", STR_ARG(path));

		if (access(page.data, R_OK) == 0)
			return path;
		path = STR(SKUA_DATA_DIR);
	}
	return STR("");
}

/* Prints the pages among the first `found` entries. */
static void print_pages(FILE *to, const struct help_entries *entries, size_t found)
{
	struct pool *pool = pool_create(0);
	struct str folder = site_folder(pool);
	size_t shown = 0;

	for (size_t i = 0; i < found && shown < PAGES_MAX; i++) {
		const struct help_entry *entry = &entries->items[i];

		if (entry->kind != HELP_PAGE)
			continue;
		if (shown++ == 0 && folder.len)
			fprintf(to, "\nPages, which `skua serve %.*s` shows:\n\n", STR_ARG(folder));
		else if (shown == 1)
			fputs("\nPages of the site:\n\n", to);
		print_found(to, "", entry->address, entry->name);
	}
	pool_destroy(pool);
}

/*
 * Prints the first `found` entries, but neither pages nor what has these words as its name;
 * `before` stands in front of them, if there are any.
 */
static void print_others(FILE *to, const struct help_entries *entries, size_t found,
			 const char *words, const char *before)
{
	size_t others = 0;

	for (size_t i = 0; i < found; i++) {
		const struct help_entry *entry = &entries->items[i];
		bool is_module = entry->kind == HELP_MODULE;

		if (entry->kind == HELP_PAGE || help_entry_is(entry, str_from(words)))
			continue;
		if (others == 0)
			fprintf(to, "%sThese have the %s in their names or texts:\n\n", before,
				strchr(words, ' ') ? "words" : "word");
		if (others++ < FOUND_MAX)
			print_found(to, is_module ? "module " : "", entry->name,
				    help_first_sentence(entry->text));
	}
	if (others > FOUND_MAX)
		fprintf(to, "\nand of %zu more; further words leave fewer of them.\n",
			others - FOUND_MAX);
	if (others > 0)
		fputs("\n`skua help NAME` explains one of them.\n", to);
}

/* Prints those that have the words in their names or texts. Returns how many there are. */
static size_t print_by_words(FILE *to, struct help_entries *entries, const char *words)
{
	size_t found = help_search(entries, str_from(words));

	if (found == 0)
		return 0;
	fprintf(to, "No directive, module, variable or command has the name \"%s\".\n", words);
	print_others(to, entries, found, words, "");
	print_pages(to, entries, found);
	return found;
}

/* --- nothing ----------------------------------------------------------------------------- */

/* The name of an entry that the topic is probably a misspelling of, or NULL. */
static const char *nearest_to(const struct help_entries *entries, const char *topic)
{
	bool sign = *topic == '$';
	struct nearest nearest = { .wanted = str_from(topic + sign) };

	for (size_t i = 0; i < entries->count; i++) {
		const struct help_entry *entry = &entries->items[i];

		if (entry->kind == HELP_VARIABLE)
			nearest_offer(&nearest, entry->variable->name);
		else if (!sign && entry->kind != HELP_OPTION && entry->kind != HELP_PAGE)
			nearest_offer(&nearest, entry->name.data);
	}
	return nearest.best;
}

static void report_nothing(const struct help_entries *entries, const char *topic)
{
	const char *near = nearest_to(entries, topic);

	fprintf(stderr,
		"skua: no directive, module, variable or command has the name \"%s\", and none "
		"has it in its text",
		topic);
	if (near)
		fprintf(stderr, "; did you mean \"%s%s\"?\n", *topic == '$' ? "$" : "", near);
	else
		fputs("; `skua help` lists all names\n", stderr);
}

/* False: no module that was left out has this name, or a directive of this name. */
static bool report_absent(const char *topic)
{
	const struct absent_directive *absent = absent_directives;

	for (; absent->directive; absent++) {
		if (strcmp(absent->directive, topic) && strcmp(absent->module, topic))
			continue;
		fprintf(stderr, "skua: the module %s was left out: run auto/configure with %s\n",
			absent->module, absent->option);
		return true;
	}
	return false;
}

/*
 * "https" and "log" are the names of a variable and of a module, but probably words for something
 * else: then what has the word follows. 0 or -ENOENT.
 */
static int print_topic(FILE *to, struct help_entries *entries, const char *topic)
{
	bool is_clear;

	if (print_by_name(to, entries, topic, &is_clear)) {
		size_t found = is_clear ? 0 : help_search(entries, str_from(topic));

		print_others(to, entries, found, topic, "\n");
		print_pages(to, entries, found);
		return 0;
	}
	if (print_of_nginx(to, topic))
		return 0;
	if (report_absent(topic))
		return -ENOENT;
	if (print_by_words(to, entries, topic))
		return 0;
	report_nothing(entries, topic);
	return -ENOENT;
}

int help_print(FILE *to, const char *topic)
{
	struct pool *pool = pool_create(0);
	struct help_entries entries = help_entries(pool);
	int error = print_topic(to, &entries, topic);

	pool_destroy(pool);
	return error;
}

/* --- all --------------------------------------------------------------------------------- */

void help_overview(FILE *to)
{
	fputs("Modules, their directives and variables. `skua help NAME` explains one of "
	      "them.\n",
	      to);
	for (size_t i = 0; i < module_count(); i++) {
		fputc('\n', to);
		print_module(to, module_at(i));
	}
}

void help_all(FILE *to)
{
	struct pool *pool = pool_create(0);
	struct help_entries entries = help_entries(pool);
	const char *between = "";

	for (size_t i = 0; i < entries.count; i++) {
		const struct help_entry *entry = &entries.items[i];

		if (entry->kind != HELP_DIRECTIVE && entry->kind != HELP_VARIABLE)
			continue;
		fputs(between, to);
		print_entry(to, entry);
		between = "\n";
	}
	pool_destroy(pool);
}

void help_names(FILE *to)
{
	struct pool *pool = pool_create(0);
	struct help_entries entries = help_entries(pool);

	for (size_t i = 0; i < entries.count; i++)
		if (entries.items[i].kind != HELP_OPTION && entries.items[i].kind != HELP_PAGE)
			fprintf(to, "%.*s\n", STR_ARG(entries.items[i].name));
	pool_destroy(pool);
}
