/* SPDX-License-Identifier: BSD-2-Clause */
/* Regular expressions: PCRE2, compiled while the configuration is read, with JIT and limits. */
#ifndef SKUA_PATTERN_H
#define SKUA_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

#include <str.h>

struct conf_call;
struct conf_word;
struct pattern;
struct pool;
struct request;

/*
 * Compiles the expression in a word from its `skip`th byte on. Named groups
 * become variables. NULL after reporting the error at the word.
 */
const struct pattern *pattern_compile(struct conf_call *call, const struct conf_word *word,
				      size_t skip, bool nocase);

/*
 * The result of a match. Callers compare it with MATCH_YES or MATCH_NO. No value is 0, so that
 * a caller that tests for zero does not take MATCH_FAILED for "no".
 */
enum match {
	MATCH_NO = 1,
	MATCH_YES,
	/*
	 * Unknown, and the error log says why: the expression needed too many steps, or begins
	 * with (*UTF) and was given a text that is not UTF-8.
	 */
	MATCH_FAILED,
};

/*
 * After MATCH_YES, $1 … and the named captures of the request are those of this
 * match. The subject must live as long as the request. req NULL: nothing is captured.
 *
 * After MATCH_FAILED the caller must not go on as if the expression did not match:
 * what the expression forbids would be allowed then. The caller refuses the request
 * with 500. Where a handler does not (perhaps because the match was made by a
 * variable that the handler asked for), the walk through the phases does: it takes no
 * other verdict of that handler than WAIT and CLOSE.
 */
enum match pattern_match(struct request *req, const struct pattern *pattern, struct str subject)
	__attribute__((warn_unused_result));

/*
 * As pattern_match(), but captures nothing: $1 … stay what they are. req may be NULL; nobody is
 * refused then.
 */
enum match pattern_test(struct request *req, const struct pattern *pattern, struct str subject)
	__attribute__((warn_unused_result));

/* What pattern_match_text() has captured: parts of the subject. */
struct text_match {
	struct str groups[10]; /* $0 … $9; data NULL: the group took no part */
	size_t groups_count;
	struct text_match_name {
		struct str name, text;
	} * names; /* the named groups */
	size_t names_count;
};

/*
 * Matches a text against an expression that is known only now, such as one in a document. The
 * expression is compiled for this match alone, and may be at most 8 KiB long; the match has a
 * tenth of the steps that pattern_match() has. *out is set by MATCH_YES, with its names in the
 * pool. It does not become $1 … of the request.
 *
 * MATCH_FAILED: the expression is not valid or too long, or the match was given up; the error log
 * says why, and the caller says what becomes of it.
 */
enum match pattern_match_text(struct request *req, struct pool *pool, struct str expression,
			      struct str subject, struct text_match *out)
	__attribute__((warn_unused_result));

/* Forgets what $1 … are, as nginx does when an expression of rewrite or if does not match. */
void pattern_forget(struct request *req);

#endif
