/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * System calls that fail as they do when the whole system has run short: of open
 * files, of processes, of memory, of room on the disk. For each: what is answered,
 * one line in the log however long it lasts, and all is well when it is over.
 */
#include "harness/client.h"
#include "harness/inject.h"
#include "harness/memory.h"
#include "harness/test.h"
#include "harness/upgrade.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { OFTEN = 20 };

static struct server *start(const char *main, const char *http)
{
	struct server *server = server_start(memory_printf(
		"%s http { %s server { listen 127.0.0.1:%%PORT%%; root %%DIR%%/html;\n"
		"location /pid { return 200 $pid; } } }",
		main, http));

	log_wait(server, " serves, with ");
	return server;
}

/* The log speaks of it as it should: the case's own checks are enough. */
static void stop(struct server *server)
{
	put_file(server, "/error.log", "");
	server_stop(server);
}

static void log_once(struct server *server, const char *text)
{
	log_wait(server, text);
	ck_assert_uint_eq(file_count(server, "/error.log", text), 1);
}

/* Until it has failed so often. */
static void wait_for_failures(int call, unsigned count)
{
	struct patience wait = { 0 };

	while (inject_count(call) < count)
		patience(&wait, "the call has failed");
}

static bool reload(struct server *server)
{
	static const char good[] = " serves, with ", bad[] = "reload: nothing was changed",
			  late[] = "the old one stays";
	struct patience wait = { 0 };
	size_t before = file_count(server, "/error.log", good);
	size_t failed =
		file_count(server, "/error.log", bad) + file_count(server, "/error.log", late);

	kill(server->pid, SIGHUP);
	while (file_count(server, "/error.log", good) == before) {
		if (file_count(server, "/error.log", bad) + file_count(server, "/error.log", late) >
		    failed)
			return false;
		patience(&wait, "the reload is over");
	}
	return true;
}

static void inject_into_memory(void)
{
	if (server_is_sanitized)
		test_skip("a sanitizer ends the program when it gets no memory");
	inject_into(SYS_mmap, SYS_brk);
}

/* brk(2) says by 0 that the end of the heap stays where it is. */
static void take_memory(const struct server *server)
{
	inject(.call = SYS_mmap, .error = ENOMEM, .but = server->pid);
	inject(.call = SYS_brk, .but = server->pid);
}

static void give_memory(void)
{
	inject_end(SYS_mmap);
	inject_end(SYS_brk);
}

static void connections_wait(const char *main, int error)
{
	inject_into(SYS_accept4);
	struct server *server = start(main, "");
	struct client *old = client_open(server);

	ck_assert_int_eq(client_get(old, "/pid").status, 200);
	inject(.call = SYS_accept4, .error = error);
	struct client *client = client_open(server);
	client_send(client, "GET /pid HTTP/1.1\r\nHost: a\r\n\r\n");
	wait_for_failures(SYS_accept4, 3);
	ck_assert_int_eq(client_get(old, "/pid").status, 200);
	inject_end(SYS_accept4);
	ck_assert_int_eq(client_reply(client).status, 200);
	log_once(server, "accept() from");
	stop(server);
}

START_TEST(connections_wait_while_the_system_has_no_descriptors)
{
	connections_wait("", ENFILE);
}
END_TEST

START_TEST(connections_wait_while_the_system_has_no_memory)
{
	connections_wait("", ENOBUFS);
}
END_TEST

START_TEST(connections_wait_for_the_acceptor)
{
	connections_wait("worker_processes 2; events { accept_mode handoff; }", ENFILE);
}
END_TEST

/* Its times are trusted at once. */
static void put_old_file(struct server *server, const char *name)
{
	put_file(server, name, "text");
	ck_assert_int_eq(utimensat(AT_FDCWD, file_path(server, name),
				   (const struct timespec[2]){ { .tv_sec = 1 }, { .tv_sec = 1 } },
				   0),
			 0);
}

static void files_are_answered_later(int error)
{
	inject_into(SYS_open, SYS_openat, SYS_openat2);
	struct server *server = start("", "");
	struct client *client = client_open(server);

	for (int i = 0; i < OFTEN; i++)
		put_old_file(server, memory_printf("%d", i));
	inject(.call = SYS_open, .error = error);
	inject(.call = SYS_openat, .error = error);
	inject(.call = SYS_openat2, .error = error);
	for (int i = 0; i < OFTEN; i++)
		ck_assert_int_eq(client_get(client, memory_printf("/%d", i)).status, 503);
	inject_end(SYS_open);
	inject_end(SYS_openat);
	inject_end(SYS_openat2);
	for (int i = 0; i < OFTEN; i++)
		ck_assert_str_eq(client_get(client, memory_printf("/%d", i)).body, "text");
	log_once(server, strerror(error));
	stop(server);
}

