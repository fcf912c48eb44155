/* SPDX-License-Identifier: BSD-2-Clause */
/* Conditions of `if`: ($name), ($name = text), ($name ~* regex), (-f path) and their negations. */
#ifndef REWRITE_CONDITION_H
#define REWRITE_CONDITION_H

#include "steps.h"

/*
 * Parses the words of the call's directive. Returns 0 and sets *out, or -EINVAL after the error was
 * reported.
 */
int condition_parse(struct conf_call *call, const struct condition **out);

/*
 * Evaluates the condition for the request. If an expression matches, $1 … are its captures
 * afterwards, also if the condition is negated. After MATCH_FAILED the caller must answer the
 * request with 500. If run->waits is true afterwards, the result is not known yet: the handler must
 * return WAIT, and evaluate the condition again when it is called again.
 */
enum match condition_holds(struct run *run, const struct condition *condition);

/* Whether this is a test of a file, which may wait. */
bool condition_tests_file(const struct condition *condition);

#endif
