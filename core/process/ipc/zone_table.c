/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tables of records in zones. Its memory is a head, an array of chains, and an array of
 * records. Records refer to each other by index, because each process maps the zone at another
 * address. Index 0 means none, so the records are counted from 1.
 *
 *     head | chain chain chain … | link bytes, link bytes, link bytes …
 *
 * Each record is in one chain, by its digest, and in the list of all by their last use. An index
 * is read once, and checked before it is used (get()). If an index is invalid or a chain has no
 * end, another process has damaged the table, which is repaired then.
 */
#include "process/ipc/zone_table.h"

#include <hash.h>
#include <log.h>
#include <string.h>
#include <sys/random.h>
#include <timer.h>

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

static struct head *head_of(const struct zone_table *table)
{
	return table->memory;
}

static uint32_t *chains_of(const struct zone_table *table)
{
	return (uint32_t *)(head_of(table) + 1);
}

/* The index must have come from get(). */
static struct link *link_at(const struct zone_table *table, uint32_t index)
{
	size_t chains = (table->room * sizeof(uint32_t) + 15) / 16 * 16;
	char *records = (char *)chains_of(table) + chains;

	return (struct link *)(records + (index - 1) * stride_of(table->record_size));
}

/* Reads an index once, because another process may write it meanwhile. False: it is too large. */
static bool get(const struct zone_table *table, const uint32_t *at, uint32_t *index)
{
	*index = *(const volatile uint32_t *)at;
	return *index <= table->room;
}

static uint32_t used_of(const struct zone_table *table)
{
	uint32_t used;

	return get(table, &head_of(table)->used, &used) ? used : table->room;
}

/* --- the list by last use ------------------------------------------------------ */

/* False: the table is damaged. */
static bool take_out(const struct zone_table *table, uint32_t index)
{
	struct head *head = head_of(table);
	const struct link *link = link_at(table, index);
	uint32_t newer, older;

	if (!get(table, &link->newer, &newer) || !get(table, &link->older, &older))
		return false;
	if (newer)
		link_at(table, newer)->older = older;
	else
		head->newest = older;
	if (older)
		link_at(table, older)->newer = newer;
	else
		head->oldest = newer;
	return true;
}

static bool put_first(const struct zone_table *table, uint32_t index)
{
	struct head *head = head_of(table);
	struct link *link = link_at(table, index);
	uint32_t newest;

	if (!get(table, &head->newest, &newest))
		return false;
	link->newer = 0;
	link->older = newest;
	if (newest)
		link_at(table, newest)->newer = index;
	else
		head->oldest = index;
	head->newest = index;
	return true;
}

/* --- the chains ---------------------------------------------------------------- */

static uint32_t *chain_of(const struct zone_table *table, const uint64_t digest[2])
{
	return &chains_of(table)[digest[0] % table->room];
}

static bool has_digest(const struct link *link, const uint64_t digest[2])
{
	return link->digest[0] == digest[0] && link->digest[1] == digest[1];
}

/* *index is 0 if there is none. False: the table is damaged. */
static bool find(const struct zone_table *table, const uint64_t digest[2], uint32_t *index)
{
	const uint32_t *at = chain_of(table, digest);

	for (uint32_t steps = 0; get(table, at, index) && steps <= table->room; steps++) {
		if (*index == 0 || has_digest(link_at(table, *index), digest))
			return true;
		at = &link_at(table, *index)->chain;
	}
	return false;
}

/* Takes the record that was used longest ago out of its chain and of the list. */
static bool make_room(const struct zone_table *table, uint32_t *index)
{
	uint32_t at_index = 0;

	if (!get(table, &head_of(table)->oldest, index) || *index == 0)
		return false;

	const struct link *link = link_at(table, *index);
	const uint64_t digest[2] = { link->digest[0], link->digest[1] };
	uint32_t *at = chain_of(table, digest);

	for (uint32_t steps = 0; get(table, at, &at_index) && steps <= table->room; steps++) {
		if (at_index == *index) {
			*at = link->chain;
			return take_out(table, *index);
		}
		if (at_index == 0)
			return false;
		at = &link_at(table, at_index)->chain;
	}
	return false;
}

