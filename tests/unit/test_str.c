/* SPDX-License-Identifier: BSD-2-Clause */
/* Texts without regard to the case of letters. */
#include "harness/test.h"

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

static const struct test_suite suite = { .name = "str" };

TESTS_IN(&suite, every_byte, lengths)
