/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/commands.h"

#include <config.h>
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <str.h>
#include <string.h>
#include <sys/stat.h>

#include "base/nearest.h"
#include "cli/options.h"

/* For the tables: the field that an option sets, and the value of one that has any. */
#define SWITCH(field_)	     .at = offsetof(struct options, field_)
#define VALUE(value_, kind_) .value = value_, .kind = kind_
#define SIGNALS		     "stop quit reload reopen upgrade"

int command_complain(const char *name, const char *format, ...)
{
	const char *blank = *name ? " " : "";
	va_list args;

	fprintf(stderr, "skua%s%s: ", blank, name);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, "; \"skua%s%s -h\" lists what there is\n", blank, name);
	return -EINVAL;
}

/* --- without the name of a command ----------------------------------------------------- */

/* -t and -T leave a -s before them alone, as in nginx. */
static int set_test(struct options *options, const char *value)
{
	(void)value;
	if (options->command == COMMAND_RUN)
		options->command = COMMAND_TEST;
	return 0;
}

static int set_dump(struct options *options, const char *value)
{
	(void)value;
	if (options->command == COMMAND_RUN || options->command == COMMAND_TEST)
		options->command = COMMAND_DUMP;
	return 0;
}

static int set_version(struct options *options, const char *value)
{
	(void)value;
	options->command = COMMAND_VERSION;
	return 0;
}

static int set_build(struct options *options, const char *value)
{
	(void)value;
	options->command = COMMAND_BUILD;
	return 0;
}

static bool is_signal(const char *word)
{
	struct str names = STR(SIGNALS);

	while (!str_empty(names))
		if (str_eq(str_split(&names, ' '), str_from(word)))
			return true;
	return false;
}

static int set_signal(struct options *options, const char *name)
{
	options->command = COMMAND_SIGNAL;
	options->signal = name;
	if (is_signal(name))
		return 0;
	return command_complain("",
				"invalid option: \"-s %s\"; the signals are stop, quit, reload, "
				"reopen, upgrade",
				name);
}

static int set_error_log(struct options *options, const char *value)
{
	options->error_log = value;
	if (strncmp(value, "syslog:", 7) == 0 || strncmp(value, "memory:", 7) == 0)
		return command_complain("",
					"invalid option: \"-e %s\"; errors go to a file or to "
					"\"stderr\"",
					value);
	return 0;
}

/* Reports "skua stop", "skua -p . status" and the like with the right way to write them. */
static int complain_about_word(struct options *options, const char *word)
{
	struct nearest nearest = { .wanted = str_from(word) };
	struct stat status;

	(void)options;
	if (is_signal(word))
		return command_complain("", "invalid option: \"%s\"; write \"-s %s\"", word, word);
	for (size_t i = 1; i < commands_count; i++)
		if (strcmp(word, commands[i].name) == 0)
			return command_complain("",
						"invalid option: \"%s\"; it has to be the first "
						"word: \"skua %s\"",
						word, word);
	for (size_t i = 1; i < commands_count; i++)
		nearest_offer(&nearest, commands[i].name);
	if (nearest.best)
		return command_complain("", "invalid option: \"%s\" (did you mean \"skua %s\"?)",
					word, nearest.best);
	if (stat(word, &status) == 0 && S_ISDIR(status.st_mode))
		return command_complain("",
					"invalid option: \"%s\"; \"skua serve %s\" serves a folder",
					word, word);
	return command_complain("", "invalid option: \"%s\"", word);
}

static int check_json(struct options *options)
{
	if (!options->json || options->command == COMMAND_TEST)
		return 0;
	return command_complain("", "invalid option: \"--json\"; it belongs to status and -t");
}

#define HELP_OPTION                                                         \
	{                                                                   \
		.letter = 'h', .name = "help", .doc = "print this and exit" \
	}
#define PREFIX_OPTION                                                                  \
	{                                                                              \
		.letter = 'p', VALUE("prefix", VALUE_FOLDER), SWITCH(prefix),          \
		.doc = "relative paths begin at this folder, those of -c and -e, too", \
		.initial = SKUA_PREFIX                                                 \
	}
