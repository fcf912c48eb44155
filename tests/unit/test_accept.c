/* SPDX-License-Identifier: BSD-2-Clause */
/* Which form of a response a list of codings chooses. */
#include "harness/test.h"

#include "http/coding/accept.h"

#include <string.h>

/* A ready-made gzip, and br, zstd and gzip that have to be made. */
static struct accept_form forms[] = {
	{ STR_INIT("br"), false, 3, true },
	{ STR_INIT("zstd"), false, 2, true },
	{ STR_INIT("gzip"), false, 1, true },
	{ STR_INIT("gzip"), true, 1, true },
};

static const char *chosen(const char *list, bool has_plain)
{
	static const char *const names[] = { "plain", "br", "zstd", "gzip", "ready" };

	return names[1 + accept_choose(str_from(list), forms, 4, has_plain)];
}

static const struct {
	const char *list, *chosen;
} cases[] = {
	{ NULL, "plain" },
	{ "", "plain" },
	{ "gzip", "ready" },
	{ "gzip, br", "ready" }, /* which costs nothing */
	{ "gzip;q=0.9, br", "br" },
	{ "zstd, br", "br" },
	{ "*", "ready" },
	{ "*;q=0.1, zstd;q=0.2", "zstd" },
	{ "*;q=0.1, gzip;q=0", "br" },
	{ "*;q=0", "plain" },
	{ "*;q=0, zstd", "zstd" },
	{ "identity", "plain" },
	{ "identity;q=0.5, br;q=0.4", "plain" },
	{ "identity;q=0.5, br;q=0.5", "br" },
	{ "*;q=0.5, br;q=0.4", "ready" },
	{ "identity;q=0", "plain" },
	{ "BR;Q=1", "br" },
	{ "br;q=1.1", "plain" },
};

START_TEST(the_best_form)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ck_assert_msg(strcmp(chosen(cases[i].list, true), cases[i].chosen) == 0,
			      "%s: not %s", cases[i].list, cases[i].chosen);
}
END_TEST

START_TEST(without_a_plain_form)
{
	ck_assert_str_eq(chosen("identity, br;q=0.1", false), "br");
	ck_assert_str_eq(chosen("identity", false), "plain");
	ck_assert_str_eq(chosen(NULL, false), "plain");
}
END_TEST

START_TEST(forms_that_are_not_allowed)
{
	forms[0].is_allowed = forms[3].is_allowed = false;
	ck_assert_str_eq(chosen("br, gzip, zstd", true), "zstd");
	ck_assert_str_eq(chosen("br, gzip", true), "gzip");
	ck_assert_str_eq(chosen("br", true), "plain");
}
END_TEST

TESTS("accept", the_best_form, without_a_plain_form, forms_that_are_not_allowed)
