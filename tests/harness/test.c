/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The frame around the tests of a program: one suite, a case for each test. What
 * it prints is read by tests/run: the summary of Check, and a line that begins
 * with SKIP for each test that was skipped (Check itself knows no skipping).
 */
#include "harness/test.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/scratch.h"
#include "harness/wire.h"

enum { DESCRIPTORS = 4096 };

/* As many as on any other machine, if this one allows it. */
static void limit_descriptors(void)
{
	struct rlimit limit = { DESCRIPTORS, DESCRIPTORS }, now;

	getrlimit(RLIMIT_NOFILE, &now);
	if (now.rlim_max > DESCRIPTORS)
		limit.rlim_max = now.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) == 0)
		return;
	limit.rlim_cur = limit.rlim_max = now.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

/*
 * What a process inherits depends on who runs the tests: signals, descriptors,
 * variables that a service manager sets. Here it is always the same.
 */
static void begin_afresh(void)
{
	static const char *const variables[] = {
		"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID",
		"LISTEN_FDS",	 "LISTEN_PID",	  "LISTEN_FDNAMES",
	};
	struct sigaction action;
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (int number = 1; number < NSIG; number++)
		if (sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN)
			signal(number, SIG_DFL);
	close_range(3, ~0U, 0);
	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
		unsetenv(variables[i]);
	umask(022);
	limit_descriptors();
	/* Large pages would make memory grow in steps of two MiB. */
	prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
}

int test_main(const struct test_suite *suite, const TTest *const tests[], size_t count)
{
	Suite *all = suite_create(suite->name);

	begin_afresh();
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

void test_in_time(bool (*goes_well)(int limit_ms), int limit_ms)
{
	for (int i = 0; i < 3; i++, limit_ms *= 5)
		if (goes_well(limit_ms))
			return;
	ck_abort_msg("it does not go well, even with a limit of %d ms", limit_ms / 5);
}

void test_needs_descriptors_in(const char *test, unsigned count)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_max < count)
		test_skip_in(test, "a process may not open as many descriptors here");
	if (limit.rlim_cur < count)
		limit.rlim_cur = count;
	setrlimit(RLIMIT_NOFILE, &limit);
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

void test_needs_http1_in(const char *test, const char *reason)
{
	if (wire_type && wire_type->is_http2)
		test_skip_in(test, reason);
}
