/* SPDX-License-Identifier: BSD-2-Clause */
/* Base64, there and back. */
#include "harness/test.h"

#include <base64.h>
#include <errno.h>
#include <stdlib.h>

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

static struct pool *pool;

static void setup(void)
{
	pool = pool_create(0);
}

static void teardown(void)
{
	pool_destroy(pool);
}

START_TEST(encodes_and_decodes)
{
	static const struct {
		struct str bytes, text;
	} cases[] = {
		/* RFC 4648 section 10 */
		{ STR_INIT(""), STR_INIT("") },
		{ STR_INIT("f"), STR_INIT("Zg==") },
		{ STR_INIT("fo"), STR_INIT("Zm8=") },
		{ STR_INIT("foo"), STR_INIT("Zm9v") },
		{ STR_INIT("foob"), STR_INIT("Zm9vYg==") },
		{ STR_INIT("fooba"), STR_INIT("Zm9vYmE=") },
		{ STR_INIT("foobar"), STR_INIT("Zm9vYmFy") },
		{ STR_INIT("\0\xff\xfe"), STR_INIT("AP/+") },
		{ STR_INIT("\xfb\xef\xbe\xff"), STR_INIT("++++/w==") },
	};
	struct str got;

	for (size_t i = 0; i < COUNT(cases); i++) {
		got = base64_encode(pool, cases[i].bytes);
		ck_assert_msg(str_eq(got, cases[i].text), "%.*s", STR_ARG(got));
		ck_assert(base64_decode(pool, cases[i].text, &got));
		ck_assert_msg(str_eq(got, cases[i].bytes), "%.*s", STR_ARG(cases[i].text));
	}
}
END_TEST

START_TEST(decodes_every_byte)
{
	char bytes[256];
	struct str got;

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)i;
	for (size_t len = 0; len <= sizeof(bytes); len++) {
		struct str part = { bytes + sizeof(bytes) - len, len };

		struct str text = base64_encode(pool, part);
		char *exactly = malloc(BASE64_ROOM(text.len));

		ck_assert(base64_decode(pool, text, &got));
		ck_assert(str_eq(got, part));
		ck_assert_int_eq(base64_decode_to(exactly, text), (ssize_t)len);
		ck_assert(len == 0 || memcmp(exactly, part.data, len) == 0);
		free(exactly);
	}
}
END_TEST

START_TEST(padding_may_be_anything)
{
	static const char *const texts[] = { "Zm8", "Zm8=", "Zm8==", "Zm8=======", "Zm9=" };
	struct str got;

	for (size_t i = 0; i < COUNT(texts); i++) {
		ck_assert_msg(base64_decode(pool, str_from(texts[i]), &got), "%s", texts[i]);
		ck_assert_msg(str_eq(got, STR("fo")), "%s", texts[i]);
	}
	ck_assert(base64_decode(pool, STR("=="), &got));
	ck_assert_uint_eq(got.len, 0);
}
END_TEST

START_TEST(refuses_what_is_none)
{
	static const char *const texts[] = { "Z",    "Zm9vY", "Zm9v Zg==", "Zm9v\n", "Zm=v",
					     "Zm-_", "Zm9v!", " Zm9v",	   "Z===",   "Zm9\xc3" };
	struct str got = STR("as before");

	for (size_t i = 0; i < COUNT(texts); i++) {
		char bytes[32];

		ck_assert_msg(!base64_decode(pool, str_from(texts[i]), &got), "%s", texts[i]);
		ck_assert_int_eq(base64_decode_to(bytes, str_from(texts[i])), -EINVAL);
	}
	ck_assert(!base64_decode(pool, STR("Zm\0v"), &got));
	ck_assert(str_eq(got, STR("as before")));
}
END_TEST

static const struct test_suite suite = { .name = "base64", .setup = setup, .teardown = teardown };

TESTS_IN(&suite, encodes_and_decodes, decodes_every_byte, padding_may_be_anything,
	 refuses_what_is_none)
