/* SPDX-License-Identifier: BSD-2-Clause */
/* Lists with weights. */
#include "harness/test.h"

#include <field.h>

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

START_TEST(weights_are_read)
{
	static const struct {
		const char *element, *name;
		unsigned weight;
	} cases[] = {
		{ "gzip", "gzip", 1000 },
		{ "gzip;q=1", "gzip", 1000 },
		{ "gzip;q=1.", "gzip", 1000 },
		{ "gzip;q=1.000", "gzip", 1000 },
		{ "gzip;q=0", "gzip", 0 },
		{ "gzip;q=0.", "gzip", 0 },
		{ "gzip;q=0.000", "gzip", 0 },
		{ "gzip;q=0.5", "gzip", 500 },
		{ "gzip;q=0.05", "gzip", 50 },
		{ "gzip;q=0.001", "gzip", 1 },
		{ "gzip;q=0.999", "gzip", 999 },
		{ "gzip ;\tq=0.25 ", "gzip", 250 },
		{ "gzip;Q=0.25", "gzip", 250 },
		{ "*;q=0.25", "*", 250 },
		{ "q;q=0.25", "q", 250 },
		{ "text/html;level=1;q=0.4", "text/html;level=1", 400 },
		{ "text/html; level=1 ; q=0.4;ext=2;q=1", "text/html; level=1", 400 },
		{ "text/html;level=1", "text/html;level=1", 1000 },
		{ "gzip;", "gzip", 1000 },
		{ "gzip;;q=0.1", "gzip", 100 },
		/* malformed: not acceptable */
		{ "gzip;q=", "gzip", 0 },
		{ "gzip;q", "gzip", 0 },
		{ "gzip;q=2", "gzip", 0 },
		{ "gzip;q=1.001", "gzip", 0 },
		{ "gzip;q=0.1234", "gzip", 0 },
		{ "gzip;q=.5", "gzip", 0 },
		{ "gzip;q=-1", "gzip", 0 },
		{ "gzip;q=0,5", "gzip", 0 },
		{ "gzip;q=00.5", "gzip", 0 },
		{ "gzip;q=0.5x", "gzip", 0 },
		{ "gzip;q= 0.5", "gzip", 0 },
		{ "gzip;q =0.5", "gzip", 500 },
		{ "gzip;q=\"1\"", "gzip", 0 },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct str rest = str_from(cases[i].element), name;
		unsigned weight;

		ck_assert(list_next_weighted(&rest, &name, &weight));
		ck_assert_msg(weight == cases[i].weight, "%s: %u", cases[i].element, weight);
		ck_assert_msg(str_eq(name, str_from(cases[i].name)), "%s: \"%.*s\"",
			      cases[i].element, STR_ARG(name));
	}
}
END_TEST

START_TEST(lists_are_walked)
{
	struct str rest = STR(", gzip;q=0.5,,;q=1, ; ,;a;q=1, br ,"), name;
	unsigned weight;

	ck_assert(list_next_weighted(&rest, &name, &weight));
	ck_assert(str_eq(name, STR("gzip")) && weight == 500);
	ck_assert(list_next_weighted(&rest, &name, &weight));
	ck_assert(str_eq(name, STR("br")) && weight == 1000);
	ck_assert(!list_next_weighted(&rest, &name, &weight));
	rest = (struct str){ NULL, 0 };
	ck_assert(!list_next_weighted(&rest, &name, &weight));
}
END_TEST

START_TEST(a_list_weighs_names)
{
	static const struct {
		const char *list, *name;
		unsigned otherwise, want;
	} cases[] = {
		{ "gzip, br;q=0.5", "gzip", 0, 1000 },
		{ "gzip, br;q=0.5", "BR", 0, 500 },
		{ "gzip, br;q=0.5", "zstd", 0, 0 },
		{ "gzip, br;q=0.5", "identity", 1, 1 },
		{ "gzip, *;q=0", "identity", 1, 0 },
		{ "*;q=0, identity;q=0.1", "identity", 1, 100 },
		{ "*, gzip;q=0", "gzip", 0, 0 },
		{ "*;q=0.5, *;q=0.9", "br", 0, 500 },
		{ "gzip;q=0, gzip", "gzip", 1, 0 },
		{ "xgzip, gzipx", "gzip", 0, 0 },
		{ "", "gzip", 0, 0 },
		{ "", "identity", 7, 7 },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		unsigned got = list_weight(str_from(cases[i].list), str_from(cases[i].name),
					   cases[i].otherwise);

		ck_assert_msg(got == cases[i].want, "%s in %s: %u", cases[i].name, cases[i].list,
			      got);
	}
}
END_TEST

TESTS("weight", weights_are_read, lists_are_walked, a_list_weighs_names)
