/* SPDX-License-Identifier: BSD-2-Clause */
/* Base64 (RFC 4648 section 4): bytes as letters of ASCII. The results are in the pool. */
#ifndef SKUA_BASE64_H
#define SKUA_BASE64_H

#include <stdbool.h>

#include <pool.h>
#include <str.h>

/* With padding, without line breaks. */
struct str base64_encode(struct pool *pool, struct str bytes);

/*
 * Padding may be missing, or be of another length than it should, as in nginx; bits
 * that are left over are not looked at. False if anything stands there that is no digit of
 * Base64 (a blank, a line break, a digit of the variant for URLs) or if the last digit
 * alone makes no byte; *bytes is unchanged then. The bytes may be any, NUL too.
 */
bool base64_decode(struct pool *pool, struct str text, struct str *bytes);

#endif
