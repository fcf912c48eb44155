/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a worker can do that somebody has taken over: a module makes the system calls
 * from inside. Words of it stand for addresses: file, passwd, how.
 */
#include "harness/client.h"
#include "harness/memory.h"
#include "harness/test.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct server *shut_in(int workers, const char *mode)
{
	struct server *server =
		server_start(memory_printf("worker_processes %d; sandbox %s; http { access_log off;"
					   "server { listen 127.0.0.1:%%PORT%%; escape on; } }",
					   workers, mode));
	struct deadline p = { 0 };

	while (server_workers(server, NULL, 0) < workers)
		deadline_wait(&p, "all workers are there");
	if (!log_has(server, "sandbox: instrumented") && !log_has(server, "sandbox: this kernel"))
		return server;
	server_stop(server);
	test_skip("this kernel or this build has no whole sandbox");
}

/* "done", or the name of the error that the call of this number gives a worker. */
#define tried(server, call, format, ...) \
	get(server, memory_printf("/written?%d&" format, call, __VA_ARGS__)).body

static const char *tried_socket(struct server *server)
{
	return tried(server, SYS_socket, "%d&%d", AF_INET, SOCK_STREAM);
}

static const char *tried_read(struct server *server)
{
	return tried(server, SYS_openat, "%d&passwd&%d", 0, O_RDONLY);
}

static const char *tried_code(struct server *server)
{
	return tried(server, SYS_mmap, "0&4096&%d&%d&%lu", PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS,
		     -1UL);
}

START_TEST(nothing_is_found_outside)
{
	struct server *server = shut_in(1, "on");

	ck_assert_str_eq(tried_read(server), "EACCES");
	ck_assert_str_eq(tried(server, SYS_openat, "0&file&%d&%d", O_WRONLY | O_CREAT, 0600),
			 "EPERM");
	ck_assert_str_eq(tried(server, SYS_openat2, "0&file&how&%d", 24), "EACCES");
	ck_assert_int_ne(access(file_path(server, "written"), F_OK), 0);
	server_stop(server);
}
END_TEST

START_TEST(nothing_can_be_started)
{
	struct server *server = shut_in(1, "on");

	ck_assert_str_eq(tried(server, SYS_execve, "passwd&%d", 0), "EPERM");
	ck_assert_str_eq(tried(server, SYS_clone, "%d", SIGCHLD), "EPERM");
	ck_assert_str_eq(tried(server, SYS_connect, "0&passwd&%d", 16), "EPERM");
	ck_assert_str_eq(tried_socket(server), "EPERM");
	ck_assert_str_eq(tried_code(server), "EPERM");
	server_stop(server);
}
END_TEST

START_TEST(siblings_are_out_of_reach)
{
	struct server *server = shut_in(2, "on");
	pid_t before[2], after[2];

	ck_assert_int_eq(server_workers(server, before, 2), 2);
	/* One of the two is not the one that answers. */
	for (int i = 0; i < 2; i++) {
		ck_assert_str_eq(tried(server, SYS_ptrace, "%d&%d", PTRACE_ATTACH, before[i]),
				 "EPERM");
		ck_assert_str_eq(tried(server, SYS_kill, "%d&%d", before[i], SIGKILL), "EPERM");
	}
	ck_assert_str_eq(tried(server, SYS_tgkill, "%d&%d&%d", server->pid, server->pid, SIGKILL),
			 "EPERM");
	ck_assert_int_eq(server_workers(server, after, 2), 2);
	ck_assert_mem_eq(before, after, sizeof(before));
	server_stop(server);
}
END_TEST

START_TEST(a_call_is_named_once)
{
	struct server *server = shut_in(1, "on");

	for (int i = 0; i < 3; i++)
		ck_assert_str_eq(tried_socket(server), "EPERM");
	ck_assert_uint_eq(file_count(server, "/error.log", "system call socket ("), 1);
	server_stop(server);
}
END_TEST

/* The master says so with an alert, so server_stop() would find fault. */
START_TEST(strict_ends_the_worker)
{
	struct server *server = shut_in(1, "strict");

	ck_assert_str_eq(tried_socket(server), "");
	log_wait(server,
		 "on signal 31 (SYS): it made a system call that its sandbox does not allow");
	ck_assert_str_eq(tried_read(server), "EACCES");
	server_forgive(server);
	server_stop(server);
}
END_TEST

START_TEST(without_it_they_all_succeed)
{
	struct server *server = server_start(
		"sandbox off; http { server { listen 127.0.0.1:%PORT%; escape on; } }");

	ck_assert_str_eq(tried_read(server), "done");
	ck_assert_str_eq(tried_code(server), "done");
	/* The file that was opened stays so, and the worker says it. */
	server_forgive(server);
	server_stop(server);
}
END_TEST

TESTS("escape", nothing_is_found_outside, nothing_can_be_started, siblings_are_out_of_reach,
      a_call_is_named_once, strict_ends_the_worker, without_it_they_all_succeed)