#define CONF_OPTION                                                        \
	{                                                                  \
		.letter = 'c', VALUE("file", VALUE_FILE), SWITCH(conf),    \
		.doc = "the configuration file", .initial = SKUA_CONF_PATH \
	}
#define ERROR_LOG_OPTION                                                                      \
	{                                                                                     \
		.letter = 'e', VALUE("file", VALUE_FILE), .set = set_error_log,               \
		.doc = "errors go to this file, or to stderr, until the configuration names " \
		       "another one",                                                         \
		.initial = SKUA_ERROR_LOG_PATH                                                \
	}
#define GLOBALS_OPTION                                                           \
	{                                                                        \
		.letter = 'g', VALUE("directives", VALUE_TEXT), SWITCH(globals), \
		.doc = "directives of the main level, beside those of the file"  \
	}
#define NO_SERVER_TEXT "no server runs with this configuration, as far as can be seen"

static const struct command_option program_options[] = {
	HELP_OPTION,
	{ .letter = 'v',
	  .name = "version",
	  .set = set_version,
	  .doc = "print the version and exit" },
	{ .letter = 'V',
	  .set = set_build,
	  .doc = "print the version, the compiler, the libraries, the modules and the options of "
		 "configure, and exit" },
	{ .letter = 't',
	  .set = set_test,
	  .doc = "test the configuration, without touching anything on the disk, and exit" },
	{ .letter = 'T', .set = set_dump, .doc = "test the configuration, print it and exit" },
	{ .letter = 'q', SWITCH(quiet), .doc = "with -t or -T, print errors only" },
	{ .name = "json",
	  SWITCH(json),
	  .doc = "with -t, print the messages on standard output as JSON" },
	{ .letter = 's',
	  VALUE("signal", VALUE_WORD),
	  .words = SIGNALS,
	  .set = set_signal,
	  .doc = "send a signal to the master process: stop, quit, reload, reopen or upgrade; the "
		 "last three wait for the outcome and print it" },
	PREFIX_OPTION,
	CONF_OPTION,
	ERROR_LOG_OPTION,
	GLOBALS_OPTION,
	{ 0 },
};

static const struct command_outcome program_outcomes[] = {
	{ STATUS_DONE, "what was asked for is done; a server in the foreground was told to end" },
	{ STATUS_FAILED, "it failed, or the command line is wrong: a message says what" },
	{ STATUS_NOT_SUPPORTED, "of -t and -T: nothing is wrong, but something is not supported" },
	{ STATUS_NO_SERVER, "of -s: " NO_SERVER_TEXT },
	{ 0 },
};

/* --- serve ------------------------------------------------------------------------------- */

static int number(const char *text, const char *what, uint64_t max, int *out)
{
	uint64_t value;

	if (str_to_u64(str_from(text), max, &value) < 0)
		return command_complain("serve", "%s is a number from 0 to %d, not \"%s\"", what,
					(int)max, text);
	*out = (int)value;
	return 0;
}

static int set_port(struct options *options, const char *value)
{
	return number(value, "--port", 65535, &options->serve.port);
}

static int set_workers(struct options *options, const char *value)
{
	return number(value, "--workers", 512, &options->serve.workers);
}

static int add_header(struct options *options, const char *value)
{
	const char **headers = options->serve.headers;

	for (int i = 0; i < SERVE_HEADERS - 1; i++)
		if (!headers[i]) {
			headers[i] = value;
			return 0;
		}
	return command_complain("serve", "more than %d --header", SERVE_HEADERS - 1);
}

static int take_folder(struct options *options, const char *word)
{
	if (options->argument)
		return command_complain("serve", "one folder can be served, \"%s\" is a second",
					word);
	options->argument = word;
	return 0;
}

