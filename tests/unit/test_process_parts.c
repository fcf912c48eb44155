/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What of the processes can be tested without any: quotas, the command line,
 * loads.
 */
#include "harness/test.h"

#include <signal.h>

#include "process/handoff/balance.h"
#include "process/os/cpus.h"
#include "process/os/executable.h"
#include "cli/options.h"
#include "process/handoff/receiver.h"
#include "process/os/signals.h"

START_TEST(quota_is_rounded_up)
{
	ck_assert_uint_eq(cpus_of_quota(STR("150000 100000\n")), 2);
	ck_assert_uint_eq(cpus_of_quota(STR("200000 100000\n")), 2);
	ck_assert_uint_eq(cpus_of_quota(STR("1000 100000")), 1);
}
END_TEST

START_TEST(no_quota_is_no_limit)
{
	ck_assert_uint_eq(cpus_of_quota(STR("max 100000\n")), 0);
	ck_assert_uint_eq(cpus_of_quota(STR("-1 100000")), 0);
	ck_assert_uint_eq(cpus_of_quota(STR("100000")), 0);
	ck_assert_uint_eq(cpus_of_quota(STR("100000 0")), 0);
	ck_assert_uint_eq(cpus_of_quota(STR("")), 0);
}
END_TEST

START_TEST(group_of_version_1_and_2)
{
	struct str path;

	ck_assert(cpus_group(STR("12:cpu,cpuacct:/a/b\n0::/c\n"), STR("cpu"), &path));
	ck_assert(str_eq(path, STR("/a/b")));
	ck_assert(cpus_group(STR("12:cpuset:/a\n0::/c:d\n"), STR(""), &path));
	ck_assert(str_eq(path, STR("/c:d")));
	ck_assert(!cpus_group(STR("12:cpuset:/a\n0::/c\n"), STR("cpu"), &path));
}
END_TEST

START_TEST(there_is_a_cpu)
{
	ck_assert_uint_ge(cpus_usable(), 1);
}
END_TEST

#define READ(options, ...)                                                    \
	options_read(options, (int)(sizeof((char *[]){ __VA_ARGS__ }) / sizeof(char *)), \
		     (char *[]){ __VA_ARGS__, NULL })

START_TEST(options_of_the_server)
{
	struct options options;

	ck_assert_int_eq(READ(&options, "skua", "-c", "a.conf", "-p/tmp/x", "-g", "daemon off;"),
			 0);
	ck_assert_int_eq(options.command, COMMAND_RUN);
	ck_assert_str_eq(options.conf, "a.conf");
	ck_assert_str_eq(options.prefix, "/tmp/x");
	ck_assert_str_eq(options.globals, "daemon off;");
}
END_TEST

START_TEST(letters_stand_together)
{
	struct options options;

	ck_assert_int_eq(READ(&options, "skua", "-tqc", "a.conf"), 0);
	ck_assert_int_eq(options.command, COMMAND_TEST);
	ck_assert(options.quiet);
	ck_assert_str_eq(options.conf, "a.conf");
}
END_TEST

START_TEST(signals_by_name)
{
	struct options options;

	ck_assert_int_eq(READ(&options, "skua", "-s", "reload"), 0);
	ck_assert_int_eq(options.command, COMMAND_SIGNAL);
	ck_assert_str_eq(options.signal, "reload");
	ck_assert_int_lt(READ(&options, "skua", "-s", "restart"), 0);
}
END_TEST

START_TEST(wrong_options_are_refused)
{
	struct options options;

	ck_assert_int_lt(READ(&options, "skua", "-x"), 0);
	ck_assert_int_lt(READ(&options, "skua", "-c"), 0);
	ck_assert_int_lt(READ(&options, "skua", "word"), 0);
	ck_assert_int_lt(READ(&options, "skua", "-"), 0);
	ck_assert_int_lt(READ(&options, "skua", "--port"), 0);
	ck_assert_int_lt(READ(&options, "skua", "-e", "syslog:server=unix:/dev/log"), 0);
	ck_assert_int_lt(READ(&options, "skua", "-ememory:32m"), 0);
}
END_TEST

