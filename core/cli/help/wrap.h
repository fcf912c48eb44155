/* SPDX-License-Identifier: BSD-2-Clause */
/* Writes words, and breaks lines between them before column 80. */
#ifndef SKUA_CLI_HELP_WRAP_H
#define SKUA_CLI_HELP_WRAP_H

#include <stdbool.h>
#include <stdio.h>
#include <str.h>

struct wrap {
	FILE *to;
	unsigned indent; /* of the lines after the first */
	unsigned column; /* where the next byte goes */
	bool separate; /* a space belongs before the next word */
};

/* Writes one word, which may contain blanks, after a space or at the beginning of a new line. */
void wrap_word(struct wrap *wrap, struct str word);

/* Writes the words of a text, which blanks separate. */
void wrap_text(struct wrap *wrap, struct str text);

/* Begins a new line. */
void wrap_line(struct wrap *wrap);

#endif
