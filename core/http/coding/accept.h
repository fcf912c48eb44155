/* SPDX-License-Identifier: BSD-2-Clause */
/* Which form of a response a client gets by its Accept-Encoding (RFC 9110 section 12.5.3). */
#ifndef SKUA_HTTP_CODING_ACCEPT_H
#define SKUA_HTTP_CODING_ACCEPT_H

#include <stdbool.h>
#include <stddef.h>

#include <str.h>

/* An encoded form that the server could send. */
struct accept_form {
	struct str coding;
	bool is_ready; /* it is a ready-made file, so it costs no encoding */
	int preference;
	bool is_allowed; /* false: this request must not get this form */
};

/*
 * The weight of a coding in the list: 0 if it is not acceptable. data NULL stands for a request
 * without the field, which accepts no coding here, as in nginx.
 */
unsigned accept_weight(struct str list, struct str coding);

/*
 * The index of the best form, or -1 for the plain form. The form with the greatest weight is the
 * best; among equal weights a form that is ready, then the one with the greatest preference. The
 * plain form, if there is one, wins only if the list names "identity" with a greater weight, or
 * if the client accepts no form at all.
 */
int accept_choose(struct str list, const struct accept_form *forms, size_t count, bool has_plain);

#endif
