/* SPDX-License-Identifier: BSD-2-Clause */
/* Text inside of JSON strings: the same three ways. */
#include "harness/test.h"

#include <json.h>
#include <text.h>

static struct pool *pool;

static void setup(void)
{
	pool = pool_create(0);
}

static void teardown(void)
{
	pool_destroy(pool);
}

static void check(struct str plain, struct str want)
{
	struct text text = { .pool = pool };
	struct str escaped = json_escape(pool, plain);
	char put[64];

	text_add_json(&text, plain);
	ck_assert_msg(str_eq(text_str(&text), want), "%.*s", STR_ARG(text_str(&text)));
	ck_assert(str_eq(escaped, want));
	ck_assert((escaped.data == plain.data) == str_eq(plain, want));
	for (size_t room = 0; room < sizeof(put); room++) {
		memset(put, '#', sizeof(put));
		const char *end = json_put(put, put + room, plain);

		for (size_t i = room; i < sizeof(put); i++)
			ck_assert_int_eq(put[i], '#');
		if (end)
			ck_assert(str_eq(str_range(put, end), want));
		ck_assert_msg(end || room < want.len + 6, "%zu bytes do not do", room);
	}
}

START_TEST(escapes)
{
	static const struct {
		struct str plain, want;
	} cases[] = {
		{ STR_INIT(""), STR_INIT("") },
		{ STR_INIT("plain /text\x7f"), STR_INIT("plain /text\x7f") },
		{ STR_INIT("say \"\\\""), STR_INIT("say \\\"\\\\\\\"") },
		{ STR_INIT("\b\f\n\r\t"), STR_INIT("\\b\\f\\n\\r\\t") },
		{ STR_INIT("a\0\x01\x1f!"), STR_INIT("a\\u0000\\u0001\\u001F!") },
		{ STR_INIT("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"),
		  STR_INIT("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80") },
		/* no UTF-8: alone, cut off, a surrogate, overlong, too large */
		{ STR_INIT("\xff"), STR_INIT("\\\\xFF") },
		{ STR_INIT("a\xc3"), STR_INIT("a\\\\xC3") },
		{ STR_INIT("\xe2\x82z"), STR_INIT("\\\\xE2\\\\x82z") },
		{ STR_INIT("\xed\xa0\x80"), STR_INIT("\\\\xED\\\\xA0\\\\x80") },
		{ STR_INIT("\xc0\xaf"), STR_INIT("\\\\xC0\\\\xAF") },
		{ STR_INIT("\xf4\x90\x80\x80"), STR_INIT("\\\\xF4\\\\x90\\\\x80\\\\x80") },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		check(cases[i].plain, cases[i].want);
}
END_TEST

START_TEST(writes_what_json_allows_for_each_byte)
{
	for (int c = 0; c < 256; c++) {
		char byte = (char)c;
		struct str got = json_escape(pool, (struct str){ &byte, 1 });

		for (size_t i = 0; i < got.len; i++)
			ck_assert((unsigned char)got.data[i] >= 0x20 &&
				  (unsigned char)got.data[i] < 0x80);
		ck_assert(got.len == 1 || got.data[0] == '\\');
		ck_assert((c != '"' && c != '\\') || got.len == 2);
	}
}
END_TEST

static const struct test_suite suite = { .name = "json", .setup = setup, .teardown = teardown };

TESTS_IN(&suite, escapes, writes_what_json_allows_for_each_byte)
