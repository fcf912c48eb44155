/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hashing of strings, and a table from names to pointers that lives in a pool.
 * The function is keyed at the start of the process, so that nobody outside can
 * choose names that collide.
 */
#ifndef SKUA_HASH_H
#define SKUA_HASH_H

#include <stddef.h>
#include <stdint.h>

#include <pool.h>
#include <str.h>

/* The value differs after each start of the server, so it must not be stored or shown. */
uint64_t hash_str(struct str s);

/*
 * The same without a secret key, for values that others may see. It is the same in each
 * process. Clients can choose texts that have equal values.
 */
uint64_t hash_public(struct str s);

/* The same with a key that the caller has chosen. Both words of it must be odd. */
uint64_t hash_keyed(struct str s, const uint64_t key[2]);

struct hash_entry {
	struct str name;
	void *value; /* NULL: this place in the table is free */
	uint64_t hash;
	struct hash_entry *next; /* the entry that was put next into the table, or NULL */
};

/*
 * A table that only grows. Zeroed memory with `pool` set is an empty table. Upper
 * and lower case differ. To visit all entries, in the order in which their names were
 * first put (nothing may be put meanwhile):
 *
 *     for (const struct hash_entry *entry = table->first; entry; entry = entry->next)
 */
struct hash_table {
	struct pool *pool;
	struct hash_entry *entries, *first, *last;
	size_t capacity, count;
};

/* The value under this name, or NULL. */
void *hash_get(const struct hash_table *table, struct str name);

/*
 * Stores a value (not NULL) under the name, which is borrowed: its bytes must live as
 * long as the table. Returns the value that was there before, or NULL.
 */
void *hash_put(struct hash_table *table, struct str name, void *value);

#endif
