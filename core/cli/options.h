/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The command line, which is that of nginx and a few commands more. It is only read here.
 */
#ifndef SKUA_CLI_OPTIONS_H
#define SKUA_CLI_OPTIONS_H

#include <stdbool.h>

struct command;

/* What the program does. */
enum command_run {
	COMMAND_RUN,
	COMMAND_TEST, /* -t */
	COMMAND_DUMP, /* -T */
	COMMAND_SIGNAL, /* -s */
	COMMAND_VERSION, /* -v */
	COMMAND_BUILD, /* -V */
	COMMAND_USAGE, /* -h, -? */
	COMMAND_SERVE, /* serve [DIR] */
	COMMAND_HELP, /* help [NAME] */
	COMMAND_HELP_ALL, /* help --all */
	COMMAND_HELP_NAMES, /* help --names */
	COMMAND_HELP_LISTING, /* help --listing */
	COMMAND_SANDBOX, /* help sandbox -c FILE */
	COMMAND_STATUS, /* status [--json | --openmetrics | --log] */
};

enum { SERVE_HEADERS = 32, HELP_WORDS = 16 };

/* All strings are those of argv; NULL: not given. */
struct serve_options {
	const char *address;
	int port; /* -1: not given */
	int workers; /* 0: auto */
	bool spa, cors, open, quiet, print_config, tls;
	const char *not_found; /* --404 */
	const char *cache, *password;
	const char *cert, *key; /* files; they imply tls */
	const char *headers[SERVE_HEADERS]; /* "NAME: VALUE", until NULL */
};

struct options {
	enum command_run command;
	const struct command *usage; /* of COMMAND_USAGE: what is explained */
	const char *prefix, *conf, *error_log, *globals;
	const char *signal; /* "stop", "quit", "reload", "reopen" or "upgrade" */
	bool quiet;
	bool json; /* of status, help and -t */
	bool openmetrics; /* of status */
	bool log; /* of status: the log in memory instead */

	const char *argument; /* of serve: DIR */
	const char *words[HELP_WORDS]; /* of help, until NULL */
	struct serve_options serve;
};

/*
 * Reads argv by the tables of commands.h. 0, or -EINVAL after a message on standard error, which
 * says what is wrong and how it is written.
 */
int options_read(struct options *options, int argc, char **argv);

#endif
