/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads words from left to right as nginx does: letters may stand together, a
 * value may follow its letter or be the next word.
 */
#include "cli/options.h"

#include <config.h>
#include <errno.h>
#include <stdarg.h>
#include <str.h>
#include <string.h>

static const char *const signals[] = { "stop", "quit", "reopen", "reload", "upgrade" };

/* Prints what is wrong. Returns -EINVAL. */
static int __attribute__((format(printf, 1, 2))) complain(const char *format, ...)
{
	va_list args;

	fputs("skua: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputs("; \"skua -h\" lists what there is\n", stderr);
	return -EINVAL;
}

void options_usage(FILE *to)
{
	fputs("Usage: skua [-?hvVtTq] [--json] [-s signal] [-p prefix]\n"
	      "            [-e filename] [-c filename] [-g directives]\n"
	      "       skua serve [DIR] [-p port] [-w workers] [-r dir] [-a address]\n"
	      "       skua status [--json] [-p prefix] [-c filename]\n"
	      "       skua help [directive | module | $variable]\n"
	      "       skua help sandbox -c filename\n"
	      "\n"
	      "Options:\n"
	      "  -?,-h         : this help\n"
	      "  -v            : show version and exit\n"
	      "  -V            : show version and configure options then exit\n"
	      "  -t            : test configuration and exit: with 0, 1 if something is wrong,\n"
	      "                  2 if nothing is, but something is not supported; --json lists\n"
	      "                  on standard output what was found\n"
	      "  -T            : test configuration, dump it and exit\n"
	      "  -q            : suppress non-error messages during configuration testing\n"
	      "  -s signal     : send signal to a master process: stop, quit, reopen, reload,\n"
	      "                  upgrade; the last three wait for the outcome and print it\n"
	      "  -p prefix     : set prefix path, at which relative paths begin, those of -c and\n"
	      "                  -e, too (default: " SKUA_PREFIX ")\n"
	      "  -e filename   : set error log file (default: " SKUA_ERROR_LOG_PATH ")\n"
	      "  -c filename   : set configuration file (default: " SKUA_CONF_PATH ")\n"
	      "  -g directives : set global directives out of configuration file\n"
	      "\n"
	      "Options of serve, which needs no configuration file:\n"
	      "  DIR, -r, --rootdir DIR  : the folder to serve (default: this one)\n"
	      "  -p, --port N            : the port (default: 8080; 0: any that is free)\n"
	      "  -a, --address ADDR      : the address, or all (default: 127.0.0.1)\n"
	      "  -w, --workers N         : how many workers (default: one for each CPU)\n",
	      to);
}

/* The arguments that are still to be read; the last one is NULL. */
struct arguments {
	char **next;
};

static int signal_option(struct options *options, const char *name)
{
	options->command = COMMAND_SIGNAL;
	options->signal = name;
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		if (strcmp(name, signals[i]) == 0)
			return 0;
	return complain("invalid option: \"-s %s\"; the signals are stop, quit, reload, reopen, "
			"upgrade",
			name);
}

/* The value of a letter that wants one: the rest of the word, or the next word. */
static const char *value_of(const char *rest, struct arguments *args)
{
	if (*rest)
		return rest;
	return *args->next ? *args->next++ : NULL;
}

static int option_with_value(struct options *options, char letter, const char *value)
{
	static const char *const wants[] = {
		['c'] = "file name", ['p'] = "directory name", ['e'] = "file name",
		['g'] = "parameter", ['s'] = "parameter",
	};

	if (!value)
		return complain("option \"-%c\" requires %s", letter, wants[(int)letter]);
	switch (letter) {
	case 'c':
		options->conf = value;
		return 0;
	case 'p':
		options->prefix = value;
		return 0;
	case 'e':
		options->error_log = value;
		if (strncmp(value, "syslog:", 7) == 0 || strncmp(value, "memory:", 7) == 0)
			return complain("invalid option: \"-e %s\"; errors go to a file or to "
					"\"stderr\"",
					value);
		return 0;
	case 'g':
		options->globals = value;
		return 0;
	default:
		return signal_option(options, value);
	}
}

/* False: there is no such letter. -t and -T leave a -s before them alone, as in nginx. */
static bool option_alone(struct options *options, char letter)
{
	switch (letter) {
	case 'q':
		options->quiet = true;
		return true;
	case 't':
		if (options->command == COMMAND_RUN)
			options->command = COMMAND_TEST;
		return true;
	case 'T':
		if (options->command == COMMAND_RUN || options->command == COMMAND_TEST)
			options->command = COMMAND_DUMP;
		return true;
	case 'v':
		options->command = COMMAND_VERSION;
		return true;
	case 'V':
		options->command = COMMAND_BUILD;
		return true;
	case 'h':
	case '?':
		options->command = COMMAND_USAGE;
		return true;
	}
	return false;
}

/* Reports "skua stop", "skua -p . status" and the like with the right way to write them. */
static int complain_about_word(const char *word)
{
	static const char *const commands[] = { "serve", "status", "help" };

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		if (strcmp(word, signals[i]) == 0)
			return complain("invalid option: \"%s\"; write \"-s %s\"", word, word);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(word, commands[i]) == 0)
			return complain("invalid option: \"%s\"; it has to be the first word: "
					"\"skua %s\"",
					word, word);
	return complain("invalid option: \"%s\"", word);
}

