/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A set-associative table. The digest of a pair selects a set; a new pair replaces the oldest pair
 * in its set.
 */
#include "verified.h"

#include <sys/random.h>

#include <text.h>
#include <timer.h>

enum { SETS = 256, PLACES = 4, REMEMBERED_MS = 60 * 1000, SETTLED_MS = 2000 };

struct pair {
	struct pair_key key;
	int64_t until_ms; /* clock_ms(); 0: the place is free */
};

static struct pair pairs[SETS][PLACES];

static struct str secret(void)
{
	static unsigned char bytes[SHA1_SIZE];
	static bool is_made;

	while (!is_made)
		is_made = getrandom(bytes, sizeof(bytes), 0) == sizeof(bytes);
	return (struct str){ (char *)bytes, sizeof(bytes) };
}

static void add_text(struct text *text, struct str part)
{
	text_add(text, (struct str){ (char *)&part.len, sizeof(part.len) });
	text_add(text, part);
}

struct pair_key pair_key_of(struct pool *pool, struct str path, const struct stat *status,
			    struct str user, struct str password)
{
	const int64_t state[] = {
		(int64_t)status->st_dev, (int64_t)status->st_ino, status->st_size,
		status->st_mtim.tv_sec, status->st_mtim.tv_nsec,
		status->st_ctim.tv_sec, status->st_ctim.tv_nsec,
	};
	struct text text = { .pool = pool };
	struct pair_key key;

	text_add(&text, (struct str){ (char *)state, sizeof(state) });
	add_text(&text, path);
	add_text(&text, user);
	add_text(&text, password);
	hmac_sha1(secret(), text_str(&text), key.digest);
	explicit_bzero(text.data, text.len);
	return key;
}

static struct pair *set_of(const struct pair_key *key)
{
	return pairs[key->digest[0] % SETS];
}

static bool is_key(const struct pair *pair, const struct pair_key *key)
{
	return memcmp(pair->key.digest, key->digest, sizeof(key->digest)) == 0;
}

bool verified_has(const struct pair_key *key)
{
	const struct pair *set = set_of(key);

	for (int i = 0; i < PLACES; i++)
		if (set[i].until_ms > clock_ms() && is_key(&set[i], key))
			return true;
	return false;
}

void verified_add(const struct pair_key *key, const struct stat *status)
{
	struct pair *set = set_of(key), *place = set;
	int64_t changed_ms = (int64_t)status->st_ctim.tv_sec * 1000;

	if (clock_wall_ms() - changed_ms < SETTLED_MS)
		return;
	for (int i = 0; i < PLACES; i++) {
		if (is_key(&set[i], key)) {
			place = &set[i];
			break;
		}
		if (set[i].until_ms < place->until_ms)
			place = &set[i];
	}
	*place = (struct pair){ *key, clock_ms() + REMEMBERED_MS };
}
