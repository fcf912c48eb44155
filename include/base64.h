/* SPDX-License-Identifier: BSD-2-Clause */
/* Base64 (RFC 4648 section 4): bytes written as ASCII. Results are in the pool, if there is one. */
#ifndef SKUA_BASE64_H
#define SKUA_BASE64_H

#include <stdbool.h>

#include <pool.h>
#include <str.h>

/* Encodes, with padding and without line breaks. */
struct str base64_encode(struct pool *pool, struct str bytes);

/*
 * Decodes. As in nginx, the padding may be missing or have the wrong length, and bits that are
 * left over behind the last byte are ignored. Returns false and leaves *bytes unchanged if the
 * text contains a character that is no digit of Base64 (a blank, a line break, a digit of the
 * variant for URLs), or if a single digit is left over at its end. The decoded bytes may
 * contain NUL.
 */
bool base64_decode(struct pool *pool, struct str text, struct str *bytes);

/*
 * The same without a pool, for threads, which have none. `to` has room for BASE64_ROOM(text.len)
 * bytes. Returns how many were written, or -EINVAL.
 */
ssize_t base64_decode_to(char *to, struct str text);

#define BASE64_ROOM(digits) ((digits) / 4 * 3 + 3)

#endif