START_TEST(options_of_serve)
{
	struct options options;

	ck_assert_int_eq(READ(&options, "skua", "serve", "www", "-p", "0", "--workers=3",
			      "--address", "::1"),
			 0);
	ck_assert_int_eq(options.command, COMMAND_SERVE);
	ck_assert_str_eq(options.argument, "www");
	ck_assert_str_eq(options.serve.address, "::1");
	ck_assert_int_eq(options.serve.port, 0);
	ck_assert_int_eq(options.serve.workers, 3);
	ck_assert_int_eq(READ(&options, "skua", "serve", "--spa", "-q", "--header", "A: b",
			      "--header=C: d=e", "--password", "me:x", "--404=a.html"),
			 0);
	ck_assert(options.serve.spa && options.serve.quiet && !options.serve.cors);
	ck_assert_ptr_null(options.argument);
	ck_assert_str_eq(options.serve.headers[0], "A: b");
	ck_assert_str_eq(options.serve.headers[1], "C: d=e");
	ck_assert_ptr_null(options.serve.headers[2]);
	ck_assert_str_eq(options.serve.password, "me:x");
	ck_assert_str_eq(options.serve.not_found, "a.html");
}
END_TEST

START_TEST(wrong_options_of_serve_are_refused)
{
	struct options options;

	ck_assert_int_lt(READ(&options, "skua", "serve", "-p", "65536"), 0);
	ck_assert_int_lt(READ(&options, "skua", "serve", "-p"), 0);
	ck_assert_int_lt(READ(&options, "skua", "serve", "a", "b"), 0);
	ck_assert_int_lt(READ(&options, "skua", "serve", "--prot", "80"), 0);
	ck_assert_int_lt(READ(&options, "skua", "serve", "--spa=1"), 0);
	ck_assert_int_lt(READ(&options, "skua", "serve", "-q1"), 0);
	ck_assert_int_lt(READ(&options, "skua", "serve", "--cache"), 0);
	ck_assert_int_lt(READ(&options, "skua", "serve", "--spam"), 0);
}
END_TEST

START_TEST(signals_have_names)
{
	ck_assert_str_eq(signal_name(SIGKILL), "KILL");
	ck_assert_str_eq(signal_name(SIGSYS), "SYS");
	ck_assert_str_eq(signal_name(0), "0");
	ck_assert_str_eq(signal_name(1000), "1000");
	ck_assert_str_eq(signal_name(-1), "-1");
}
END_TEST

START_TEST(programs_that_are_skua)
{
	static const char *const own = "/usr/sbin/skua";
	static const char *const are[] = {
		"/usr/sbin/skua",     "/usr/sbin/skua (deleted)", "/opt/skua-0.1/bin/skua",
		"/usr/sbin/skua.old", "/tmp/skua-0.2 (deleted)",  "/usr/sbin/skua.dpkg-tmp",
	};
	static const char *const are_not[] = {
		"/usr/bin/sleep", "/usr/bin/skuad", "/skua/bin/sh", "/bin/python3 (deleted)", "",
	};

	for (size_t i = 0; i < sizeof(are) / sizeof(are[0]); i++)
		ck_assert_msg(executable_has_name(are[i], own), "%s", are[i]);
	for (size_t i = 0; i < sizeof(are_not) / sizeof(are_not[0]); i++)
		ck_assert_msg(!executable_has_name(are_not[i], own), "%s", are_not[i]);
	ck_assert(executable_has_name("/a/web", "/b/web (deleted)"));
}
END_TEST

START_TEST(a_stuck_worker_is_loaded)
{
	ck_assert_uint_gt(receiver_load(0, 3), receiver_load(10, 0));
	ck_assert_uint_gt(receiver_load(2, 0), receiver_load(1, 0));
}
END_TEST

START_TEST(balance_moves_only_what_is_worth_it)
{
	ck_assert_uint_eq(balance_share(0, 0), 0);
	ck_assert_uint_eq(balance_share(63, 0), 0);
	ck_assert_uint_eq(balance_share(64, 0), 32);
	ck_assert_uint_eq(balance_share(1000, 501), 0);
	ck_assert_uint_eq(balance_share(1000, 100), 32);
	ck_assert_uint_eq(balance_share(0, UINT64_MAX), 0);
	ck_assert_uint_eq(balance_share(UINT64_MAX, 0), 32);
}
END_TEST

TESTS("process parts", quota_is_rounded_up, no_quota_is_no_limit, group_of_version_1_and_2,
      there_is_a_cpu, options_of_the_server, letters_stand_together, signals_by_name,
      wrong_options_are_refused, options_of_serve, wrong_options_of_serve_are_refused,
      signals_have_names, programs_that_are_skua, a_stuck_worker_is_loaded,
      balance_moves_only_what_is_worth_it)
