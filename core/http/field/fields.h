/* SPDX-License-Identifier: BSD-2-Clause */
/* Names of fields, and lists of field lines, asked by the names that variables have. */
#ifndef SKUA_HTTP_FIELD_FIELDS_H
#define SKUA_HTTP_FIELD_FIELDS_H

#include <bytes16.h>
#include <pool.h>
#include <response.h>

/* All but letters, digits and hyphens, of which nearly all names of fields consist. */
static inline bytes16 are_unusual_in_names(bytes16 bytes)
{
	return ~(bytes16)(((bytes | 0x20) - 'a' <= 'z' - 'a') | (bytes - '0' <= '9' - '0') |
			(bytes == '-'));
}

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
