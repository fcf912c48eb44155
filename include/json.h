/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Text as the inside of a JSON string (RFC 8259 section 7), without its quotes. Quotes,
 * backslashes and control characters are escaped. JSON is UTF-8 (section 8.1): a byte that
 * is none becomes the four letters \xNN, so that what was there can still be seen.
 */
#ifndef SKUA_JSON_H
#define SKUA_JSON_H

#include <pool.h>
#include <str.h>

struct text;

/* Adds it to the text. */
void text_add_json(struct text *text, struct str s);

/* The result is in the pool, or s itself if there was nothing to escape. */
struct str json_escape(struct pool *pool, struct str s);

/*
 * Puts it to `to`, not beyond `limit`, and returns the new end; NULL when there is too
 * little room, and then some of it may have been written.
 */
char *json_put(char *to, const char *limit, struct str s);

#endif
