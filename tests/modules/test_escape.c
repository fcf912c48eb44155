/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a worker can do that somebody has taken over: a module tries it from inside.
 */
#include "harness/client.h"
#include "harness/memory.h"
#include "harness/test.h"

#include <string.h>
#include <unistd.h>

static struct server *shut_in(int workers, const char *mode)
{
	struct server *server = server_start(
		memory_printf("worker_processes %d; sandbox %s; http { access_log off;"
			      "server { listen 127.0.0.1:%%PORT%%; escape on; } }", workers, mode));
	struct patience p = { 0 };

	while (server_workers(server, NULL, 0) < workers)
		patience(&p, "all workers are there");
	if (!log_has(server, "sandbox: relaxed") && !log_has(server, "sandbox: this kernel"))
		return server;
	server_stop(server);
	test_skip("this kernel or this build has no whole sandbox");
}

/* A worker that can't be the one that answers is found by asking both. */
static void try_on_sibling(struct server *server, const char *what)
{
	pid_t pids[2];

	ck_assert_int_eq(server_workers(server, pids, 2), 2);
	for (int i = 0; i < 2; i++) {
		const char *target = memory_printf("/?%s&%d", what, pids[i]);
		const char *body = get(server, target).body;
		ck_assert_msg(strcmp(body, "EPERM") == 0, "%s: %s", target, body);
	}
}

START_TEST(nothing_is_found_outside)
{
	struct server *server = shut_in(1, "on");

	ck_assert_str_eq(get(server, "/?read").body, "EACCES");
	ck_assert_str_eq(get(server, "/written?write").body, "EPERM");
	ck_assert_str_eq(get(server, "/written?write2").body, "EACCES");
	ck_assert_int_ne(access(file_path(server, "written"), F_OK), 0);
	server_stop(server);
}
END_TEST

START_TEST(nothing_can_be_started)
{
	struct server *server = shut_in(1, "on");

	ck_assert_str_eq(get(server, "/?exec").body, "EPERM");
	ck_assert_str_eq(get(server, "/?fork").body, "EPERM");
	ck_assert_str_eq(get(server, "/?code").body, "EPERM");
	ck_assert_str_eq(get(server, "/?socket").body, "EPERM");
	ck_assert_str_eq(get(server, "/?connect").body, "EPERM");
	server_stop(server);
}
END_TEST

START_TEST(siblings_are_out_of_reach)
{
	struct server *server = shut_in(2, "on");
	pid_t before[2], after[2];

	server_workers(server, before, 2);
	try_on_sibling(server, "ptrace");
	try_on_sibling(server, "kill");
	ck_assert_str_eq(get(server, memory_printf("/?tgkill&%d", server->pid)).body, "EPERM");
	ck_assert_int_eq(server_workers(server, after, 2), 2);
	ck_assert_mem_eq(before, after, sizeof(before));
	server_stop(server);
}
END_TEST

START_TEST(a_call_is_named_once)
{
	struct server *server = shut_in(1, "on");

	for (int i = 0; i < 3; i++)
		ck_assert_str_eq(get(server, "/?socket").body, "EPERM");
	ck_assert_uint_eq(file_count(server, "/error.log", "system call socket ("), 1);
	server_stop(server);
}
END_TEST

/* The master says so with an alert, so server_stop() would find fault. */
START_TEST(strict_ends_the_worker)
{
	struct server *server = shut_in(1, "strict");

	ck_assert_int_eq(get(server, "/?socket").status, 0);
	log_wait(server, "on signal 31: it made a system call that its sandbox does not allow");
	ck_assert_str_eq(get(server, "/?read").body, "EACCES");
	server_forgive(server);
	server_stop(server);
}
END_TEST

START_TEST(without_it_they_all_succeed)
{
	struct server *server = server_start(
		"sandbox off; http { server { listen 127.0.0.1:%PORT%; escape on; } }");

	ck_assert_str_eq(get(server, "/?read").body, "done");
	ck_assert_str_eq(get(server, "/?code").body, "done");
	server_stop(server);
}
END_TEST

TESTS("escape", nothing_is_found_outside, nothing_can_be_started, siblings_are_out_of_reach,
      a_call_is_named_once, strict_ends_the_worker, without_it_they_all_succeed)
