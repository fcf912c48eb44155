/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * System calls that fail in the master and in what it starts: a worker is started,
 * a configuration read, a program replaced when the system has run short. Nothing
 * changes then, nothing is left over, and all is well when it is over.
 */
#include "harness/client.h"
#include "harness/inject.h"
#include "harness/memory.h"
#include "harness/test.h"
#include "harness/upgrade.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>

enum { PROCESSES = 20 };

static bool reload(struct server *server)
{
	static const char good[] = " serves, with ", bad[] = "reload: nothing was changed",
			  late[] = "the old one stays";
	struct deadline wait = { 0 };
	size_t before = file_count(server, "/error.log", good);
	size_t failed =
		file_count(server, "/error.log", bad) + file_count(server, "/error.log", late);

	kill(server->pid, SIGHUP);
	while (file_count(server, "/error.log", good) == before) {
		if (file_count(server, "/error.log", bad) + file_count(server, "/error.log", late) >
		    failed)
			return false;
		deadline_wait(&wait, "the reload is over");
	}
	return true;
}

START_TEST(a_worker_is_started_when_there_are_processes_again)
{
	inject_into(SYS_clone, SYS_clone3);
	struct server *server = server_serving("", "");
	pid_t pid = atoi(get(server, "/pid").body);

	inject(.call = SYS_clone, .error = EAGAIN, .only = server->pid);
	inject(.call = SYS_clone3, .error = EAGAIN, .only = server->pid);
	kill(pid, SIGKILL);
	log_wait(server, "cannot start worker process 0");
	struct client *client = client_open(server);
	client_send(client, "GET /pid HTTP/1.1\r\nHost: a\r\n\r\n");
	inject_wait(SYS_clone, 4);
	log_once(server, "cannot start worker process 0");
	inject_end(SYS_clone);
	inject_end(SYS_clone3);
	ck_assert_int_eq(client_reply(client).status, 200);
	server_forgive(server);
	server_stop(server);
}
END_TEST

/* One of two ends at each start; then the other one, without which nobody serves. */
START_TEST(a_worker_that_cannot_start_is_started_more_slowly)
{
	inject_into(SYS_epoll_create1);
	struct server *server = server_serving("worker_processes 2;", "");

	inject(.call = SYS_epoll_create1, .error = EMFILE, .but = server->pid);
	kill(atoi(get(server, "/pid").body), SIGKILL);
	log_wait(server, "in a row before it served: the next start is in 200 ms");
	log_wait(server, "in a row before it served: the next start is in 400 ms");
	pid_t pid = atoi(get(server, "/pid").body);
	put_file(server, "/error.log", "");
	kill(pid, SIGKILL);
	struct client *client = client_open(server);
	client_send(client, "GET /pid HTTP/1.1\r\nHost: a\r\n\r\n");
	log_wait(server, "3 times in a row before it served: the next start is in 200 ms");
	log_wait(server, "4 times in a row before it served: the next start is in 200 ms");
	inject_end(SYS_epoll_create1);
	ck_assert_int_eq(client_reply(client).status, 200);
	server_forgive(server);
	server_stop(server);
}
END_TEST

/*
 * The call fails from the first time on, from the second … until a reload makes
 * no more of them and so succeeds. Nothing is left over of those that failed.
 */
static void reloads_fail(int call, int error, bool in_master)
{
	inject_into(call);
	struct server *server = server_serving("worker_processes 2;", "");
	struct client *client = client_open(server);
	const char *pid = client_get(client, "/pid").body;
	struct injection injection = { .call = call, .error = error };
	struct deadline wait = { 0 };
	pid_t pids[PROCESSES];

	*(in_master ? &injection.only : &injection.but) = server->pid;
	for (inject_start(&injection); !reload(server); inject_start(&injection)) {
		injection.skip++;
		ck_assert_str_eq(client_get(client, "/pid").body, pid);
	}
	ck_assert_uint_gt(injection.skip, 0);
	inject_end(call);
	ck_assert(reload(server));
	ck_assert_int_eq(client_get(client, "/pid").status, 200);
	while (server_workers(server, pids, PROCESSES) != 2)
		deadline_wait(&wait, "two workers are left");
	server_forgive(server);
	server_stop(server);
}

START_TEST(a_reload_without_processes)
{
	reloads_fail(SYS_clone, EAGAIN, true);
}
END_TEST

START_TEST(a_reload_without_sockets)
{
	reloads_fail(SYS_socketpair, ENFILE, true);
}
END_TEST

START_TEST(a_reload_without_files)
{
	reloads_fail(SYS_openat, ENFILE, true);
}
END_TEST

START_TEST(a_reload_without_events)
{
	reloads_fail(SYS_epoll_ctl, ENOSPC, true);
}
END_TEST

START_TEST(new_workers_without_a_loop)
{
	reloads_fail(SYS_epoll_create1, ENFILE, false);
}
END_TEST

START_TEST(new_workers_without_signals)
{
	reloads_fail(SYS_signalfd4, ENFILE, false);
}
END_TEST

START_TEST(new_workers_without_a_queue)
{
	reloads_fail(SYS_eventfd2, ENFILE, false);
}
END_TEST

/* Large enough that its text does not fit into what the heap has left. */
static void put_large_types(struct server *server)
{
	char *text = memory_alloc(1 << 20);
	size_t len = 0;

	for (int i = 0; i < 20000; i++)
		len += (size_t)sprintf(text + len, "text/x-%d name-%d;", i, i);
	put_file(server, "/conf/large.types", text);
}

/*
 * Memory fails the first, the second … time that the master asks for more, and again
 * some times after that.
 */