START_TEST(files_are_answered_later_without_descriptors)
{
	files_are_answered_later(ENFILE);
}
END_TEST

START_TEST(files_are_answered_later_without_memory)
{
	files_are_answered_later(ENOMEM);
}
END_TEST

START_TEST(a_worker_is_started_when_there_are_processes_again)
{
	inject_into(SYS_clone, SYS_clone3);
	struct server *server = start("", "");
	pid_t pid = atoi(get(server, "/pid").body);

	inject(.call = SYS_clone, .error = EAGAIN, .only = server->pid);
	inject(.call = SYS_clone3, .error = EAGAIN, .only = server->pid);
	kill(pid, SIGKILL);
	log_wait(server, "cannot start worker process 0");
	struct client *client = client_open(server);
	client_send(client, "GET /pid HTTP/1.1\r\nHost: a\r\n\r\n");
	wait_for_failures(SYS_clone, 4);
	log_once(server, "cannot start worker process 0");
	inject_end(SYS_clone);
	inject_end(SYS_clone3);
	ck_assert_int_eq(client_reply(client).status, 200);
	stop(server);
}
END_TEST

/*
 * The call fails from the first time on, from the second … until a reload makes
 * no more of them and so succeeds. Nothing is left over of those that failed.
 */
static void reloads_fail(int call, int error, bool in_master)
{
	inject_into(call);
	struct server *server = start("worker_processes 2;", "");
	struct client *client = client_open(server);
	const char *pid = client_get(client, "/pid").body;
	struct injection injection = { .call = call, .error = error };
	struct patience wait = { 0 };
	pid_t pids[OFTEN];

	*(in_master ? &injection.only : &injection.but) = server->pid;
	for (inject_start(&injection); !reload(server); inject_start(&injection)) {
		injection.skip++;
		ck_assert_str_eq(client_get(client, "/pid").body, pid);
	}
	ck_assert_uint_gt(injection.skip, 0);
	inject_end(call);
	ck_assert(reload(server));
	ck_assert_int_eq(client_get(client, "/pid").status, 200);
	while (server_workers(server, pids, OFTEN) != 2)
		patience(&wait, "two workers are left");
	stop(server);
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
	struct server *server = start("", "types { include %DIR%/conf/*.types; }");
	struct client *client = client_open(server);
	unsigned failed = 0, skip = 0;

	put_large_types(server);
	do {
		inject(.call = SYS_mmap, .error = ENOMEM, .only = server->pid, .skip = skip,
		       .count = 4);
		inject(.call = SYS_brk, .only = server->pid, .skip = skip, .count = 4);
		reload(server);
		ck_assert_int_eq(client_get(client, "/pid").status, 200);
		failed = inject_end(SYS_mmap) + inject_end(SYS_brk);
		skip++;
	} while (failed);
	ck_assert_uint_gt(skip, 1);
	log_once(server, "no memory: the master process waits");
	ck_assert(reload(server));
	ck_assert_int_eq(client_get(client, "/pid").status, 200);
	stop(server);
}
END_TEST

START_TEST(connections_without_events)
{
	inject_into(SYS_epoll_ctl);
	struct server *server = start("", "");
	struct client *client = client_open(server);

	ck_assert_int_eq(client_get(client, "/pid").status, 200);
	inject(.call = SYS_epoll_ctl, .error = ENOSPC);
	for (int i = 0; i < OFTEN; i++)
		ck_assert(client_is_closed(client_open(server)));
	/* The idle one has made room. */
	ck_assert(client_is_closed(client));
	inject_end(SYS_epoll_ctl);
	ck_assert_int_eq(get(server, "/pid").status, 200);
	log_once(server, "epoll does not take it");
	stop(server);
}
END_TEST

START_TEST(types_are_not_guessed_without_threads)
{
	inject_into(SYS_clone, SYS_clone3);
	struct server *server = start("", "");
	struct client *client = client_open(server);

	inject(.call = SYS_clone, .error = EAGAIN);
	inject(.call = SYS_clone3, .error = EAGAIN);
	for (int i = 0; i < OFTEN; i++) {
		put_file(server, memory_printf("%d", i), "%PDF-1.4");
		ck_assert_int_eq(client_get(client, memory_printf("/%d", i)).status, 200);
	}
	ck_assert_uint_gt(inject_end(SYS_clone) + inject_end(SYS_clone3), 0);
	put_file(server, "after", "%PDF-1.4");
	struct reply reply = client_get(client, "/after");
	ck_assert_str_eq(reply_header(&reply, "Content-Type"), "application/pdf");
	stop(server);
}
END_TEST

