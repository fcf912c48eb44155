/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Text as the inside of a JSON string (RFC 8259 section 7), without its quotes. Quotes,
 * backslashes and control characters are escaped. JSON is UTF-8 (section 8.1): a byte that
 * is not part of a valid character becomes the four characters \xNN.
 */
#ifndef SKUA_JSON_H
#define SKUA_JSON_H

#include <pool.h>
#include <str.h>

struct text;

/* Appends s to the text, escaped. */
void text_add_json(struct text *text, struct str s);

/* Escapes s. The result is in the pool, or s itself if there was nothing to escape. */
struct str json_escape(struct pool *pool, struct str s);

/*
 * Writes s, escaped, to `to`, not beyond `limit`. Returns the new end, or NULL if there is too
 * little room; then a part may have been written.
 */
char *json_put(char *to, const char *limit, struct str s);

#endif
