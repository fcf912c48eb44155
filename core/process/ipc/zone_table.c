/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tables of records in zones. Its memory is a head, an array of chains, and an array of
 * records; all that points is an index, since each process has the zone at an address of its
 * own. Index 0 means none, so the records are counted from 1.
 *
 *     head | chain chain chain … | link bytes, link bytes, link bytes …
 *
 * Each record is in one chain, by its digest, and in the list of all by their last use.
 */
#include "process/ipc/zone_table.h"

#include <hash.h>
#include <stdint.h>
#include <string.h>
#include <sys/random.h>

enum { LEAST_RECORDS = 8 };

struct head {
	uint64_t keys[4]; /* of two hashes: a digest of 128 bits */
	uint64_t record_size;
	uint32_t room; /* records; there are as many chains */
	uint32_t used;
	uint32_t newest, oldest;
} __attribute__((aligned(16))); /* so that the records are, too */

struct link {
	uint64_t digest[2];
	uint32_t chain; /* the next record in the chain */
	uint32_t newer, older;
} __attribute__((aligned(16)));

static size_t stride_of(size_t record_size)
{
	return sizeof(struct link) + (record_size + 15) / 16 * 16;
}

static size_t room_for(size_t size, size_t record_size)
{
	size_t each = stride_of(record_size) + sizeof(uint32_t);

	return size > sizeof(struct head) + 16 ? (size - sizeof(struct head) - 16) / each : 0;
}

static uint32_t *chains_of(struct head *head)
{
	return (uint32_t *)(head + 1);
}

static struct link *link_at(struct head *head, uint32_t index)
{
	size_t chains = (head->room * sizeof(uint32_t) + 15) / 16 * 16;
	char *records = (char *)(head + 1) + chains;

	return (struct link *)(records + (index - 1) * stride_of(head->record_size));
}

/* --- the list by last use ------------------------------------------------------ */

static void take_out(struct head *head, struct link *link)
{
	if (link->newer)
		link_at(head, link->newer)->older = link->older;
	else
		head->newest = link->older;
	if (link->older)
		link_at(head, link->older)->newer = link->newer;
	else
		head->oldest = link->newer;
}

static void put_first(struct head *head, uint32_t index)
{
	struct link *link = link_at(head, index);

	link->newer = 0;
	link->older = head->newest;
	if (head->newest)
		link_at(head, head->newest)->newer = index;
	else
		head->oldest = index;
	head->newest = index;
}

/* --- the chains ---------------------------------------------------------------- */

static uint32_t *chain_of(struct head *head, const uint64_t digest[2])
{
	return &chains_of(head)[digest[0] % head->room];
}

static uint32_t find(struct head *head, const uint64_t digest[2])
{
	uint32_t index = *chain_of(head, digest);

	while (index) {
		const struct link *link = link_at(head, index);

		if (link->digest[0] == digest[0] && link->digest[1] == digest[1])
			break;
		index = link->chain;
	}
	return index;
}

/* A record that nobody uses yet, otherwise the one that was used longest ago. */
static uint32_t make_room(struct head *head)
{
	uint32_t index = head->oldest;

	if (head->used < head->room)
		return ++head->used;

	struct link *link = link_at(head, index);
	uint32_t *at = chain_of(head, link->digest);

	while (*at != index)
		at = &link_at(head, *at)->chain;
	*at = link->chain;
	take_out(head, link);
	return index;
}

static uint32_t add(struct head *head, const uint64_t digest[2])
{
	uint32_t index = make_room(head), *chain = chain_of(head, digest);
	struct link *link = link_at(head, index);

	memset(link, 0, stride_of(head->record_size));
	link->digest[0] = digest[0];
	link->digest[1] = digest[1];
	link->chain = *chain;
	*chain = index;
	return index;
}

/* --- in a zone ----------------------------------------------------------------- */

bool zone_table_fits(size_t size, size_t record_size)
{
	return room_for(size, record_size) >= LEAST_RECORDS;
}

void zone_table_init(void *memory, size_t size, size_t record_size)
{
	struct head *head = memory;
	size_t room = room_for(size, record_size);

	*head = (struct head){
		.record_size = record_size,
		.room = room < UINT32_MAX ? (uint32_t)room : UINT32_MAX - 1,
	};
	while (getrandom(head->keys, sizeof(head->keys), 0) != sizeof(head->keys))
		;
	for (int i = 0; i < 4; i++)
		head->keys[i] |= 1;
}

bool zone_table_is(const void *memory, size_t size, size_t record_size)
{
	const struct head *head = memory;

	return head->record_size == record_size && head->room == room_for(size, record_size);
}

void *zone_table_record(void *memory, struct str key, bool *is_new)
{
	struct head *head = memory;
	uint64_t digest[2] = { hash_keyed(key, head->keys), hash_keyed(key, head->keys + 2) };
	uint32_t index = find(head, digest);

	if (is_new)
		*is_new = index == 0;
	if (index)
		take_out(head, link_at(head, index));
	else
		index = add(head, digest);
	put_first(head, index);
	return link_at(head, index) + 1;
}

void zone_table_count(const void *memory, size_t *used, size_t *room)
{
	const struct head *head = memory;

	*used = head->used;
	*room = head->room;
}
