/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The server among hostile clients, in each way of accepting: see soak/hostile.h.
 *
 *     HOSTILE_SECONDS=600  the long form, for so long in all; SOAK=1: 180
 *     SEED=1               of the random numbers
 */
#include "soak/hostile.h"

#include <stdio.h>
#include <stdlib.h>

#include "harness/test.h"

enum { MODES = 3 };

static int seconds(void)
{
	const char *text = getenv("HOSTILE_SECONDS");

	return text ? atoi(text) : getenv("SOAK") ? 180 : 0;
}

static void run(const char *mode, int number)
{
	const char *seed = getenv("SEED");

	setvbuf(stdout, NULL, _IOLBF, 0);
	test_needs_descriptors(seconds() ? 4000 : 1200);
	hostile_run(&(struct hostile_plan){ .mode = mode,
					    .number = number,
					    .seed = seed ? strtoull(seed, NULL, 10) : 1,
					    .seconds = seconds() / MODES });
}

START_TEST(shared)
{
	run("shared", 0);
}
END_TEST

START_TEST(reuseport)
{
	run("reuseport", 1);
}
END_TEST

START_TEST(handoff)
{
	run("handoff", 2);
}
END_TEST

int main(void)
{
	const struct test_suite suite = {
		.name = "hostile clients", .timeout = (seconds() ? 4 : 1) * TEST_TIMEOUT + seconds()
	};
	const TTest *const tests[] = { shared, reuseport, handoff };

	return test_main(&suite, tests, MODES);
}
