/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A keyed 64 bit multiply-and-fold hash over 8 bytes at a time, and an open
 * addressing table with linear probing. The contracts are in include/hash.h.
 */
#include <hash.h>

#include <string.h>
#include <sys/random.h>

static uint64_t key[2];

static void __attribute__((constructor)) choose_key(void)
{
	if (getrandom(key, sizeof(key), GRND_NONBLOCK) != sizeof(key))
		key[0] ^= (uintptr_t)&key; /* early in the boot only addresses are random */
	key[0] |= 1;
	key[1] |= 1;
}

static uint64_t fold(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t load(const char *data, size_t len)
{
	uint64_t word = 0;

	memcpy(&word, data, len);
	return word;
}

static inline uint64_t hash_with(struct str s, const uint64_t keys[2])
{
	uint64_t state = keys[0] ^ s.len;

	for (; s.len; s = str_skip(s, 8)) {
		uint64_t word = s.len >= 8 ? load(s.data, 8) : load(s.data, s.len);

		state = fold(state ^ word, keys[1] ^ 0x9e3779b97f4a7c15u);
	}
	return fold(state, keys[0] ^ 0xd6e8feb86659fd93u);
}

uint64_t hash_str(struct str s)
{
	return hash_with(s, key);
}

uint64_t hash_public(struct str s)
{
	static const uint64_t known[2] = { 0x243f6a8885a308d3u, 0xb7e151628aed2a6bu };

	return hash_with(s, known);
}

uint64_t hash_keyed(struct str s, const uint64_t words[2])
{
	return hash_with(s, words);
}

static struct hash_entry *find(const struct hash_table *table, struct str name, uint64_t hash)
{
	size_t mask = table->capacity - 1;

	for (size_t i = hash & mask;; i = (i + 1) & mask) {
		struct hash_entry *entry = &table->entries[i];

		if (!entry->value || (entry->hash == hash && str_eq(entry->name, name)))
			return entry;
	}
}

void *hash_get(const struct hash_table *table, struct str name)
{
	return table->capacity ? find(table, name, hash_str(name))->value : NULL;
}

static void add(struct hash_table *table, struct hash_entry *place, struct str name, uint64_t hash,
		void *value)
{
	*place = (struct hash_entry){ .name = name, .value = value, .hash = hash };
	if (table->last)
		table->last->next = place;
	else
		table->first = place;
	table->last = place;
}

void *hash_put(struct hash_table *table, struct str name, void *value)
{
	if (table->count * 4 >= table->capacity * 3) {
		const struct hash_entry *old = table->first;

		table->capacity = table->capacity ? table->capacity * 2 : 16;
		table->entries = pool_array(table->pool, struct hash_entry, table->capacity);
		table->first = table->last = NULL;
		for (; old; old = old->next)
			add(table, find(table, old->name, old->hash), old->name, old->hash,
			    old->value);
	}

	uint64_t hash = hash_str(name);
	struct hash_entry *entry = find(table, name, hash);
	void *before = entry->value;

	if (before) {
		entry->value = value;
		entry->name = name;
		return before;
	}
	add(table, entry, name, hash, value);
	table->count++;
	return NULL;
}
