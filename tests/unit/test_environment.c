/* SPDX-License-Identifier: BSD-2-Clause */
/* The environment of a worker: env. */
#include "harness/test.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "process/os/environment.h"

START_TEST(only_what_is_named_is_kept)
{
	static const struct environment_entry entries[] = {
		{ STR_INIT("A"), NULL },
		{ STR_INIT("B"), "B=given" },
		{ STR_INIT("NONE"), NULL },
	};
	char secret[] = "SECRET=password", a[] = "A=1", longer[] = "AB=2", zone[] = "TZ=UTC";
	char *variables[] = { longer, secret, a, zone, NULL };

	environ = variables;
	environment_keep(entries, 3);
	ck_assert_str_eq(getenv("A"), "1");
	ck_assert_str_eq(getenv("B"), "given");
	ck_assert_str_eq(getenv("TZ"), "UTC");
	ck_assert_ptr_null(getenv("AB"));
	ck_assert_ptr_null(getenv("NONE"));
	ck_assert_ptr_null(getenv("SECRET"));
	ck_assert_int_eq(secret[10], 0);
}
END_TEST

START_TEST(the_time_zone_may_be_given)
{
	static const struct environment_entry entries[] = { { STR_INIT("TZ"), "TZ=CET" } };
	char zone[] = "TZ=UTC";
	char *variables[] = { zone, NULL };

	environ = variables;
	environment_keep(entries, 1);
	ck_assert_str_eq(getenv("TZ"), "CET");
	ck_assert_ptr_null(environ[1]);
}
END_TEST

TESTS("environment", only_what_is_named_is_kept, the_time_zone_may_be_given)
