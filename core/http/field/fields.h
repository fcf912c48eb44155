/* SPDX-License-Identifier: BSD-2-Clause */
/* Lists of field lines, asked by the names that variables have. */
#ifndef SKUA_HTTP_FIELD_FIELDS_H
#define SKUA_HTTP_FIELD_FIELDS_H

#include <pool.h>
#include <response.h>

/* Whether the name of a variable is that of a field: "user_agent" is the field User-Agent. */
bool field_is_named(struct str field, struct str variable);

/*
 * The values of all fields of that name, which is a variable's, in
 * their order, with a comma between (a semicolon between cookies). False: there is
 * none.
 */
bool fields_text(struct pool *pool, const struct header *headers, struct str name,
		 struct str *out);

#endif
