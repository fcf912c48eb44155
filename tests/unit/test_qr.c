/* SPDX-License-Identifier: BSD-2-Clause */
/* QR codes as lines of text: a frame of light modules, and the three corners of each code. */
#include "cli/qr.h"

#include "harness/test.h"

#include <string.h>
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

START_TEST(draws_the_corners)
{
	struct text text = { .pool = pool };

	if (!qr_add(&text, "http://192.0.2.1:8080/"))
		test_skip("this build has no libqrencode");

	struct str rest = text_str(&text), line;
	size_t lines = 0;

	while (rest.len) {
		line = str_split(&rest, '\n');
		ck_assert(str_starts(line, STR("    \033[30;107m")));
		ck_assert(str_ends(line, STR("\033[0m")));
		line = str_head(str_skip(line, 13), line.len - 13 - 4);
		/* 25 modules, and 2 on each side. */
		if (lines == 0)
			ck_assert(str_eq(line, STR("                             ")));
		/* The frame of a corner, and what is in it. */
		if (lines == 2)
			ck_assert(str_starts(line, STR("  \u2588 \u2588\u2588\u2588 \u2588 ")));
		lines++;
	}
	ck_assert_uint_eq(lines, 15);
}
END_TEST

TESTS_IN((&(struct test_suite){ "QR codes", .setup = setup, .teardown = teardown }),
	 draws_the_corners)
