/* SPDX-License-Identifier: BSD-2-Clause */
/* Texts without regard to the case of letters, and characters of UTF-8. */
#include "harness/test.h"

#include <pool.h>
#include <str.h>

static bool is_lower_of(int a, int b)
{
	return (a >= 'A' && a <= 'Z' ? a + 32 : a) == (b >= 'A' && b <= 'Z' ? b + 32 : b);
}

/* Each pair of bytes, at each place of texts of these lengths. */
START_TEST(every_byte)
{
	char a[21], b[21];

	for (size_t len = 1; len <= sizeof(a); len += len < 9 ? 1 : 3) {
		for (size_t at = 0; at < len; at++) {
			memset(a, 'x', sizeof(a));
			memset(b, 'X', sizeof(b));
			for (int i = 0; i < 256; i++) {
				for (int j = 0; j < 256; j += i % 16 == 0 ? 1 : 32) {
					int other = j ^ i;

					a[at] = (char)i;
					b[at] = (char)other;
					ck_assert_msg(str_eq_nocase((struct str){ a, len },
								    (struct str){ b, len }) ==
							      is_lower_of(i, other),
						      "%d and %d at %zu of %zu", i, other, at,
						      len);
				}
			}
		}
	}
}
END_TEST

START_TEST(lengths)
{
	ck_assert(str_eq_nocase(STR(""), STR("")));
	ck_assert(!str_eq_nocase(STR("Content-Type"), STR("content-typ")));
	ck_assert(!str_eq_nocase(STR("content-length"), STR("Content-Length:")));
}
END_TEST

START_TEST(a_copy_in_lower_case)
{
	struct pool *pool = pool_create(0);
	char bytes[256];

	for (int i = 0; i < 256; i++)
		bytes[i] = (char)i;

	struct str lower = pool_lower(pool, (struct str){ bytes, sizeof(bytes) });

	ck_assert_uint_eq(lower.len, sizeof(bytes));
	for (int i = 0; i < 256; i++)
		ck_assert_int_eq((uint8_t)lower.data[i], i >= 'A' && i <= 'Z' ? i + 32 : i);
	ck_assert_int_eq(lower.data[lower.len], '\0');
	ck_assert_uint_eq(pool_lower(pool, STR("")).len, 0);
	pool_destroy(pool);
}
END_TEST

/* Writes any number as a character of `len` bytes, also one that no character has. */
static struct str put_utf8(char *to, uint32_t code, size_t len)
{
	for (size_t i = len - 1; i > 0; i--, code >>= 6)
		to[i] = (char)(0x80 | (code & 0x3f));
	to[0] = (char)(len == 1 ? code : (0xf00u >> len) | code);
	return (struct str){ to, len };
}

START_TEST(each_character_of_utf8)
{
	static const uint32_t ends[] = { 0, 0x80, 0x800, 0x10000, 0x200000 };
	char bytes[4];

	for (size_t len = 1; len <= 4; len++) {
		for (uint32_t code = 0; code < ends[len]; code++) {
			struct str s = put_utf8(bytes, code, len);
			bool is_surrogate = code >= 0xd800 && code <= 0xdfff;
			bool is_one = code >= ends[len - 1] && code <= 0x10ffff && !is_surrogate;

			if (str_utf8(s) != (is_one ? len : 0) ||
			    (is_one && str_utf8_code(s, len) != code))
				ck_abort_msg("%x in %zu bytes", code, len);
		}
	}
	ck_assert_uint_eq(str_utf8(STR("")), 0);
	ck_assert_uint_eq(str_utf8(STR("\xe2\x82")), 0);
	ck_assert_uint_eq(str_utf8(STR("\xe2\x82-")), 0);
	ck_assert_uint_eq(str_utf8(STR("\x82")), 0);
}
END_TEST

static const struct test_suite suite = { .name = "str" };

TESTS_IN(&suite, every_byte, lengths, a_copy_in_lower_case, each_character_of_utf8)