START_TEST(a_reload_waits_for_memory)
{
	inject_into_memory();
	struct server *server = server_serving("", "types { include %DIR%/conf/*.types; }");
	struct client *client = client_open(server);
	unsigned failed = 0, skip = 0;

	put_large_types(server);
	do {
		inject_no_memory(.only = server->pid, .skip = skip, .count = 4);
		reload(server);
		ck_assert_int_eq(client_get(client, "/pid").status, 200);
		failed = inject_memory_end();
		skip++;
	} while (failed);
	ck_assert_uint_gt(skip, 1);
	log_once(server, "no memory: the master process waits");
	ck_assert(reload(server));
	ck_assert_int_eq(client_get(client, "/pid").status, 200);
	server_forgive(server);
	server_stop(server);
}
END_TEST

START_TEST(a_master_that_waits_for_memory_can_be_ended)
{
	inject_into_memory();
	struct server *server = server_serving("", "types { include %DIR%/conf/*.types; }");

	put_large_types(server);
	inject_no_memory(.only = server->pid);
	kill(server->pid, SIGHUP);
	log_wait(server, "no memory: the master process waits");
	ck_assert_int_eq(get(server, "/pid").status, 200);
	server_abandon(server);
}
END_TEST

static void put_pid(struct server *server, const char *name)
{
	put_file(server, "/conf/server.conf",
		 server_text(server, memory_printf("daemon off; pid %%DIR%%/%s;\n"
						   "error_log %%DIR%%/error.log info; events { }\n"
						   "http { access_log off; server {"
						   " listen 127.0.0.1:%%PORT%%; return 200 %s; } }",
						   name, name)));
}

START_TEST(a_pid_file_without_room)
{
	inject_into(SYS_write);
	struct server *server = server_serving("", "");

	put_pid(server, "new.pid");
	inject(.call = SYS_write, .error = ENOSPC, .file = "/new.pid.");
	ck_assert(reload(server));
	log_once(server, "cannot write the pid file");
	server_forgive(server);
	server_stop(server);
}
END_TEST

/* It looks for leaks at the end of a process, in a thread that it makes by clone(2). */
static void skip_for_sanitizer(int call)
{
	if (server_is_sanitized && call == SYS_clone)
		test_skip("a sanitizer ends a program in which it cannot look for leaks");
}

/*
 * An upgrade fails by the first call, by the second … until it makes no more of them
 * and so succeeds; all the while the old program serves its connections.
 */
static void upgrades_fail(struct server *server, int call, int error)
{
	struct client *clients[UPGRADE_CLIENTS];
	struct upgrade_outcome outcome;
	unsigned skip = 0;

	open_clients(server, clients);
	for (;; skip++) {
		inject(.call = call, .error = error, .skip = skip);
		outcome = upgrade_command(server, "-s upgrade");
		if (outcome.status == 0)
			break;
		ck_assert_int_eq(atoi(file_text(server, "/server.pid")), server->pid);
		check_clients(clients);
	}
	inject_end(call);
	ck_assert_uint_gt(skip, 0);
	check_clients(clients);
	ck_assert_str_eq(get(server, "/").body, "ok");
}

static void upgrades_in_place_fail(int call, int error)
{
	skip_for_sanitizer(call);
	inject_into(call);
	struct server *server = upgrade_start("worker_processes 2;");

	upgrades_fail(server, call, error);
	wait_for_processes(server, 2);
	upgrade_forgive(server);
	upgrade_stop(server);
}

START_TEST(an_upgrade_without_execution)
{
	upgrades_in_place_fail(SYS_execve, ENOMEM);
}
END_TEST

START_TEST(an_upgrade_without_processes)
{
	upgrades_in_place_fail(SYS_clone, EAGAIN);
}
END_TEST

START_TEST(an_upgrade_without_memory_files)
{
	upgrades_in_place_fail(SYS_memfd_create, ENFILE);
}
END_TEST

START_TEST(an_upgrade_without_sockets)
{
	upgrades_in_place_fail(SYS_socketpair, ENFILE);
}
END_TEST

/* What fails in the new master after a while comes to nothing, too. */
static void upgrades_beside_fail(int call, int error)
{
	skip_for_sanitizer(call);
	inject_into(call);
	struct server *server = upgrade_start_in_background("worker_processes 2;");

	upgrades_fail(server, call, error);
	upgrade_settle(server);
	upgrade_forgive(server);
	upgrade_stop(server);
}

START_TEST(a_new_master_without_execution)
{
	upgrades_beside_fail(SYS_execve, ENOMEM);
}
END_TEST

START_TEST(a_new_master_without_processes)
{
	upgrades_beside_fail(SYS_clone, EAGAIN);
}
END_TEST

START_TEST(a_new_master_without_sockets)
{
	upgrades_beside_fail(SYS_socketpair, ENFILE);
}
END_TEST

TESTS_IN((&(struct test_suite){ .name = "injection into the master", .timeout = 120 }),
	 a_worker_is_started_when_there_are_processes_again,
	 a_worker_that_cannot_start_is_started_more_slowly, a_reload_without_processes,
	 a_reload_without_sockets, a_reload_without_files, a_reload_without_events,
	 new_workers_without_a_loop, new_workers_without_signals, new_workers_without_a_queue,
	 a_reload_waits_for_memory, a_master_that_waits_for_memory_can_be_ended,
	 a_pid_file_without_room, an_upgrade_without_execution, an_upgrade_without_processes,
	 an_upgrade_without_memory_files, an_upgrade_without_sockets,
	 a_new_master_without_execution, a_new_master_without_processes,
	 a_new_master_without_sockets)
