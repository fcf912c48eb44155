/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Finds commands in a document that comes in pieces:
 *
 *     <!--# name parameter="value" parameter='value' -->
 *
 * A command may begin in one piece and end in another one. What it looks like is decided byte by
 * byte as nginx does it, also where a command is malformed.
 */
#ifndef SSI_SCAN_H
#define SSI_SCAN_H

#include <module.h>

enum {
	WORD_MAX = 32, /* bytes of the name of a command or a parameter */
	PARAMETERS_MAX = 16,
};

struct parameter {
	struct str name, value; /* the value with its backslashes */
};

/* Valid until the next call of scan(). */
struct command {
	struct str name;
	struct parameter
		parameters[PARAMETERS_MAX + 1]; /* one more shows that there are too many */
	size_t count;
};

enum scanned {
	SCAN_TEXT, /* a part of the document that stays as it is */
	SCAN_COMMAND,
	SCAN_MALFORMED, /* a command that is not one: `problem` says why */
	SCAN_END, /* of the input */
};

enum scan_state {
	SCAN_IN_TEXT,
	SCAN_BEFORE_NAME,
	SCAN_IN_NAME,
	SCAN_BEFORE_PARAMETER,
	SCAN_IN_PARAMETER,
	SCAN_BEFORE_EQUALS,
	SCAN_BEFORE_VALUE,
	SCAN_IN_VALUE,
	SCAN_BEHIND_BACKSLASH,
	SCAN_BEHIND_VALUE,
	SCAN_IN_END, /* "-" was read */
	SCAN_AT_END, /* "--" was read */
	SCAN_WRONG, /* as the three before, for a command that is malformed */
	SCAN_WRONG_IN_END,
	SCAN_WRONG_AT_END,
};

/* Zeroed memory with `value_max` set is one at the beginning of a document. */
struct scan {
	size_t value_max; /* bytes of the value of a parameter */
	enum scan_state state;
	size_t held; /* bytes of "<!--#" at the end of the last piece; they belong to no text yet */
	char quote; /* of the value */
	const char *problem;

	char *bytes; /* on the heap: names and values of the command, one behind the other */
	size_t len, capacity;
	size_t name_len;
	struct {
		size_t name_len, value_len;
	} parts[PARAMETERS_MAX + 1];
	size_t count;
	struct command command;
};

/* Takes the next thing off the front of *input. *text is valid as long as the input. */
enum scanned scan(struct scan *scan, struct str *input, struct str *text);

/* At the end of the document: the text that was held, perhaps none; a command is dropped. */
struct str scan_rest(struct scan *scan);

void scan_finish(struct scan *scan);

#endif
