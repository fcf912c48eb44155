/* SPDX-License-Identifier: BSD-2-Clause */
/* Tables of records in zones, of odd sizes. */
#include "harness/test.h"

#include <stdlib.h>
#include <string.h>

#include "harness/memory.h"
#include "process/ipc/zone_table.h"

enum { SIZE_MAX_TRIED = 4096 };

static _Alignas(16) char memory[SIZE_MAX_TRIED + 16];

static struct zone_table table;

static char *record(int key, bool *is_new)
{
	return zone_table_record(&table, (struct str){ (char *)&key, sizeof(key) }, is_new);
}

/* Each record is whole, aligned for any type, in the memory, and keeps what is written. */
static void use_table(size_t size, size_t record_size)
{
	size_t used, room;

	memset(memory, 0, size);
	memset(memory + size, 'x', 16);
	table = zone_table_at(memory, size, record_size);
	zone_table_init(&table);
	zone_table_count(&table, &used, &room);
	for (int key = 0; key < (int)room + 3; key++) {
		bool is_new;
		char *bytes = record(key, &is_new);

		ck_assert(is_new);
		ck_assert_uint_eq((uintptr_t)bytes % _Alignof(max_align_t), 0);
		ck_assert_uint_ge((uintptr_t)bytes, (uintptr_t)memory);
		ck_assert_uint_le((uintptr_t)bytes + record_size, (uintptr_t)memory + size);
		memset(bytes, 1 + key % 100, record_size);
	}
	for (int key = (int)room + 2; key > 2; key--) {
		bool is_new;
		const char *bytes = record(key, &is_new);

		ck_assert(!is_new);
		for (size_t i = 0; i < record_size; i++)
			ck_assert_int_eq(bytes[i], 1 + key % 100);
	}
	for (int i = 0; i < 16; i++)
		ck_assert_int_eq(memory[size + i], 'x');
}

START_TEST(of_odd_sizes)
{
	static const size_t records[] = { 1, 7, 8, 15, 16, 17, 100 };

	for (size_t size = 0; size <= SIZE_MAX_TRIED; size += size < 1000 ? 1 : 97)
		for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++)
			if (zone_table_fits(size, records[i]))
				use_table(size, records[i]);
}
END_TEST

static bool is_table(size_t size, size_t record_size)
{
	struct zone_table other = zone_table_at(memory, size, record_size);

	return zone_table_is(&other);
}

/* Another build of the module may have forgotten to name its layout otherwise. */
START_TEST(knows_its_own)
{
	memset(memory, 0, SIZE_MAX_TRIED);
	ck_assert(!is_table(SIZE_MAX_TRIED, 24));
	table = zone_table_at(memory, SIZE_MAX_TRIED, 24);
	zone_table_init(&table);
	ck_assert(is_table(SIZE_MAX_TRIED, 24));
	ck_assert(!is_table(SIZE_MAX_TRIED, 16));
	ck_assert(!is_table(SIZE_MAX_TRIED, 25));
	ck_assert(!is_table(SIZE_MAX_TRIED / 2, 24));
}
END_TEST

/* A process has died in the middle of a change: what it has not touched is there still. */
START_TEST(repaired)
{
	enum { RECORDS = 30 };

	memset(memory, 0, SIZE_MAX_TRIED);
	table = zone_table_at(memory, SIZE_MAX_TRIED, 24);
	zone_table_init(&table);
	for (int key = 0; key < RECORDS; key++)
		memset(record(key, NULL), key, 24);
	zone_table_repair(&table);
	for (int key = 0; key < RECORDS; key++) {
		bool is_new;
		const char *bytes = record(key, &is_new);

		ck_assert(!is_new);
		ck_assert_int_eq(bytes[0], key);
		ck_assert_int_eq(bytes[23], key);
	}
}
END_TEST

/*
 * Whatever another process writes, a record lies in the memory, and a look-up ends. An assertion
 * of a sanitizer, or a byte behind the memory that has changed, would show that it does not.
 */
START_TEST(damaged_on_purpose)
{
	const size_t size = 2048;
	unsigned seed = 1;

	for (int round = 0; round < 3000; round++) {
		memset(memory, 0, size);
		memset(memory + size, 'x', 16);
		table = zone_table_at(memory, size, 24);
		zone_table_init(&table);
		for (int key = 0; key < (int)table.room + 2; key++)
			record(key, NULL);
		for (int i = 0; i < 1 + round % 40; i++) {
			uint32_t most = round % 2 ? 2 * table.room : UINT32_MAX;
			uint32_t value = (uint32_t)rand_r(&seed) % most;
			size_t at = (size_t)rand_r(&seed) % (size - sizeof(value));

			memcpy(memory + at / 4 * 4, &value, sizeof(value));
		}
		for (int key = 0; key < 40; key++) {
			char *bytes = record(key, NULL);
			size_t used, room;

			ck_assert(bytes >= memory && bytes + 24 <= memory + size);
			memset(bytes, 0, 24);
			zone_table_count(&table, &used, &room);
			ck_assert_uint_le(used, room);
		}
		for (int i = 0; i < 16; i++)
			ck_assert_int_eq(memory[size + i], 'x');
	}
}
END_TEST

TESTS("tables in zones", of_odd_sizes, knows_its_own, repaired, damaged_on_purpose)
