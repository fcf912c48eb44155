/* SPDX-License-Identifier: BSD-2-Clause */
/* What json_put() and its kin (json.h) share: which bytes of a JSON string are escaped, and how. */
#ifndef SKUA_BASE_JSON_BYTES_H
#define SKUA_BASE_JSON_BYTES_H

#include <str.h>

/* The longest that a byte becomes: "\u001F". */
enum { JSON_ESCAPE_MAX = 6 };

/* How many bytes at the beginning stand for themselves. */
size_t json_plain_len(struct str s);

/* Writes the escape of one that does not, JSON_ESCAPE_MAX bytes at most. The new end. */
char *json_put_escape(char *to, unsigned char c);

#endif