static bool add(const struct zone_table *table, const uint64_t digest[2], uint32_t *index)
{
	uint32_t *chain = chain_of(table, digest), used = used_of(table);

	if (used < table->room)
		*index = used + 1;
	else if (!make_room(table, index))
		return false;

	struct link *link = link_at(table, *index);

	memset(link, 0, stride_of(table->record_size));
	link->digest[0] = digest[0];
	link->digest[1] = digest[1];
	link->chain = *chain;
	*chain = *index;
	/* Counted last: if the process dies before, repair() does not know the record. */
	if (used < table->room)
		head_of(table)->used = *index;
	return true;
}

/* --- in a zone ----------------------------------------------------------------- */

bool zone_table_fits(size_t size, size_t record_size)
{
	return room_for(size, record_size) >= LEAST_RECORDS;
}

struct zone_table zone_table_at(void *memory, size_t size, size_t record_size)
{
	size_t room = room_for(size, record_size);

	return (struct zone_table){
		.memory = memory,
		.record_size = record_size,
		.room = room < UINT32_MAX ? (uint32_t)room : UINT32_MAX - 1,
	};
}

void zone_table_init(const struct zone_table *table)
{
	struct head *head = head_of(table);

	*head = (struct head){ .record_size = table->record_size, .room = table->room };
	while (getrandom(head->keys, sizeof(head->keys), 0) != sizeof(head->keys))
		;
	for (int i = 0; i < 4; i++)
		head->keys[i] |= 1;
}

bool zone_table_is(const struct zone_table *table)
{
	const struct head *head = head_of(table);

	return head->record_size == table->record_size && head->room == table->room;
}

/* Makes chains and list anew of the records. Of two with the same key the second is lost. */
void zone_table_repair(const struct zone_table *table)
{
	struct head *head = head_of(table);
	uint32_t used = used_of(table);

	head->record_size = table->record_size;
	head->room = table->room;
	head->used = used;
	head->newest = head->oldest = 0;
	memset(chains_of(table), 0, table->room * sizeof(uint32_t));
	for (uint32_t index = 1; index <= used; index++) {
		struct link *link = link_at(table, index);
		uint32_t *chain = chain_of(table, link->digest);

		link->chain = *chain;
		*chain = index;
		put_first(table, index);
	}
}

/* 0: the table is damaged. */
static uint32_t look_up(const struct zone_table *table, const uint64_t digest[2], bool *is_new)
{
	uint32_t index;

	if (!find(table, digest, &index))
		return 0;
	*is_new = index == 0;
	if (index ? !take_out(table, index) : !add(table, digest, &index))
		return 0;
	return put_first(table, index) ? index : 0;
}

void *zone_table_record(const struct zone_table *table, struct str key, bool *is_new)
{
	const struct head *head = head_of(table);
	uint64_t digest[2] = { hash_keyed(key, head->keys), hash_keyed(key, head->keys + 2) };
	bool is_new_here;
	uint32_t index = look_up(table, digest, &is_new_here);

	static int64_t said_ms;

	if (!index) {
		if (clock_is_due(&said_ms, SHORTAGE_LOG_MS))
			log_alertx("a process has damaged a table of records that it shares with "
				   "others, so it has a defect or was taken over: the table is "
				   "repaired");
		zone_table_repair(table);
		index = look_up(table, digest, &is_new_here);
	}
	/* It was damaged again during the repair, so by an attacker: use any record. */
	if (!index) {
		index = 1;
		is_new_here = false;
	}
	if (is_new)
		*is_new = is_new_here;
	return link_at(table, index) + 1;
}

void zone_table_count(const struct zone_table *table, size_t *used, size_t *room)
{
	*used = used_of(table);
	*room = table->room;
}
