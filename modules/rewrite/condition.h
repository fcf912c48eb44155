/* SPDX-License-Identifier: BSD-2-Clause */
/* Conditions of `if`: ($name), ($name = text), ($name ~* regex), (-f path) and their negations. */
#ifndef REWRITE_CONDITION_H
#define REWRITE_CONDITION_H

#include "steps.h"

/* Parses the words of the call's directive. 0 and *out, or -EINVAL after reporting. */
int condition_parse(struct conf_call *call, const struct condition **out);

/*
 * Whether it holds for the request. An expression that matches leaves its captures, also
 * where it is negated. After MATCH_FAILED the request has to be refused with 500.
 */
enum match condition_holds(struct run *run, const struct condition *condition);

#endif
