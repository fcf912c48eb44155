/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The commands and their options as data. The command line is parsed by these tables (options.c),
 * and the usage, the manual page and the completions of shells are made from them.
 */
#ifndef SKUA_CLI_COMMANDS_H
#define SKUA_CLI_COMMANDS_H

#include <stdbool.h>
#include <stddef.h>

struct options;

/* The exit statuses of all commands. */
enum exit_status {
	STATUS_DONE,
	STATUS_FAILED, /* after a message; also for a command line that is wrong */
	STATUS_NOT_SUPPORTED, /* of -t and -T: nothing is wrong, but something is not supported */
	STATUS_NO_SERVER, /* of -s and status: no server runs with this configuration */
};

/* What the value of an option is: shells complete it. */
enum value_kind {
	VALUE_TEXT,
	VALUE_FILE,
	VALUE_FOLDER,
	VALUE_WORD, /* one of some words */
	VALUE_NAME, /* of a directive, a module or a variable */
};

struct command_option {
	char letter; /* 'c' for "-c"; 0: none */
	const char *name; /* "cache" for "--cache"; NULL: none */
	const char *value; /* what the value is called; NULL: the option has no value */
	enum value_kind kind; /* of the value */
	const char *words; /* of VALUE_WORD, separated by blanks */
	const char *doc; /* what it does: a phrase without a full stop */
	const char *initial; /* the default that this build has, for the usage; NULL: none */

	/* Where in struct options a bool (no value) or a const char * (a value) is set ... */
	size_t at;
	/* ... unless this does it: 0, or -EINVAL after a message. */
	int (*set)(struct options *options, const char *value);
};

/* One outcome of a command. */
struct command_outcome {
	enum exit_status status;
	const char *doc;
};

struct command {
	const char *name; /* the first word; "": the program without such a word */
	const char *argument; /* what words without a dash are called; NULL: none may stand there */
	enum value_kind kind; /* of these words */
	const char *summary;
	const struct command_option *options; /* ended by a zeroed entry */
	const struct command_outcome *outcomes; /* ended by an entry without .doc */
	/* Takes a word without a dash: 0, or -EINVAL after a message. */
	int (*take)(struct options *options, const char *word);
	/* Looks at all options, when they were read: 0, or -EINVAL after a message. Or NULL. */
	int (*check)(struct options *options);
	unsigned runs; /* enum command_run (options.h), unless an option says another one */
};

/* The first one is the program without the name of a command. */
extern const struct command commands[];
extern const size_t commands_count;

/*
 * Prints "skua: " or, for the command of this name, "skua NAME: ", what is wrong, and where to find
 * what there is, on standard error. Returns -EINVAL.
 */
int command_complain(const char *name, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
