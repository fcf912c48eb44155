/* SPDX-License-Identifier: BSD-2-Clause */
/* Text that grows in a pool. */
#include "harness/test.h"

#include <text.h>

static struct text text;

static void setup(void)
{
	text = (struct text){ .pool = pool_create(0) };
}

static void teardown(void)
{
	pool_destroy(text.pool);
}

static void has(const char *want)
{
	struct str got = text_str(&text);

	ck_assert_uint_lt(text.len, text.capacity);
	ck_assert_uint_eq(got.len, strlen(want));
	ck_assert_str_eq(got.data, want); /* which looks at the NUL, too */
}

START_TEST(adds)
{
	has("");
	text_add(&text, (struct str){ NULL, 0 });
	has("");
	text_add(&text, STR("one"));
	text_add_char(&text, ',');
	text_printf(&text, "%s=%d", "two", 2);
	text_printf(&text, "%s", "");
	has("one,two=2");
	text.len -= 2;
	has("one,two");
}
END_TEST

START_TEST(begins_by_printing)
{
	text_printf(&text, "%03d", 7);
	has("007");
}
END_TEST

START_TEST(starts_each_way_with_more_than_there_is_room_for)
{
	char long_text[1001];

	memset(long_text, 'a', 1000);
	long_text[1000] = '\0';
	text_printf(&text, "%s", long_text);
	has(long_text);
	text = (struct text){ .pool = text.pool };
	text_add(&text, str_from(long_text));
	has(long_text);
}
END_TEST

/* At each length something ends just where the room does. */
START_TEST(grows_at_every_length)
{
	size_t len = 0;

	for (int i = 0; i < 1500; i++) {
		text_printf(&text, "%c", 'a' + i % 26);
		text_add_char(&text, '.');
		text_add(&text, STR("xyz"));
		ck_assert_uint_eq(text.len, len += 5);
	}
	struct str got = text_str(&text);
	for (int i = 0; i < 1500; i++, got = str_skip(got, 5)) {
		char want[] = { (char)('a' + i % 26), '.', 'x', 'y', 'z' };

		ck_assert_mem_eq(got.data, want, sizeof(want));
	}
}
END_TEST

START_TEST(gives_room_to_write_to)
{
	for (int i = 0; i < 100; i++) {
		memset(text_room(&text, 50), 'b', 50);
		text.len += 3;
	}
	struct str got = text_str(&text);

	ck_assert_uint_eq(got.len, 300);
	ck_assert_int_eq(str_chr(got, 'b'), 0);
	ck_assert_uint_eq(str_trim(got, "b").len, 0);
}
END_TEST

static const struct test_suite suite = { .name = "text", .setup = setup, .teardown = teardown };

TESTS_IN(&suite, adds, begins_by_printing, starts_each_way_with_more_than_there_is_room_for,
	 grows_at_every_length, gives_room_to_write_to)
