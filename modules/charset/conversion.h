/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Conversions between charsets, as charset_map describes them:
 *
 *     charset_map koi8-r utf-8 {
 *         C0 D18E;     # a byte of koi8-r, the bytes of that character in utf-8
 *     }
 *
 * A map is a conversion in each direction.
 */
#ifndef CHARSET_CONVERSION_H
#define CHARSET_CONVERSION_H

#include <module.h>

struct conversion;
struct conversions;

/* The setter of charset_map. */
directive_set conversion_set;

/* All of a configuration; complete when all of it was read. */
const struct conversions *conversions_of(struct conf *conf);

/* From one charset to another, by their names (compared without case); NULL: there is none. */
const struct conversion *conversion_find(const struct conversions *all, struct str from,
					 struct str to);

/* Whether the result is as long as the text. */
bool conversion_keeps_length(const struct conversion *conversion);

/* What is left of a UTF-8 character at the end of a piece of text. Zeroed at the beginning. */
struct conversion_state {
	char bytes[4];
	size_t len;
};

/*
 * For each byte of a text, at most so many in the result: a character in UTF-8, or "&#2047;",
 * which has seven, for one of two bytes.
 */
enum { CONVERSION_GROWS = 4 };

/*
 * Converts a piece of text, and writes the result to `to`, which has CONVERSION_GROWS times
 * the room of the piece and of the state. Returns the new end. What has no counterpart becomes
 * "?", or from UTF-8 a numeric reference of HTML ("&#1103;"), as in nginx.
 */
char *conversion_run(const struct conversion *conversion, struct conversion_state *state,
		     struct str piece, char *to);

/* The end of the text: what is left in the state is no character. */
char *conversion_end(struct conversion_state *state, char *to);

#endif
