/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads words from left to right as nginx does: letters may stand together, a
 * value may follow its letter or be the next word.
 */
#include "cli/options.h"

#include <errno.h>
#include <string.h>

#include "base/nearest.h"
#include "cli/commands.h"

/* The command line that is being read. */
struct reader {
	struct options *options;
	const struct command *command;
	char **next; /* the words that are still to be read; the last one is NULL */
};

static int set(struct reader *reader, const struct command_option *option, const char *value)
{
	char *at = (char *)reader->options + option->at;

	if (option->letter == 'h') {
		reader->options->command = COMMAND_USAGE;
		reader->options->usage = reader->command;
		return 0;
	}
	if (option->set)
		return option->set(reader->options, value);
	if (option->value)
		*(const char **)(void *)at = value;
	else
		*(bool *)(void *)at = true;
	return 0;
}

/* Sets an option to the value: NULL stands for the next word. `word` is what messages show. */
static int set_with_value(struct reader *reader, const struct command_option *option,
			  const char *value, const char *word)
{
	if (!value)
		value = *reader->next;
	if (!value)
		return command_complain(reader->command->name, "option \"%s\" requires a value: %s",
					word, option->value);
	if (value == *reader->next)
		reader->next++;
	return set(reader, option, value);
}

static int complain_about_name(const struct command *command, const char *word, size_t len)
{
	const struct command_option *option = command->options;
	struct nearest nearest = { .wanted = { word + 2, len } };

	for (; option->doc; option++)
		if (option->name)
			nearest_offer(&nearest, option->name);
	if (!nearest.best)
		return command_complain(command->name, "invalid option: \"%s\"", word);
	return command_complain(command->name, "invalid option: \"%s\" (did you mean \"--%s\"?)",
				word, nearest.best);
}

/* "--port=9000", "--port 9000", "--spa". */
static int read_long(struct reader *reader, const char *word)
{
	const struct command_option *option = reader->command->options;
	const char *name = word + 2, *equals = strchr(name, '=');
	size_t len = equals ? (size_t)(equals - name) : strlen(name);

	while (option->doc && !(option->name && strlen(option->name) == len &&
				memcmp(option->name, name, len) == 0))
		option++;
	if (!option->doc)
		return complain_about_name(reader->command, word, len);
	if (option->value)
		return set_with_value(reader, option, equals ? equals + 1 : NULL, word);
	if (equals)
		return command_complain(reader->command->name, "option \"%s\" has no value", word);
	return set(reader, option, NULL);
}

static const struct command_option *option_of(const struct command *command, char letter)
{
	const struct command_option *option = command->options;

	while (option->doc && option->letter != letter)
		option++;
	return option->doc ? option : NULL;
}

/* "-t", "-tq", "-cFILE", "-c FILE". */
static int read_letters(struct reader *reader, const char *word)
{
	int error = 0;

	for (const char *at = word + 1; *at && error == 0; at++) {
		char letter = *at == '?' ? 'h' : *at;
		const char shown[] = { '-', letter, '\0' };
		const struct command_option *option = option_of(reader->command, letter);

		if (!option)
			return command_complain(reader->command->name, "invalid option: \"%s\"",
						at);
		if (option->value)
			return set_with_value(reader, option, at[1] ? at + 1 : NULL, shown);
		error = set(reader, option, NULL);
	}
	return error;
}

static int read_word(struct reader *reader, const char *word)
{
	if (word[0] != '-' || !word[1])
		return reader->command->take(reader->options, word);
	return word[1] == '-' ? read_long(reader, word) : read_letters(reader, word);
}

/* The command that the first word names, or the program itself. */
static const struct command *command_of(const char *word)
{
	for (size_t i = 1; word && i < commands_count; i++)
		if (strcmp(word, commands[i].name) == 0)
			return &commands[i];
	return commands;
}

int options_read(struct options *options, int argc, char **argv)
{
	struct reader reader = { .options = options, .next = argv + (argc > 0) };

	reader.command = command_of(*reader.next);
	reader.next += reader.command != commands;
	*options = (struct options){ .command = reader.command->runs, .serve.port = -1 };
	while (*reader.next)
		if (read_word(&reader, *reader.next++) < 0)
			return -EINVAL;
	if (options->command == COMMAND_USAGE || !reader.command->check)
		return 0;
	return reader.command->check(options);
}