/* Reads a word of letters, "-t", "-tq" or "-cFILE"; or --help or --version. */
static int read_word(struct options *options, const char *word, struct arguments *args)
{
	if (strcmp(word, "--json") == 0) {
		options->json = true;
		return 0;
	}
	if (strcmp(word, "--help") == 0)
		word = "-h";
	else if (strcmp(word, "--version") == 0)
		word = "-v";
	if (word[0] != '-' || !word[1])
		return complain_about_word(word);
	for (const char *letter = word + 1; *letter; letter++) {
		if (strchr("cpegs", *letter))
			return option_with_value(options, *letter, value_of(letter + 1, args));
		if (!option_alone(options, *letter))
			return complain("invalid option: \"%s\"",
					*word == '-' && word[1] == '-' ? word : letter);
	}
	return 0;
}

static int number(const char *text, const char *what, uint64_t max, int *out)
{
	uint64_t value;

	if (str_to_u64(str_from(text), max, &value) < 0)
		return complain("serve: %s is a number from 0 to %d, not \"%s\"", what, (int)max,
				text);
	*out = (int)value;
	return 0;
}

/* The short and long names of serve's options. */
static char serve_letter(const char *word)
{
	static const struct {
		const char *name;
		char letter;
	} names[] = { { "--port", 'p' },
		      { "--workers", 'w' },
		      { "--rootdir", 'r' },
		      { "--address", 'a' },
		      { "--help", 'h' } };

	if (word[0] == '-' && word[1] != '-' && word[1] && strchr("pwrah", word[1]))
		return word[1];
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		size_t len = strlen(names[i].name);
		if (strncmp(word, names[i].name, len) == 0 && (!word[len] || word[len] == '='))
			return names[i].letter;
	}
	return 0;
}

static int serve_option(struct options *options, const char *word, struct arguments *args)
{
	char letter = serve_letter(word);

	if (letter == 0)
		return complain("serve: invalid option: \"%s\"", word);
	if (letter == 'h') {
		options->command = COMMAND_USAGE;
		return 0;
	}
	const char *equals = strchr(word, '='), *value;
	if (word[1] != '-')
		value = value_of(word + 2, args);
	else
		value = equals ? equals + 1 : value_of("", args);
	if (!value)
		return complain("serve: option \"%s\" requires a value", word);
	switch (letter) {
	case 'p':
		return number(value, "--port", 65535, &options->port);
	case 'w':
		return number(value, "--workers", 512, &options->workers);
	case 'r':
		options->argument = value;
		return 0;
	default:
		options->address = value;
		return 0;
	}
}

static int read_serve(struct options *options, struct arguments *args)
{
	options->command = COMMAND_SERVE;
	while (*args->next) {
		const char *word = *args->next++;

		if (word[0] == '-') {
			if (serve_option(options, word, args) < 0)
				return -EINVAL;
		} else if (options->argument) {
			return complain("serve: one folder can be served, \"%s\" is a second",
					word);
		} else {
			options->argument = word;
		}
	}
	return 0;
}

static int read_help(struct options *options, struct arguments *args)
{
	if (*args->next)
		options->argument = *args->next++;
	while (*args->next) {
		const char *word = *args->next++;

		if (read_word(options, word, args) < 0)
			return -EINVAL;
	}
	if (options->conf && strcmp(options->argument, "sandbox") != 0)
		return complain("help: only \"help sandbox\" looks into a configuration");
	if (options->command == COMMAND_RUN)
		options->command = options->conf ? COMMAND_SANDBOX : COMMAND_HELP;
	return 0;
}

/* status takes the options that say which server is meant. */
static int read_status(struct options *options, struct arguments *args)
{
	while (*args->next) {
		const char *word = *args->next++;

		if (read_word(options, word, args) < 0)
			return -EINVAL;
	}
	if (options->command == COMMAND_RUN)
		options->command = COMMAND_STATUS;
	return 0;
}

/* --json belongs to status and -t. */
static int check_json(const struct options *options)
{
	if (!options->json || options->command == COMMAND_STATUS ||
	    options->command == COMMAND_TEST)
		return 0;
	return complain("invalid option: \"--json\"; it belongs to status and -t");
}

int options_read(struct options *options, int argc, char **argv)
{
	struct arguments args = { .next = argv + (argc > 0) };

	*options = (struct options){ .command = COMMAND_RUN, .port = -1 };
	if (*args.next && strcmp(*args.next, "serve") == 0) {
		args.next++;
		return read_serve(options, &args);
	}
	if (*args.next && strcmp(*args.next, "status") == 0) {
		args.next++;
		return read_status(options, &args);
	}
	if (*args.next && strcmp(*args.next, "help") == 0) {
		args.next++;
		return read_help(options, &args);
	}
	while (*args.next) {
		const char *word = *args.next++;

		if (read_word(options, word, &args) < 0)
			return -EINVAL;
	}
	return check_json(options);
}
