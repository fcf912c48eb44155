/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which extension is which type.
 */
#ifndef MIME_TYPES_H
#define MIME_TYPES_H

#include <pool.h>
#include <str.h>

struct types;

/* An empty table in the pool. */
struct types *types_create(struct pool *pool);

/*
 * Adds an extension, without dot; case does not count. Both strings are
 * borrowed. Returns the type that it had before (and has no longer), or "".
 */
struct str types_add(struct types *types, struct str extension, struct str type);

/* The type of a file with this URI or name, or "" when its extension is unknown or missing. */
struct str types_find(const struct types *types, struct str uri);

/* The table of conf/mime.types, for configurations that have no types of their own. */
const struct types *types_builtin(void);

#endif
