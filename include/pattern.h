/* SPDX-License-Identifier: BSD-2-Clause */
/* Regular expressions: PCRE2, compiled while the configuration is read, with JIT and limits. */
#ifndef SKUA_PATTERN_H
#define SKUA_PATTERN_H

#include <stdbool.h>

#include <str.h>

struct conf_call;
struct conf_word;
struct pattern;
struct request;

/*
 * Compiles the expression in a word from its `skip`th byte on. Named groups
 * become variables. NULL after reporting the error at the word.
 */
const struct pattern *pattern_compile(struct conf_call *call, const struct conf_word *word,
				      size_t skip, bool nocase);

/*
 * Matches; then $1 … and named captures of the request are those of this match.
 * The subject must live as long as the request. False also when the match limit
 * was reached (which the error log tells). req NULL: nothing is captured.
 */
bool pattern_match(struct request *req, const struct pattern *pattern, struct str subject);

#endif
