/* SPDX-License-Identifier: BSD-2-Clause */
/* Tables of records in zones, of odd sizes. */
#include "harness/test.h"

#include <stdlib.h>
#include <string.h>

#include "harness/memory.h"
#include "process/ipc/zone_table.h"

enum { SIZE_MAX_TRIED = 4096 };

static _Alignas(16) char memory[SIZE_MAX_TRIED + 16];

static char *record(int key, bool *is_new)
{
	return zone_table_record(memory, (struct str){ (char *)&key, sizeof(key) }, is_new);
}

/* Each record is whole, aligned for any type, in the memory, and keeps what is written. */
static void use_table(size_t size, size_t record_size)
{
	size_t used, room;

	memset(memory, 0, size);
	memset(memory + size, 'x', 16);
	zone_table_init(memory, size, record_size);
	zone_table_count(memory, &used, &room);
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

/* Another build of the module may have forgotten to name its layout otherwise. */
START_TEST(knows_its_own)
{
	memset(memory, 0, SIZE_MAX_TRIED);
	ck_assert(!zone_table_is(memory, SIZE_MAX_TRIED, 24));
	zone_table_init(memory, SIZE_MAX_TRIED, 24);
	ck_assert(zone_table_is(memory, SIZE_MAX_TRIED, 24));
	ck_assert(!zone_table_is(memory, SIZE_MAX_TRIED, 16));
	ck_assert(!zone_table_is(memory, SIZE_MAX_TRIED, 25));
	ck_assert(!zone_table_is(memory, SIZE_MAX_TRIED / 2, 24));
}
END_TEST

TESTS("tables in zones", of_odd_sizes, knows_its_own)