START_TEST(a_log_without_room)
{
	inject_into(SYS_write, SYS_writev);
	struct server *server = start("", "access_log %DIR%/access.log;");
	struct client *client = client_open(server);

	if (geteuid() != 0)
		test_skip("only root may see to which file a worker writes");
	inject(.call = SYS_write, .error = ENOSPC, .but = server->pid, .file = "/access.log");
	for (int i = 0; i < OFTEN; i++)
		ck_assert_int_eq(client_get(client, "/pid").status, 200);
	ck_assert_uint_gt(inject_end(SYS_write), 0);
	log_once(server, "access.log");
	ck_assert_int_eq(client_get(client, "/last").status, 404);
	struct patience wait = { 0 };
	while (file_count(server, "/access.log", "/last") != 1)
		patience(&wait, "lines are written again");
	stop(server);
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
	struct server *server = start("", "");

	put_pid(server, "new.pid");
	inject(.call = SYS_write, .error = ENOSPC,
	       .file = memory_printf("/new.pid.%d", server->pid));
	ck_assert(reload(server));
	log_once(server, "cannot write the pid file");
	stop(server);
}
END_TEST

START_TEST(connections_without_memory)
{
	enum { MANY = 400 };
	inject_into_memory();
	struct server *server = start("", "");
	struct client *clients[MANY];
	const char *pid = get(server, "/pid").body;

	take_memory(server);
	for (int i = 0; i < MANY; i++)
		clients[i] = client_open(server);
	ck_assert(client_is_closed(clients[MANY - 1]));
	give_memory();
	ck_assert_str_eq(client_get(clients[0], "/pid").body, pid);
	ck_assert_str_eq(get(server, "/pid").body, pid);
	log_once(server, "no memory for it");
	stop(server);
}
END_TEST

START_TEST(a_head_without_memory)
{
	inject_into_memory();
	struct server *server = start("", "large_client_header_buffers 4 1m;");
	struct client *idle = client_open(server), *client = client_open(server);
	const char *pid = client_get(idle, "/pid").body;

	client_send(client, memory_printf("GET /%0400000d", 0));
	ck_assert(client_is_quiet(client, 100));
	take_memory(server);
	client_send(client, memory_printf("%0400000d", 0));
	ck_assert(client_is_closed(client));
	give_memory();
	log_once(server, "no memory for what it sends");
	ck_assert_str_eq(client_get(idle, "/pid").body, pid);
	stop(server);
}
END_TEST

/* An answer that is made in memory, of 2 MB. */
START_TEST(a_worker_that_needs_memory_is_replaced)
{
	inject_into_memory();
	char *many = memory_alloc(4000);
	for (int i = 0; i < 300; i++)
		strcpy(many + i * 12, "$request_uri");
	struct server *server = server_with(memory_printf("location /many { return 200 %s; }\n"
							  "location / { return 200 ok; }",
							  many));
	struct client *idle = client_open(server), *client = client_open(server);
	struct patience wait = { 0 };

	log_wait(server, " serves, with ");
	ck_assert_int_eq(client_get(idle, "/").status, 200);
	take_memory(server);
	client_send(client, memory_printf("GET /many%07000d HTTP/1.1\r\nHost: a\r\n\r\n", 0));
	ck_assert(client_is_closed(idle));
	ck_assert(client_is_closed(client));
	log_wait(server, "this process ends");
	give_memory();
	while (get(server, "/").status != 200)
		patience(&wait, "another worker answers");
	stop(server);
}
END_TEST

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

TESTS("injection", connections_without_memory, a_head_without_memory,
      a_worker_that_needs_memory_is_replaced, connections_wait_while_the_system_has_no_descriptors,
      connections_wait_while_the_system_has_no_memory, connections_wait_for_the_acceptor,
      connections_without_events, files_are_answered_later_without_descriptors,
      files_are_answered_later_without_memory, types_are_not_guessed_without_threads,
      a_worker_is_started_when_there_are_processes_again, a_reload_without_processes,
      a_reload_without_sockets, a_reload_without_files, a_reload_without_events,
      new_workers_without_a_loop, new_workers_without_signals, new_workers_without_a_queue,
      a_reload_waits_for_memory, a_log_without_room, a_pid_file_without_room,
      an_upgrade_without_execution, an_upgrade_without_processes, an_upgrade_without_memory_files,
      an_upgrade_without_sockets, a_new_master_without_execution, a_new_master_without_processes,
      a_new_master_without_sockets)
