/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The directive rewrite: replaces URIs that match an expression.
 *
 *     rewrite ^/users/(\d+)$ /show?user=$1 last;
 *     rewrite ^/old/(.*)$ /new/$1 permanent;
 */
#ifndef REWRITE_REPLACEMENT_H
#define REWRITE_REPLACEMENT_H

#include "steps.h"

/*
 * Parses the words of the call's directive. Returns 0 and sets *out, or -EINVAL after the error was
 * reported.
 */
int replacement_parse(struct conf_call *call, const struct replacement **out);

verdict take_rewrite(struct run *run, const struct step *step);

#endif
