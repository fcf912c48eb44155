/* SPDX-License-Identifier: BSD-2-Clause */
/* What h1.c asks of h1_answer.c. */
#ifndef SKUA_HTTP_H1_ANSWER_H
#define SKUA_HTTP_H1_ANSWER_H

#include "http/h1.h"

/*
 * Moves one slice of at most max bytes of the current answer's body to the
 * output, which must have room for three. False: nothing can be had now, or
 * ex->broken was set.
 */
bool h1_pull(struct exchange *ex, size_t max);

/* Logs and ends the requests whose answers have left entirely. */
void h1_finish_sent(struct exchange *ex);

/* Logs and ends all requests; those without an answer with this status (499, 408). */
void h1_abandon(struct exchange *ex, int status);

#endif