static const struct command_option serve_options[] = {
	HELP_OPTION,
	{ .letter = 'r',
	  .name = "rootdir",
	  VALUE("folder", VALUE_FOLDER),
	  .set = take_folder,
	  .doc = "the folder to serve, in place of the word; without either it is this one" },
	{ .letter = 'p',
	  .name = "port",
	  VALUE("port", VALUE_TEXT),
	  .set = set_port,
	  .doc = "the port; 0 is any that is free; without it, it is 8080, or the next one "
		 "that is free" },
	{ .letter = 'a',
	  .name = "address",
	  VALUE("address", VALUE_TEXT),
	  SWITCH(serve.address),
	  .doc = "the address, or all for all networks; without it, it is 127.0.0.1" },
	{ .letter = 'w',
	  .name = "workers",
	  VALUE("number", VALUE_TEXT),
	  .set = set_workers,
	  .doc = "how many workers; without it, one for each CPU" },
	{ .letter = 'q',
	  .name = "quiet",
	  SWITCH(serve.quiet),
	  .doc = "print no line for each request" },
	{ .name = "spa",
	  SWITCH(serve.spa),
	  .doc = "a single-page app: pages that are not there are answered with index.html; other "
		 "files are 404" },
	{ .name = "404",
	  VALUE("file", VALUE_FILE),
	  SWITCH(serve.not_found),
	  .doc = "the page for what is not there, below the folder" },
	{ .name = "cors", SWITCH(serve.cors), .doc = "scripts of all sites may read the files" },
	{ .name = "cache",
	  VALUE("time", VALUE_TEXT),
	  SWITCH(serve.cache),
	  .doc = "browsers keep files for that long, as in 1h; pages are asked for each time" },
	{ .name = "header",
	  VALUE("field", VALUE_TEXT),
	  .set = add_header,
	  .doc = "one more field of each response, as in 'X-Name: value'; may be repeated" },
	{ .name = "password",
	  VALUE("user[:pass]", VALUE_TEXT),
	  SWITCH(serve.password),
	  .doc = "ask for this name and password; without a password in the word it is read "
		 "from the terminal" },
	{ .name = "tls",
	  SWITCH(serve.tls),
	  .doc = "serve by HTTPS, with a certificate that is made on the spot" },
	{ .name = "cert",
	  VALUE("file", VALUE_FILE),
	  SWITCH(serve.cert),
	  .doc = "serve by HTTPS, with this certificate, in PEM" },
	{ .name = "key",
	  VALUE("file", VALUE_FILE),
	  SWITCH(serve.key),
	  .doc = "the key of --cert, in PEM; not needed if the file of --cert holds both" },
	{ .name = "open", SWITCH(serve.open), .doc = "open a browser" },
	{ .name = "print-config",
	  SWITCH(serve.print_config),
	  .doc = "print all this as a configuration file, and exit" },
	{ 0 },
};

static const struct command_outcome serve_outcomes[] = {
	{ STATUS_DONE, "it was ended by Ctrl-C or a signal, or has printed what it was asked for" },
	{ STATUS_FAILED, "it could not start, or the command line is wrong: a message says what" },
	{ 0 },
};

/* --- status ------------------------------------------------------------------------------ */

static int check_status(struct options *options)
{
	if (options->openmetrics && (options->log || options->json))
		return command_complain("status", "--openmetrics excludes --log and --json");
	if (!options->log || !options->json)
		return 0;
	return command_complain("status", "--log and --json exclude each other; \"error_log "
					  "memory:SIZE LEVEL json;\" keeps lines of JSON");
}

static int refuse_word(struct options *options, const char *word)
{
	(void)options;
	return command_complain("status", "invalid option: \"%s\"", word);
}

static const struct command_option status_options[] = {
	HELP_OPTION,
	{ .name = "json", SWITCH(json), .doc = "print JSON" },
	{ .name = "openmetrics",
	  SWITCH(openmetrics),
	  .doc = "print all numbers in the format of OpenMetrics" },
	{ .name = "log",
	  SWITCH(log),
	  .doc = "print the lines that error_log memory:SIZE keeps, and nothing else" },
	PREFIX_OPTION,
	CONF_OPTION,
	ERROR_LOG_OPTION,
	GLOBALS_OPTION,
	{ 0 },
};

