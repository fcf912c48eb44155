/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A table from extensions to types: open addressing, linear probing, at most
 * half full.
 */
#include "types.h"

struct slot {
	struct str extension, type; /* extension.len 0: free */
};

struct types {
	struct pool *pool;
	struct slot *slots;
	size_t capacity, count; /* capacity is a power of two */
};

struct types *types_create(struct pool *pool)
{
	struct types *types = pool_new(pool, struct types);

	types->pool = pool;
	types->capacity = 64;
	types->slots = pool_array(pool, struct slot, types->capacity);
	return types;
}

/* The slot of the extension, or the free one where it would stand. */
static struct slot *find(const struct types *types, struct str extension)
{
	size_t mask = types->capacity - 1;
	size_t hash =
		2166136261u; /* FNV-1a: extensions are short, and come from the configuration */

	for (size_t i = 0; i < extension.len; i++)
		hash = (hash ^ (unsigned char)ascii_lower(extension.data[i])) * 16777619u;

	size_t i = hash & mask;

	while (types->slots[i].extension.len &&
	       !str_eq_nocase(types->slots[i].extension, extension))
		i = (i + 1) & mask;
	return &types->slots[i];
}

static void grow(struct types *types)
{
	struct slot *old = types->slots;
	size_t capacity = types->capacity;

	types->capacity *= 2;
	types->slots = pool_array(types->pool, struct slot, types->capacity);
	for (size_t i = 0; i < capacity; i++)
		if (old[i].extension.len)
			*find(types, old[i].extension) = old[i];
}

struct str types_add(struct types *types, struct str extension, struct str type)
{
	if (str_empty(extension))
		return STR("");
	if (types->count * 2 >= types->capacity)
		grow(types);
	struct slot *slot = find(types, extension);
	struct str before = slot->type;

	types->count += str_empty(slot->extension);
	*slot = (struct slot){ extension, type };
	return before;
}

/* A dot at the front of a name begins no extension (".profile"), as in nginx. */
static struct str extension_of(struct str uri)
{
	for (size_t i = uri.len; i > 1; i--) {
		if (uri.data[i - 1] == '/')
			break;
		if (uri.data[i - 1] == '.')
			return uri.data[i - 2] == '/' ? STR("") : str_skip(uri, i);
	}
	return STR("");
}

struct str types_find(const struct types *types, struct str uri)
{
	struct str extension = extension_of(uri);

	return str_empty(extension) ? extension : find(types, extension)->type;
}
