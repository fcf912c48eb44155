/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What of the processes can be tested without any: quotas, the command line,
 * pid files, loads.
 */
#include "harness/test.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "process/balance.h"
#include "process/cpus.h"
#include "process/options.h"
#include "process/pidfile.h"
#include "process/receiver.h"
#include "process/signals.h"

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
	ck_assert_str_eq(options.address, "::1");
	ck_assert_int_eq(options.port, 0);
	ck_assert_int_eq(options.workers, 3);
}
END_TEST

START_TEST(wrong_options_of_serve_are_refused)
{
	struct options options;

	ck_assert_int_lt(READ(&options, "skua", "serve", "-p", "65536"), 0);
	ck_assert_int_lt(READ(&options, "skua", "serve", "-p"), 0);
	ck_assert_int_lt(READ(&options, "skua", "serve", "a", "b"), 0);
	ck_assert_int_lt(READ(&options, "skua", "serve", "--prot", "80"), 0);
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

static char dir[] = "/tmp/skua-test-XXXXXX";
static char path[64];

static void make_dir(void)
{
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/pid", dir);
}

static void put(const char *text)
{
	FILE *file = fopen(path, "w");

	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	fclose(file);
}

static void remove_dir(void)
{
	unlink(path);
	ck_assert_int_eq(rmdir(dir), 0);
}

START_TEST(pid_is_written_and_read)
{
	pid_t pid = 0;

	make_dir();
	put("17\n");
	ck_assert_int_eq(pidfile_write(path, 4711), 0);
	ck_assert_int_eq(pidfile_read(path, &pid), 0);
	ck_assert_int_eq(pid, 4711);
	remove_dir();
}
END_TEST

START_TEST(pid_file_of_another_stays)
{
	make_dir();
	put("17\n");
	pidfile_remove(path, 18);
	ck_assert_int_eq(access(path, F_OK), 0);
	pidfile_remove(path, 17);
	ck_assert_int_lt(access(path, F_OK), 0);
	remove_dir();
}
END_TEST

START_TEST(pid_file_without_a_number)
{
	const char *const texts[] = { "", "x", "12 13", "-1", "0", "99999999999" };
	pid_t pid;

	make_dir();
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		put(texts[i]);
		ck_assert_int_eq(pidfile_read(path, &pid), -EINVAL);
	}
	unlink(path);
	ck_assert_int_eq(pidfile_read(path, &pid), -ENOENT);
	remove_dir();
}
END_TEST

START_TEST(pid_file_that_cannot_be_written)
{
	make_dir();
	ck_assert_int_eq(pidfile_write("/nowhere/at/all/pid", 1), -ENOENT);
	remove_dir();
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
      signals_have_names,
      pid_is_written_and_read, pid_file_of_another_stays, pid_file_without_a_number,
      pid_file_that_cannot_be_written, a_stuck_worker_is_loaded,
      balance_moves_only_what_is_worth_it)
