/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Open addressing with linear probing; at most three quarters of the entries are used. Keys and
 * values are not copied: an entry has 24 bytes and points into the configuration.
 */
#include "table.h"

void map_table_init(struct map_table *table, struct pool *pool, size_t count)
{
	if (count == 0)
		return;
	table->capacity = (uint32_t)(count + count / 3 + 1);
	table->entries = pool_array(pool, struct map_entry, table->capacity);
}

/* Returns the entry of the key, or the free entry where the key belongs. */
static struct map_entry *find(const struct map_table *table, struct str key)
{
	/* Scales the upper half of the hash to the capacity, which need not be a power of two. */
	size_t i = (size_t)((hash_str(key) >> 32) * table->capacity >> 32);

	for (;; i = i + 1 < table->capacity ? i + 1 : 0) {
		struct map_entry *entry = &table->entries[i];

		if (!entry->key || str_eq((struct str){ entry->key, entry->key_len }, key))
			return entry;
	}
}

bool map_table_add(struct map_table *table, struct str key, struct map_value value)
{
	struct map_entry *entry = find(table, key);

	if (entry->key)
		return false;
	*entry = (struct map_entry){ key.data, (uint32_t)key.len, value.len, value.data };
	if (key.len > table->longest)
		table->longest = (uint32_t)key.len;
	return true;
}

bool map_table_find(const struct map_table *table, struct str key, struct map_value *out)
{
	if (table->capacity == 0 || key.len > table->longest)
		return false;

	const struct map_entry *entry = find(table, key);

	*out = (struct map_value){ entry->value, entry->value_len };
	return entry->key != NULL;
}
