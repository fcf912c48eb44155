/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Conversions between charsets, as charset_map describes them:
 *
 *     charset_map koi8-r utf-8 {
 *         C0 D18E;     # a byte of koi8-r, the bytes of that character in utf-8
 *     }
 *
 * Each map defines two conversions, one in each direction.
 */
#ifndef CHARSET_CONVERSION_H
#define CHARSET_CONVERSION_H

#include <module.h>

struct conversion;
struct conversions;

/* The setter of charset_map. */
directive_set conversion_set;

/*
 * Returns all conversions of a configuration. They are complete after the configuration was read.
 */
const struct conversions *conversions_of(struct conf *conf);

/* Finds the conversion between two charsets by their names, ignoring case. NULL: there is none. */
const struct conversion *conversion_find(const struct conversions *all, struct str from,
					 struct str to);

/* Whether the result is as long as the text. */
bool conversion_keeps_length(const struct conversion *conversion);

/*
 * The bytes of an incomplete UTF-8 character at the end of a piece of text. Zeroed at the
 * beginning.
 */
struct conversion_state {
	char bytes[4];
	size_t len;
};

/*
 * The most bytes of the result for each byte of a text: one byte may become a character in UTF-8
 * with four bytes, and a character of two bytes may become "&#2047;" with seven bytes.
 */
enum { CONVERSION_GROWS = 4 };

/*
 * Converts a piece of text, and writes the result to `to`, which has room for CONVERSION_GROWS
 * times the bytes of the piece and of the state. Returns the end of the result. As in nginx, a
 * character that the target charset does not have becomes "?", or, from UTF-8, a numeric reference
 * of HTML ("&#1103;").
 */
char *conversion_run(const struct conversion *conversion, struct conversion_state *state,
		     struct str piece, char *to);

/*
 * Call this at the end of the text. An incomplete character in the state becomes "?". Returns the
 * end of the result.
 */
char *conversion_end(struct conversion_state *state, char *to);

#endif
