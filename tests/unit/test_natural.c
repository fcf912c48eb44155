/* SPDX-License-Identifier: BSD-2-Clause */
/* The order that people expect of names. */
#include "harness/test.h"

#include <str.h>

/* In order, no two equal: each pair is compared, both ways. */
static const struct str names[] = {
	STR_INIT(""),
	STR_INIT("\0"),
	STR_INIT("-1"),
	STR_INIT("0"),
	STR_INIT("00"),
	STR_INIT("0a"),
	STR_INIT("00a"),
	STR_INIT("1"),
	STR_INIT("01"),
	STR_INIT("1-1"),
	STR_INIT("1.2"),
	STR_INIT("1.10"),
	STR_INIT("9"),
	STR_INIT("0010"),
	STR_INIT("99999999999999999999999999"),
	STR_INIT("100000000000000000000000000"),
	STR_INIT("File3"),
	STR_INIT("a"),
	STR_INIT("a.txt"),
	STR_INIT("a1"),
	STR_INIT("a01"),
	STR_INIT("a001"),
	STR_INIT("a1b1"),
	STR_INIT("a1b01"),
	STR_INIT("a01b1"),
	STR_INIT("a01b2"),
	STR_INIT("a1b10"),
	STR_INIT("a2"),
	STR_INIT("aa"),
	STR_INIT("file2"),
	STR_INIT("file2b"),
	STR_INIT("file10"),
	STR_INIT("file10b"),
	STR_INIT("file\xc3\xa4"),
	STR_INIT("\xff"),
};

enum { COUNT = sizeof(names) / sizeof(*names) };

static int sign(int order)
{
	return (order > 0) - (order < 0);
}

START_TEST(orders_names)
{
	for (int i = 0; i < COUNT; i++)
		for (int k = 0; k < COUNT; k++)
			ck_assert_msg(sign(str_compare_natural(names[i], names[k])) == sign(i - k),
				      "\"%.*s\" and \"%.*s\"", STR_ARG(names[i]),
				      STR_ARG(names[k]));
}
END_TEST

/* All names of up to three of these letters: no circle of three, 0 for the same only. */
START_TEST(the_order_is_total)
{
	enum { LETTERS = 4, NAMES = 1 + 4 + 16 + 64 };
	static const char letters[LETTERS] = { '0', '1', '-', 'a' };
	static char bytes[NAMES][3];
	static struct str all[NAMES];
	size_t count = 1, begin = 0;

	for (size_t len = 1; len <= 3; len++) {
		size_t end = count;

		for (size_t i = begin; i < end; i++)
			for (size_t c = 0; c < LETTERS; c++, count++) {
				char *to = bytes[count];

				*str_put(to, all[i]) = letters[c];
				all[count] = (struct str){ to, len };
			}
		begin = end;
	}
	ck_assert_uint_eq(count, NAMES);
	for (size_t i = 0; i < NAMES; i++)
		for (size_t k = 0; k < NAMES; k++) {
			int order = sign(str_compare_natural(all[i], all[k]));

			ck_assert_int_eq(order, -sign(str_compare_natural(all[k], all[i])));
			ck_assert_int_eq(order == 0, i == k);
			for (size_t m = 0; m < NAMES && order < 0; m++)
				if (str_compare_natural(all[k], all[m]) < 0)
					ck_assert_int_lt(str_compare_natural(all[i], all[m]), 0);
		}
}
END_TEST

TESTS("natural order", orders_names, the_order_is_total)
