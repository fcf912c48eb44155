/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/help/usage.h"

#include <pool.h>
#include <str.h>
#include <text.h>

#include "cli/commands.h"
#include "cli/help/wrap.h"
#include "config/modules.h"

enum { INDENT = 12, TEXT_COLUMN = 24 };

/* "skua serve". */
static struct str full_name(struct pool *pool, const struct command *command)
{
	return pool_printf(pool, "skua%s%s", *command->name ? " " : "", command->name);
}

/* Calls act() with the parts of a synopsis: "[-hq]", "[--json]", "[-c file]", "[name ...]". */
static void each_part(struct pool *pool, const struct command *command,
		      void (*act)(void *data, struct str part), void *data)
{
	const struct command_option *option;
	struct text letters = { .pool = pool };

	for (option = command->options; option->doc; option++)
		if (option->letter && !option->value)
			text_add_char(&letters, option->letter);
	act(data, pool_printf(pool, "[-%.*s]", STR_ARG(text_str(&letters))));
	for (option = command->options; option->doc; option++)
		if (option->letter && option->value)
			act(data, pool_printf(pool, "[-%c %s]", option->letter, option->value));
		else if (!option->letter)
			act(data, pool_printf(pool, "[--%s%s%s]", option->name,
					      option->value ? " " : "",
					      option->value ? option->value : ""));
	if (command->argument)
		act(data, pool_printf(pool, "[%s]", command->argument));
}

static void wrap_part(void *data, struct str part)
{
	wrap_word(data, part);
}

static void print_synopsis(FILE *to, const char *before, const struct command *command)
{
	struct pool *pool = pool_create(0);
	struct wrap wrap = { .to = to, .indent = INDENT };

	wrap_word(&wrap, pool_printf(pool, "%s %.*s", before, STR_ARG(full_name(pool, command))));
	each_part(pool, command, wrap_part, &wrap);
	fputc('\n', to);
	pool_destroy(pool);
}

/* "-c, --conf file". */
static struct str option_text(struct pool *pool, const struct command_option *option)
{
	struct text text = { .pool = pool };

	if (option->letter)
		text_printf(&text, "-%c", option->letter);
	if (option->letter == 'h')
		text_add(&text, STR(", -?"));
	if (option->name)
		text_printf(&text, "%s--%s", option->letter ? ", " : "", option->name);
	if (option->value)
		text_printf(&text, " %s", option->value);
	return text_str(&text);
}

static void print_option(FILE *to, const struct command_option *option)
{
	struct pool *pool = pool_create(0);
	struct str text = option_text(pool, option);
	struct wrap wrap = { .to = to, .indent = TEXT_COLUMN, .column = TEXT_COLUMN };

	fprintf(to, "  %-*.*s", TEXT_COLUMN - 2, STR_ARG(text));
	if (text.len + 3 > TEXT_COLUMN)
		wrap_line(&wrap);
	wrap_text(&wrap, str_from(option->doc));
	if (option->initial)
		wrap_text(&wrap, pool_printf(pool, "(default: %s)", option->initial));
	fputc('\n', to);
	pool_destroy(pool);
}

void usage_print(FILE *to, const struct command *command)
{
	const struct command_option *option = command->options;
	const struct command_outcome *outcome = command->outcomes;

	print_synopsis(to, "Usage:", command);
	for (size_t i = 1; command == commands && i < commands_count; i++)
		print_synopsis(to, "      ", &commands[i]);
	fprintf(to, "\n%s\n\nOptions:\n", command->summary);
	for (; option->doc; option++)
		print_option(to, option);
	fputs("\nExit status:\n", to);
	for (; outcome->doc; outcome++) {
		struct wrap wrap = { .to = to, .indent = 5, .column = 5 };

		fprintf(to, "  %d  ", (int)outcome->status);
		wrap_text(&wrap, str_from(outcome->doc));
		fputc('\n', to);
	}
	if (command != commands)
		return;
	fputs("\nOther commands, whose options \"skua COMMAND --help\" explains:\n", to);
	for (size_t i = 1; i < commands_count; i++)
		fprintf(to, "  %-8s%s\n", commands[i].name, commands[i].summary);
}

/* --- for programs --------------------------------------------------------------------- */

static const char *const kinds[] = {
	[VALUE_TEXT] = "text", [VALUE_FILE] = "file", [VALUE_FOLDER] = "folder",
	[VALUE_WORD] = "word", [VALUE_NAME] = "name",
};

static const char *or_dash(const char *text)
{
	return text ? text : "-";
}

static void add_part(void *data, struct str part)
{
	text_printf(data, " %.*s", STR_ARG(part));
}

static void list_command(FILE *to, const struct command *command)
{
	struct pool *pool = pool_create(0);
	const struct command_option *option = command->options;
	const struct command_outcome *outcome = command->outcomes;
	const char *name = *command->name ? command->name : "skua";
	struct text synopsis = { .pool = pool };

	text_add(&synopsis, full_name(pool, command));
	each_part(pool, command, add_part, &synopsis);
	fprintf(to, "command\t%s\t%.*s\t%s\t%s\t%s\n", name, STR_ARG(text_str(&synopsis)),
		or_dash(command->argument), command->argument ? kinds[command->kind] : "-",
		command->summary);
	for (; option->doc; option++)
		fprintf(to, "option\t%s\t%c\t%s\t%s\t%s\t%s\t%s\n", name,
			option->letter ? option->letter : '-', or_dash(option->name),
			or_dash(option->value), option->value ? kinds[option->kind] : "-",
			or_dash(option->words), option->doc);
	for (; outcome->doc; outcome++)
		fprintf(to, "outcome\t%s\t%d\t%s\n", name, (int)outcome->status, outcome->doc);
	pool_destroy(pool);
}

void usage_list(FILE *to)
{
	for (size_t i = 0; i < commands_count; i++)
		list_command(to, &commands[i]);
	for (size_t i = 0; i < module_count(); i++) {
		const struct listen_parameter *parameter = module_at(i)->listen_parameters;

		fprintf(to, "module\t%s\t%s\n", module_at(i)->name, module_at(i)->summary);
		for (; parameter && parameter->name; parameter++)
			fprintf(to, "parameter\t%s\t%s\t%s\n", module_at(i)->name, parameter->name,
				parameter->doc);
	}
}
