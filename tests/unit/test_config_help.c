/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * skua help: the form of what it prints, and that every entry of every table has
 * something to print.
 */
#include "cli/help.h"

#include <stdlib.h>

#include "config/modules.h"
#include "harness/test.h"

static const char *help(const char *topic)
{
	static struct {
		char *text;
		size_t len;
	} kept[2], *last = kept; /* two answers may be compared */

	last = last == kept ? kept + 1 : kept;
	free(last->text);
	FILE *stream = open_memstream(&last->text, &last->len);

	help_print(stream, topic);
	fclose(stream);
	return last->text;
}

static unsigned columns_of(const char *line)
{
	unsigned columns = 0;

	for (; *line && *line != '\n'; line++)
		columns += ((unsigned char)*line & 0xC0) != 0x80;
	return columns;
}

static void check_width(const char *text)
{
	for (const char *line = text; line && *line; line = strchr(line, '\n') + 1)
		ck_assert_msg(columns_of(line) <= 79, "wider than 79 columns: %.90s", line);
}

START_TEST(a_directive)
{
	ck_assert_str_eq(help("tcp_nodelay"),
			 "tcp_nodelay\n"
			 "    Syntax:   tcp_nodelay on | off;\n"
			 "    Default:  on\n"
			 "    Context:  http, server, location\n"
			 "    Module:   http\n"
			 "\n"
			 "    The end of a response leaves without waiting for a full packet\n"
			 "    (TCP_NODELAY).\n"
			 "\n"
			 "        tcp_nodelay off;\n");
	ck_assert_ptr_nonnull(strstr(help("events"), "    Default:  —\n"));
	ck_assert_ptr_nonnull(strstr(help("root"), "Context:  http, server, location"));
	ck_assert_ptr_nonnull(strstr(help("include"), "Syntax:   include file | mask;\n"));
}
END_TEST

START_TEST(variables)
{
	ck_assert_str_eq(help("$host"), help("host"));
	ck_assert(strncmp(help("host"), "$host\n    Module:   http\n\n", 26) == 0);
	ck_assert(strncmp(help("$arg_page"), "$arg_NAME\n", 10) == 0);
}
END_TEST

START_TEST(modules_by_name)
{
	ck_assert(strncmp(help("index"), "index\n    Syntax:", 17) == 0);
	ck_assert_ptr_nonnull(strstr(help("index"), "\nindex: "));
	ck_assert_ptr_nonnull(strstr(help("main"), "worker_processes"));
}
END_TEST

START_TEST(the_list)
{
	const char *list = help(NULL);

	check_width(list);
	for (size_t i = 0; i < module_count(); i++)
		ck_assert_msg(strstr(list, module_at(i)->name), "%s", module_at(i)->name);
}
END_TEST

START_TEST(all)
{
	check_width(help("--all"));
}
END_TEST

START_TEST(nothing_is_undocumented)
{
	for (size_t i = 0; i < module_count(); i++) {
		const struct module *module = module_at(i);
		const struct directive *directive = module->directives;
		const struct variable *variable = module->variables;

		ck_assert_ptr_nonnull(module->summary);
		for (; directive && directive->name; directive++) {
			ck_assert_msg(directive->doc && *directive->doc, "%s", directive->name);
			ck_assert_msg(directive->syntax, "%s", directive->name);
			ck_assert_msg(directive->contexts, "%s", directive->name);
		}
		for (; variable && variable->name; variable++)
			ck_assert_msg(variable->doc && *variable->doc, "%s", variable->name);
	}
}
END_TEST

/* An example is a line that begins with four spaces and has the name in it. */
static bool has_example(const char *doc, const char *name)
{
	const char *line = doc;

	while ((line = strstr(line, "\n    "))) {
		size_t len = strcspn(++line, "\n");

		if (memmem(line, len, name, strlen(name)))
			return true;
	}
	return false;
}

START_TEST(everything_has_an_example)
{
	for (size_t i = 0; i < module_count(); i++) {
		const struct directive *directive = module_at(i)->directives;
		const struct variable *variable = module_at(i)->variables;

		for (; directive && directive->name; directive++)
			ck_assert_msg((directive->flags & OBSOLETE) ||
					      has_example(directive->doc, directive->name),
				      "%s has no example", directive->name);
		for (; variable && variable->name; variable++)
			ck_assert_msg(has_example(variable->doc, variable->name),
				      "$%s has no example", variable->name);
	}
}
END_TEST

START_TEST(unknown_names)
{
	FILE *nowhere = fopen("/dev/null", "w");

	ck_assert_int_lt(help_print(nowhere, "no_such_thing"), 0);
	ck_assert_int_lt(help_print(nowhere, "$daemon"), 0);
	ck_assert_int_lt(help_print(nowhere, ""), 0);
	ck_assert_int_lt(help_print(nowhere, "$"), 0);
	ck_assert_int_eq(help_print(nowhere, "daemon"), 0);
	fclose(nowhere);
}
END_TEST

TESTS("help", a_directive, variables, modules_by_name, the_list, all, nothing_is_undocumented,
      everything_has_an_example, unknown_names)
