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
	      "       skua serve [DIR] [-p port] [-a address] [-w workers] [-q] [--spa]\n"
	      "            [--404 file] [--cors] [--cache time] [--header 'name: value']\n"
	      "            [--password user[:pass]] [--tls] [--cert file] [--key file] [--open]\n"
	      "            [--print-config]\n"
	      "       skua status [--json | --log] [-p prefix] [-c filename]\n"
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
	      "  -p, --port N            : the port (0: any that is free; default: 8080, or the\n"
	      "                            next one that is free)\n"
	      "  -a, --address ADDR      : the address, or all (default: 127.0.0.1)\n"
	      "  -w, --workers N         : how many workers (default: one for each CPU)\n"
	      "  -q, --quiet             : no line for each request\n"
	      "  --spa                   : a single-page app: pages that are not there are\n"
	      "                            answered with index.html; other files are 404\n"
	      "  --404 FILE              : the page for what is not there\n"
	      "  --cors                  : scripts of all sites may read the files\n"
	      "  --cache TIME            : browsers keep files for that long, as in 1h; pages are\n"
	      "                            asked for each time\n"
	      "  --header 'NAME: VALUE'  : one more field of each response; may repeat\n"
	      "  --password USER[:PASS]  : ask for this name and password (without PASS it is\n"
	      "                            read from the terminal)\n"
	      "  --tls                   : https, with a certificate that is made on the spot\n"
	      "  --cert FILE, --key FILE : https, with this certificate and its key, in PEM\n"
	      "                            (--key may be left out if FILE holds both)\n"
	      "  --open                  : open a browser\n"
	      "  --print-config          : print all this as a configuration file, and exit\n",
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

enum serve_word {
	SERVE_UNKNOWN,
	SERVE_HELP = 'h',
	SERVE_PORT = 'p',
	SERVE_WORKERS = 'w',
	SERVE_ROOTDIR = 'r',
	SERVE_ADDRESS = 'a',
	SERVE_QUIET = 'q',
	SERVE_SPA = 0x80, /* those below have no letter */
	SERVE_NOT_FOUND,
	SERVE_CORS,
	SERVE_CACHE,
	SERVE_PASSWORD,
	SERVE_OPEN,
	SERVE_HEADER,
	SERVE_PRINT_CONFIG,
	SERVE_TLS,
	SERVE_CERT,
	SERVE_KEY,
};

/* "-p9000", "-p 9000", "--port=9000", "--port 9000". */
static enum serve_word serve_word(const char *word)
{
	static const struct {
		const char *name;
		enum serve_word word;
	} names[] = {
		{ "--help", SERVE_HELP },	  { "--port", SERVE_PORT },
		{ "--workers", SERVE_WORKERS },	  { "--rootdir", SERVE_ROOTDIR },
		{ "--address", SERVE_ADDRESS },	  { "--quiet", SERVE_QUIET },
		{ "--spa", SERVE_SPA },		  { "--404", SERVE_NOT_FOUND },
		{ "--cors", SERVE_CORS },	  { "--cache", SERVE_CACHE },
		{ "--password", SERVE_PASSWORD }, { "--open", SERVE_OPEN },
		{ "--header", SERVE_HEADER },	  { "--print-config", SERVE_PRINT_CONFIG },
		{ "--tls", SERVE_TLS },		  { "--cert", SERVE_CERT },
		{ "--key", SERVE_KEY },
	};

	if (word[0] == '-' && word[1] != '-' && word[1] && strchr("hpwraq", word[1]))
		return (enum serve_word)word[1];
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		size_t len = strlen(names[i].name);
		if (strncmp(word, names[i].name, len) == 0 && (!word[len] || word[len] == '='))
			return names[i].word;
	}
	return SERVE_UNKNOWN;
}

static int add_header(struct serve_options *serve, const char *header)
{
	for (int i = 0; i < SERVE_HEADERS - 1; i++)
		if (!serve->headers[i]) {
			serve->headers[i] = header;
			return 0;
		}
	return complain("serve: more than %d --header", SERVE_HEADERS - 1);
}

/* The options without a value. NULL: this one has a value. */
static bool *serve_switch(struct serve_options *serve, enum serve_word word)
{
	return word == SERVE_QUIET	  ? &serve->quiet :
	       word == SERVE_SPA	  ? &serve->spa :
	       word == SERVE_CORS	  ? &serve->cors :
	       word == SERVE_OPEN	  ? &serve->open :
	       word == SERVE_PRINT_CONFIG ? &serve->print_config :
	       word == SERVE_TLS	  ? &serve->tls :
					    NULL;
}

static int serve_value(struct options *options, enum serve_word word, const char *value)
{
	struct serve_options *serve = &options->serve;

	switch (word) {
	case SERVE_PORT:
		return number(value, "--port", 65535, &serve->port);
	case SERVE_WORKERS:
		return number(value, "--workers", 512, &serve->workers);
	case SERVE_HEADER:
		return add_header(serve, value);
	case SERVE_ROOTDIR:
		options->argument = value;
		return 0;
	case SERVE_NOT_FOUND:
		serve->not_found = value;
		return 0;
	case SERVE_CACHE:
		serve->cache = value;
		return 0;
	case SERVE_PASSWORD:
		serve->password = value;
		return 0;
	case SERVE_CERT:
		serve->cert = value;
		return 0;
	case SERVE_KEY:
		serve->key = value;
		return 0;
	default:
		serve->address = value;
		return 0;
	}
}

static int serve_option(struct options *options, const char *text, struct arguments *args)
{
	enum serve_word word = serve_word(text);
	bool *is_on = serve_switch(&options->serve, word);
	bool is_long = text[1] == '-';
	const char *equals = strchr(text, '='), *value;

	if (word == SERVE_UNKNOWN)
		return complain("serve: invalid option: \"%s\"", text);
	if (word == SERVE_HELP) {
		options->command = COMMAND_USAGE;
		return 0;
	}
	if (is_on) {
		*is_on = true;
		return text[is_long ? 0 : 2] && (!is_long || equals) ?
			       complain("serve: option \"%s\" has no value", text) :
			       0;
	}
	if (is_long)
		value = equals ? equals + 1 : value_of("", args);
	else
		value = value_of(text + 2, args);
	if (!value)
		return complain("serve: option \"%s\" requires a value", text);
	return serve_value(options, word, value);
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

/* status takes the options that say which server is meant, and what is asked for. */
static int read_status(struct options *options, struct arguments *args)
{
	while (*args->next) {
		const char *word = *args->next++;

		if (strcmp(word, "--log") == 0)
			options->log = true;
		else if (read_word(options, word, args) < 0)
			return -EINVAL;
	}
	if (options->log && options->json)
		return complain("status: --log and --json exclude each other; \"error_log "
				"memory:SIZE LEVEL json;\" keeps lines of JSON");
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

	*options = (struct options){ .command = COMMAND_RUN, .serve.port = -1 };
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
