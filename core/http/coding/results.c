/* SPDX-License-Identifier: BSD-2-Clause */
#include "http/coding/results.h"

#include <hash.h>
#include <pool.h>
#include <stdlib.h>
#include <unistd.h>

enum { SLOTS = 4096 };

static struct {
	struct result *slots[SLOTS];
	struct result *newest, *oldest;
	size_t count, count_max;
	uint64_t bytes, bytes_max;

	/* Where results_at() goes on, because each walk from the oldest one would take longer. */
	const struct result *last;
	size_t last_place;
} results;

static struct result **slot_of(const struct form_key *key)
{
	return &results.slots[hash_str((struct str){ (const char *)key, sizeof(*key) }) % SLOTS];
}

static void unlink_use(struct result *result)
{
	if (results.last == result)
		results.last = NULL;
	*(result->newer ? &result->newer->older : &results.newest) = result->older;
	*(result->older ? &result->older->newer : &results.oldest) = result->newer;
}

static void push_use(struct result *result)
{
	result->newer = NULL;
	result->older = results.newest;
	*(results.newest ? &results.newest->newer : &results.oldest) = result;
	results.newest = result;
}

static void drop(struct result *result)
{
	struct result **link = slot_of(&result->key);

	while (*link != result)
		link = &(*link)->chain;
	*link = result->chain;
	unlink_use(result);
	results.count--;
	results.bytes -= result->length;
	if (result->fd >= 0)
		close(result->fd);
	free(result);
}

static void shrink_to_limits(void)
{
	while (results.oldest &&
	       (results.count > results.count_max || results.bytes > results.bytes_max))
		drop(results.oldest);
}

void results_limit(size_t count, uint64_t bytes)
{
	results.count_max = count;
	results.bytes_max = bytes;
	shrink_to_limits();
}

const struct result *results_find(const struct form_key *key)
{
	struct result *result = *slot_of(key);

	while (result && !form_key_equal(&result->key, key))
		result = result->chain;
	if (result) {
		unlink_use(result);
		push_use(result);
	}
	return result;
}

void results_add(const struct form_key *key, int fd, uint64_t length, int error)
{
	struct result **slot = slot_of(key);
	struct result *result = results_find(key) ? NULL : malloc(sizeof(*result));

	if (!result) {
		if (fd >= 0)
			close(fd);
		return;
	}
	*result = (struct result){
		.key = *key, .fd = fd, .length = length, .error = error, .chain = *slot
	};
	*slot = result;
	push_use(result);
	results.count++;
	results.bytes += length;
	shrink_to_limits();
}

const struct result *results_at(size_t place)
{
	bool goes_on = results.last && place >= results.last_place;
	const struct result *result = goes_on ? results.last : results.oldest;

	for (size_t i = goes_on ? results.last_place : 0; result && i < place; i++)
		result = result->newer;
	results.last = result;
	results.last_place = place;
	return result;
}
