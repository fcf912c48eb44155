/* SPDX-License-Identifier: BSD-2-Clause */
/* A hash table from texts to values, whose size is known before the first key is added. */
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
	const char *key; /* NULL: this entry is free */
	uint32_t key_len;
	uint32_t value_len;
	const void *value;
};

/* Zeroed memory is an empty table with no room for keys. */
struct map_table {
	struct map_entry *entries;
	uint32_t capacity;
	uint32_t longest; /* the length of the longest key */
};

/* Makes room for `count` keys. Call it once for each table. */
void map_table_init(struct map_table *table, struct pool *pool, size_t count);

/*
 * Adds a key. The bytes of the key and of the value are borrowed. False: the table already has that
 * key.
 */
bool map_table_add(struct map_table *table, struct str key, struct map_value value);

/* Sets *out to the value of the key. False: there is no such key. */
bool map_table_find(const struct map_table *table, struct str key, struct map_value *out);

#endif
