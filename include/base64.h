/* SPDX-License-Identifier: BSD-2-Clause */
/* Base64 (RFC 4648 section 4): bytes written as ASCII. The results are in the pool. */
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

#endif
