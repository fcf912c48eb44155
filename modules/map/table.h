/* SPDX-License-Identifier: BSD-2-Clause */
/* A table from texts to values, of a size that is known before. */
#ifndef SKUA_MAP_TABLE_H
#define SKUA_MAP_TABLE_H

#include <module.h>

/* A literal text, or a template if len is VALUE_IS_TEMPLATE. */
struct map_value {
	const void *data;
	uint32_t len;
};

#define VALUE_IS_TEMPLATE UINT32_MAX

struct map_entry {
	const char *key; /* NULL: this place is free */
	uint32_t key_len;
	uint32_t value_len;
	const void *value;
};

/* Zeroed memory is an empty table without room. */
struct map_table {
	struct map_entry *entries;
	uint32_t capacity;
	uint32_t longest; /* the length of the longest key */
};

/* Makes room for so many keys; called once. */
void map_table_init(struct map_table *table, struct pool *pool, size_t count);

/* Borrows the key and what the value points to. False: the table has that key already. */
bool map_table_add(struct map_table *table, struct str key, struct map_value value);

/* False: there is no such key. */
bool map_table_find(const struct map_table *table, struct str key, struct map_value *out);

#endif
