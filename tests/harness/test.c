/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The frame around the tests of a program: one suite, a case for each test. What
 * it prints is read by tests/run: the summary of Check, and a line that begins
 * with SKIP for each test that was skipped (Check itself knows no skipping).
 */
#include "harness/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/scratch.h"

int test_main(const struct test_suite *suite, const TTest *const tests[], size_t count)
{
	Suite *all = suite_create(suite->name);

	for (size_t i = 0; i < count; i++) {
		TCase *one = tcase_create(tests[i]->name);

		tcase_set_timeout(one, suite->timeout > 0 ? suite->timeout : TEST_TIMEOUT);
		if (suite->setup || suite->teardown)
			tcase_add_checked_fixture(one, suite->setup, suite->teardown);
		tcase_add_test(one, tests[i]);
		suite_add_tcase(all, one);
	}
	SRunner *runner = srunner_create(all);
	scratch_begin();
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	scratch_finish();
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

void test_skip_in(const char *test, const char *reason)
{
	size_t len = strlen(test);

	/* Check calls the function of a test NAME_fn. */
	if (len > 3 && strcmp(test + len - 3, "_fn") == 0)
		len -= 3;
	printf("SKIP %.*s: %s\n", (int)len, test, reason);
	exit(EXIT_SUCCESS);
}
