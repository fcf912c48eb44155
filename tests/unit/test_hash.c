/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of names. */
#include "harness/test.h"

#include <hash.h>

static struct hash_table table;

static void setup(void)
{
	table = (struct hash_table){ .pool = pool_create(0) };
}

static void teardown(void)
{
	pool_destroy(table.pool);
}

static struct str name_of(int number)
{
	return pool_printf(table.pool, "name %d", number);
}

static int numbers[1000];

static void put_all(void)
{
	for (int i = 0; i < 1000; i++)
		ck_assert_ptr_null(hash_put(&table, name_of(i), &numbers[i]));
}

START_TEST(finds_what_was_put)
{
	ck_assert_ptr_null(hash_get(&table, STR("name 0")));
	put_all();
	ck_assert_uint_eq(table.count, 1000);
	for (int i = 0; i < 1000; i++)
		ck_assert_ptr_eq(hash_get(&table, name_of(i)), &numbers[i]);
	ck_assert_ptr_null(hash_get(&table, STR("name 1000")));
	ck_assert_ptr_null(hash_get(&table, STR("NAME 1")));
	ck_assert_ptr_null(hash_get(&table, STR("")));
	ck_assert_ptr_null(hash_put(&table, STR(""), &numbers[0]));
	ck_assert_ptr_eq(hash_get(&table, STR("")), &numbers[0]);
}
END_TEST

START_TEST(replaces_a_value)
{
	put_all();
	ck_assert_ptr_eq(hash_put(&table, STR("name 7"), &numbers[8]), &numbers[7]);
	ck_assert_ptr_eq(hash_get(&table, STR("name 7")), &numbers[8]);
	ck_assert_uint_eq(table.count, 1000);
}
END_TEST

START_TEST(keeps_the_order_of_names)
{
	int i = 0;

	ck_assert_ptr_null(table.first);
	put_all();
	hash_put(&table, name_of(3), &numbers[3]);
	for (const struct hash_entry *entry = table.first; entry; entry = entry->next, i++) {
		ck_assert(str_eq(entry->name, name_of(i)));
		ck_assert_ptr_eq(entry->value, &numbers[i]);
	}
	ck_assert_int_eq(i, 1000);
}
END_TEST

static const struct test_suite suite = { .name = "hash", .setup = setup, .teardown = teardown };

TESTS_IN(&suite, finds_what_was_put, replaces_a_value, keeps_the_order_of_names)
