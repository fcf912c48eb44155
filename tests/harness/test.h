/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a test program is made of: tests of Check and one line at the end.
 *
 *     #include "harness/test.h"
 *
 *     START_TEST(adds)
 *     {
 *         ck_assert_int_eq(1 + 1, 2);
 *     }
 *     END_TEST
 *
 *     TESTS("arithmetic", adds)
 *
 * Each test runs in a process of its own and is a case of its own name, so that
 * CK_RUN_CASE=adds runs it alone, and CK_FORK=no keeps it in a debugger's reach.
 */
#ifndef HARNESS_TEST_H
#define HARNESS_TEST_H

#include <check.h>
#include <stdbool.h>
#include <stddef.h>

struct test_suite {
	const char *name;
	double timeout; /* seconds for each test; 0: TEST_TIMEOUT */
	void (*setup)(void); /* in the test's process, before it; or NULL */
	void (*teardown)(void); /* in the test's process, when it did not fail; or NULL */
};

/* A test that takes longer hangs: no machine is that slow. */
#define TEST_TIMEOUT 100

/* Runs the tests and prints Check's summary; what main() is to return. */
int test_main(const struct test_suite *suite, const TTest *const tests[], size_t count);

/* The main() of a program that runs these tests in this order. */
#define TESTS(suite_name, ...) TESTS_IN((&(struct test_suite){ .name = suite_name }), __VA_ARGS__)

/* The same for a suite with a time limit or fixtures: a const struct test_suite *. */
#define TESTS_IN(suite, ...)                                                      \
	int main(void)                                                            \
	{                                                                         \
		const TTest *const tests[] = { __VA_ARGS__ };                     \
		return test_main(suite, tests, sizeof(tests) / sizeof(tests[0])); \
	}

/*
 * For what goes well unless a limit in time is missed, which a machine that stalls
 * may do: tried with this limit, then with ever longer ones. Fails the test when
 * none of them was enough.
 */
void test_in_time(bool (*goes_well)(int limit_ms), int limit_ms);

/* Skips the test where so many descriptors are not allowed to a process. */
#define test_needs_descriptors(count) test_needs_descriptors_in(__func__, count)
void test_needs_descriptors_in(const char *test, unsigned count);

/*
 * Ends the running test as skipped: for what this machine cannot do (no IPv6, not
 * root), never for what fails. The reason is shown after the run. With CK_FORK=no
 * it ends the program.
 */
#define test_skip(reason) test_skip_in(__func__, reason)
_Noreturn void test_skip_in(const char *test, const char *reason);

/*
 * Skips the test where requests go over HTTP/2 (harness/http2_wire.c): for what only HTTP/1 has.
 * The reason says what that is.
 */
#define test_needs_http1(reason) test_needs_http1_in(__func__, reason)
void test_needs_http1_in(const char *test, const char *reason);

#endif