static const struct command_outcome status_outcomes[] = {
	{ STATUS_DONE, "the server has answered" },
	{ STATUS_FAILED,
	  "it could not be asked, has answered with an error, or the command line is wrong: a "
	  "message says what" },
	{ STATUS_NO_SERVER, NO_SERVER_TEXT },
	{ 0 },
};

/* --- help -------------------------------------------------------------------------------- */

static int set_all(struct options *options, const char *value)
{
	(void)value;
	options->command = COMMAND_HELP_ALL;
	return 0;
}

static int set_names(struct options *options, const char *value)
{
	(void)value;
	options->command = COMMAND_HELP_NAMES;
	return 0;
}

static int set_listing(struct options *options, const char *value)
{
	(void)value;
	options->command = COMMAND_HELP_LISTING;
	return 0;
}

static int take_word(struct options *options, const char *word)
{
	for (int i = 0; i < HELP_WORDS - 1; i++)
		if (!options->words[i]) {
			options->words[i] = word;
			return 0;
		}
	return command_complain("help", "more than %d words", HELP_WORDS - 1);
}

static int check_help(struct options *options)
{
	const char *word = options->words[0];

	if (!options->conf)
		return 0;
	if (!word || strcmp(word, "sandbox") != 0)
		return command_complain("help", "only \"help sandbox\" looks into a configuration");
	options->command = COMMAND_SANDBOX;
	return 0;
}

static const struct command_option help_options[] = {
	HELP_OPTION,
	{ .name = "json",
	  SWITCH(json),
	  .doc = "print JSON: what was found, or without a word everything" },
	{ .name = "all", .set = set_all, .doc = "print the texts of all directives and variables" },
	{ .name = "names", .set = set_names, .doc = "print the names alone, one a line" },
	{ .name = "listing",
	  .set = set_listing,
	  .doc = "print commands, options, exit statuses and modules, for programs that make "
		 "documentation of them: one a line, with fields that tabs separate" },
	{ .letter = 'c',
	  VALUE("file", VALUE_FILE),
	  SWITCH(conf),
	  .doc = "with the word sandbox: list what workers with this configuration file may do" },
	PREFIX_OPTION,
	GLOBALS_OPTION,
	{ 0 },
};

static const struct command_outcome help_outcomes[] = {
	{ STATUS_DONE, "something was found" },
	{ STATUS_FAILED, "nothing was found, or the command line is wrong: a message says what" },
	{ 0 },
};

const struct command commands[] = {
	{
		.name = "",
		.summary = "Starts the server, or does what an option says and exits.",
		.options = program_options,
		.outcomes = program_outcomes,
		.take = complain_about_word,
		.check = check_json,
		.runs = COMMAND_RUN,
	},
	{
		.name = "serve",
		.argument = "folder",
		.kind = VALUE_FOLDER,
		.summary = "Serves a folder in the foreground, without a configuration file.",
		.options = serve_options,
		.outcomes = serve_outcomes,
		.take = take_folder,
		.runs = COMMAND_SERVE,
	},
	{
		.name = "status",
		.summary =
			"Prints the processes, connections and requests of the server that runs.",
		.options = status_options,
		.outcomes = status_outcomes,
		.take = refuse_word,
		.check = check_status,
		.runs = COMMAND_STATUS,
	},
	{
		.name = "help",
		.argument = "word ...",
		.kind = VALUE_NAME,
		.summary =
			"Explains a directive, a module, a variable or a command, or searches for "
			"words, also in the pages of the site.",
		.options = help_options,
		.outcomes = help_outcomes,
		.take = take_word,
		.check = check_help,
		.runs = COMMAND_HELP,
	},
};
const size_t commands_count = sizeof(commands) / sizeof(commands[0]);
