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
#include "cli/help.h"

#include <errno.h>

#include "cli/wrap.h"
#include "config/internal.h"
#include "config/known/known.h"

enum {
	INDENT = 4,
	INDENT_VALUE = 14, /* of the text behind "Syntax:" */
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

/* "name arguments;", or name, arguments and a block. */
static void print_syntax(FILE *to, const struct directive *directive)
{
	struct pool *pool = pool_create(0);
	struct wrap wrap = field(to, "Syntax:");
	const char *syntax = directive->syntax ? directive->syntax : "";
	bool block = directive->flags & (BLOCK | RAW_BLOCK);
	const char *end = !block ? ";" : strchr(syntax, '{') ? "" : " { ... }";

	wrap_text(&wrap,
		 pool_printf(pool, "%s%s%s%s", directive->name, *syntax ? " " : "", syntax, end));
	fputc('\n', to);
	pool_destroy(pool);
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

static void print_directive(FILE *to, const struct module *module,
			    const struct directive *directive)
{
	struct pool *pool = pool_create(0);

	fprintf(to, "%s\n", directive->name);
	print_syntax(to, directive);
	struct wrap wrap = field(to, "Default:");
	wrap_text(&wrap, directive->initial ? str_from(directive->initial) : STR("—"));
	fputc('\n', to);
	wrap = field(to, "Context:");
	wrap_text(&wrap, contexts_text(pool, directive->contexts, ", "));
	fputc('\n', to);
	pool_destroy(pool);
	fprintf(to, "%*s%-*s%s\n", INDENT, "", INDENT_VALUE - INDENT, "Module:", module->name);
	if (directive->flags & OBSOLETE)
		put_paragraphs(to, STR("Accepted, and without effect."));
	put_paragraphs(to, str_from(directive->doc));
	if (strcmp(directive->name, "listen") == 0)
		print_parameters(to);
}

static const char *prefix_rest(const struct variable *variable)
{
	return variable->flags & VARIABLE_PREFIX ? "NAME" : "";
}

static void print_variable(FILE *to, const struct module *module, const struct variable *variable)
{
	fprintf(to, "$%s%s\n%*s%-*s%s\n", variable->name, prefix_rest(variable), INDENT, "",
		INDENT_VALUE - INDENT, "Module:", module->name);
	put_paragraphs(to, str_from(variable->doc));
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

		snprintf(name, sizeof(name), "$%s%s", variable->name, prefix_rest(variable));
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

static bool variable_has_name(const struct variable *variable, struct str name)
{
	struct str own = str_from(variable->name);

	if (variable->flags & VARIABLE_PREFIX)
		return str_starts(name, own);
	return str_eq_nocase(name, own);
}

/* Prints the entries of this name (NULL: all entries). Returns how many there were. */
static size_t print_matches(FILE *to, const char *topic)
{
	bool sign = topic && *topic == '$';
	struct str name = str_from(sign ? topic + 1 : topic);
	size_t found = 0;

	for (size_t i = 0; i < module_count() && !sign; i++) {
		const struct directive *directive = module_at(i)->directives;

		for (; directive && directive->name; directive++) {
			if (topic && !str_eq(name, str_from(directive->name)))
				continue;
			fputs(found++ ? "\n" : "", to);
			print_directive(to, module_at(i), directive);
		}
	}
	for (size_t i = 0; i < module_count() && topic && !sign; i++) {
		if (!str_eq(name, str_from(module_at(i)->name)))
			continue;
		fputs(found++ ? "\n" : "", to);
		print_module(to, module_at(i));
	}
	for (size_t i = 0; i < module_count(); i++) {
		const struct variable *variable = module_at(i)->variables;

		for (; variable && variable->name; variable++) {
			if (topic && !variable_has_name(variable, name))
				continue;
			fputs(found++ ? "\n" : "", to);
			print_variable(to, module_at(i), variable);
		}
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

static void report_nothing(const char *topic)
{
	bool sign = *topic == '$';
	struct nearest nearest = { .wanted = str_from(topic + sign) };
	const struct absent_directive *absent = absent_directives;

	for (; absent->directive && !sign; absent++) {
		if (strcmp(absent->directive, topic) && strcmp(absent->module, topic))
			continue;
		fprintf(stderr, "skua: the module %s was left out: run auto/configure with %s\n",
			absent->module, absent->option);
		return;
	}
	for (size_t i = 0; i < module_count(); i++) {
		const struct directive *directive = module_at(i)->directives;
		const struct variable *variable = module_at(i)->variables;

		for (; directive && directive->name && !sign; directive++)
			nearest_offer(&nearest, directive->name);
		for (; variable && variable->name; variable++)
			nearest_offer(&nearest, variable->name);
		if (!sign)
			nearest_offer(&nearest, module_at(i)->name);
	}
	fprintf(stderr, "skua: no directive, module or variable has the name \"%s\"", topic);
	if (nearest.best)
		fprintf(stderr, "; did you mean \"%s%s\"?\n", sign ? "$" : "", nearest.best);
	else
		fputs("; `skua help` lists all names\n", stderr);
}

int help_print(FILE *to, const char *topic)
{
	if (!topic) {
		fputs("Modules, their directives and variables. `skua help NAME` explains one of "
		      "them.\n",
		      to);
		for (size_t i = 0; i < module_count(); i++) {
			fputc('\n', to);
			print_module(to, module_at(i));
		}
		return 0;
	}
	if (print_matches(to, strcmp(topic, "--all") == 0 ? NULL : topic))
		return 0;
	if (print_of_nginx(to, topic))
		return 0;
	report_nothing(topic);
	return -ENOENT;
}

void help_names(FILE *to)
{
	for (size_t i = 0; i < module_count(); i++) {
		const struct directive *directive = module_at(i)->directives;
		const struct variable *variable = module_at(i)->variables;

		fprintf(to, "%s\n", module_at(i)->name);
		for (; directive && directive->name; directive++)
			fprintf(to, "%s\n", directive->name);
		for (; variable && variable->name; variable++)
			fprintf(to, "$%s\n", variable->name);
	}
}
