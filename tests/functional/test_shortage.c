/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is missing when: descriptors, processes, room on the disk, files and
 * folders. Each has one answer and one line in the log, however long it lasts.
 */
#include "harness/client.h"
#include "harness/memory.h"
#include "harness/test.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CLIENTS = 100, WORKERS = 8 };

/* Changes how many descriptors a process may open; returns how many it could before. */
static rlim_t limit_files(pid_t pid, rlim_t count)
{
	struct rlimit limit, old;

	ck_assert_int_eq(prlimit(pid, RLIMIT_NOFILE, NULL, &old), 0);
	limit = old;
	limit.rlim_cur = count;
	ck_assert_int_eq(prlimit(pid, RLIMIT_NOFILE, &limit, NULL), 0);
	return old.rlim_cur;
}

START_TEST(idle_connections_go_first)
{
	struct server *server = server_serving("worker_rlimit_nofile 64;", "");
	struct client *clients[CLIENTS];

	log_once(server, "a worker may open 64 descriptors, and takes");
	for (int i = 0; i < CLIENTS; i++) {
		clients[i] = client_open(server);
		ck_assert_int_eq(client_get(clients[i], "/pid").status, 200);
	}
	ck_assert(client_is_closed(clients[0]));
	ck_assert_int_eq(client_get(clients[CLIENTS - 1], "/pid").status, 200);
	server_stop(server);
}
END_TEST

/* None of the connections is idle. */
START_TEST(connections_wait_for_descriptors)
{
	struct server *server = server_serving("worker_rlimit_nofile 40;", "");
	struct client *busy[CLIENTS], *late;

	for (int i = 0; i < CLIENTS; i++) {
		busy[i] = client_open(server);
		client_send(busy[i], "GET /pid HTTP/1.1\r\n");
	}
	late = client_open(server);
	client_send(late, "GET /pid HTTP/1.1\r\nHost: a\r\n\r\n");
	log_wait(server, "worker_connections are in use");
	ck_assert(client_is_quiet(late, 1300));
	log_once(server, "worker_connections are in use");
	for (int i = 0; i < CLIENTS; i++)
		client_close(busy[i]);
	ck_assert_int_eq(client_reply(late).status, 200);
	server_forgive(server);
	server_stop(server);
}
END_TEST

/* All connections there can be, each with a file of its own, in each way to accept. */
static void files_have_descriptors(const char *mode)
{
	struct server *server = server_serving(
		memory_printf("worker_rlimit_nofile 40; events { accept_mode %s; }", mode), "");
	struct client *clients[CLIENTS];

	for (int i = 0; i < CLIENTS; i++) {
		const char *name = memory_printf("/%d.txt", i);
		put_bytes(server, name + 1, memory_alloc(1 << 20), 1 << 20);
		clients[i] = client_open_slow(server);
		client_send(clients[i], memory_printf("GET %s HTTP/1.1\r\nHost: a\r\n\r\n", name));
	}
	for (int i = 0; i < CLIENTS; i++) {
		ck_assert_int_eq(client_reply(clients[i]).status, 200);
		client_close(clients[i]);
	}
	ck_assert(!log_has(server, "accept() from"));
	server_forgive(server);
	server_stop(server);
}

START_TEST(files_have_descriptors_when_shared)
{
	files_have_descriptors("shared");
}
END_TEST

START_TEST(files_have_descriptors_at_handoff)
{
	files_have_descriptors("handoff");
}
END_TEST

START_TEST(a_worker_that_cannot_be_started_is_tried_again)
{
	struct server *server = server_serving("", "");
	rlim_t before = limit_files(server->pid, (rlim_t)server_descriptors(server) - 1);
	pid_t pid = atoi(get(server, "/pid").body);
	struct deadline wait = { 0 };

	kill(pid, SIGKILL);
	log_wait(server, "cannot start worker process 0");
	struct client *client = client_open(server);
	client_send(client, "GET /pid HTTP/1.1\r\nHost: a\r\n\r\n");
	ck_assert(client_is_quiet(client, 1000));
	log_once(server, "cannot start worker process 0");
	limit_files(server->pid, before);
	ck_assert_int_eq(client_reply(client).status, 200);
	while (server_workers(server, &pid, 1) != 1)
		deadline_wait(&wait, "the worker is there");
	server_forgive(server);
	server_stop(server);
}
END_TEST

/* How many reloads have come to an end, and by `served` how many of them well. */
static size_t reloads_over(struct server *server, size_t *served)
{
	*served = file_count(server, "/error.log", " serves, with 2 workers") - 1;
	return *served + file_count(server, "/error.log", "reload: nothing was changed") +
	       file_count(server, "/error.log", "the old one stays");
}

static bool reload(struct server *server)
{
	struct deadline wait = { 0 };
	size_t served, served_before;
	size_t before = reloads_over(server, &served_before);

	kill(server->pid, SIGHUP);
	while (reloads_over(server, &served) == before)
		deadline_wait(&wait, "the reload is over");
	return served > served_before;
}

/* A descriptor more each time: all places at which a reload can run out of them. */
START_TEST(a_reload_without_descriptors_changes_nothing)
{
	struct server *server = server_serving("worker_processes 2;", "");
	struct client *client = client_open(server);
	const char *pid = client_get(client, "/pid").body;
	pid_t pids[WORKERS];
	int open = server_descriptors(server), failed = 0;
	rlim_t before = limit_files(server->pid, (rlim_t)open);

	while (!reload(server)) {
		struct deadline wait = { 0 };
		ck_assert_str_eq(client_get(client, "/pid").body, pid);
		while (server_descriptors(server) > open)
			deadline_wait(&wait, "the descriptors of the failed reload are closed");
		limit_files(server->pid, (rlim_t)(open + ++failed));
	}
	ck_assert_int_gt(failed, 0);
	/* To pass it on is refused while others of this user have as many on their way. */
	client_close(client);
	limit_files(server->pid, before);
	ck_assert(reload(server));
	struct deadline wait = { 0 };
	while (server_workers(server, pids, WORKERS) != 2)
		deadline_wait(&wait, "the old workers have gone");
	ck_assert_int_eq(get(server, "/pid").status, 200);
	server_forgive(server);
	server_stop(server);
}
END_TEST

START_TEST(a_full_disk_stops_nobody)
{
	if (access("/dev/full", W_OK) < 0)
		test_skip("there is no /dev/full");
	struct server *server = server_serving("", "access_log /dev/full;");
	struct client *client = client_open(server);

	for (int i = 0; i < CLIENTS; i++)
		ck_assert_int_eq(client_get(client, "/pid").status, 200);
	log_once(server, "lines are lost: writing to \"/dev/full\" failed");
	server_forgive(server);
	server_stop(server);
}
END_TEST

START_TEST(a_full_disk_under_the_error_log_stops_nobody)
{
	if (access("/dev/full", W_OK) < 0)
		test_skip("there is no /dev/full");
	struct server *server = server_serving("", "error_log /dev/full info; access_log off;");
	struct client *client = client_open(server);

	for (int i = 0; i < CLIENTS; i++)
		ck_assert_int_eq(client_get(client, "/missing").status, 404);
	server_stop(server);
}
END_TEST

/* Log files that are as large as files may be. The counters have no file then. */
START_TEST(a_log_at_the_limit_of_size_stops_nobody)
{
	enum { SIZE = 16 << 20 };
	char *full = memory_alloc(SIZE + 1);
	const char *const files[] = { "/access.log", full, "/full.log", full, NULL };
	const struct server_setup setup = {
		.conf = "error_log %DIR%/full.log info; http { access_log %DIR%/access.log;"
			"server { listen 127.0.0.1:%PORT%; location /pid { return 200 $pid; } } }",
		.files = files,
	};
	struct deadline wait = { 0 };

	memset(full, 'x', SIZE);
	full[SIZE] = '\0';
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &(struct rlimit){ SIZE, SIZE }), 0);
	struct server *server = server_start_with(&setup);
	struct client *client = client_open(server);
	const char *pid = client_get(client, "/pid").body;
	for (int i = 0; i < CLIENTS; i++)
		ck_assert_str_eq(client_get(client, "/pid").body, pid);
	log_once(server, "access.log\" failed (27: File too large)");
	ck_assert_int_eq(truncate(file_path(server, "/access.log"), 0), 0);
	do
		client_get(client, "/pid");
	while (file_count(server, "/access.log", "/pid") == 0 && deadline_wait(&wait, "a line"));
	log_once(server, "access.log\" were lost");
	server_forgive(server);
	server_stop(server);
}
END_TEST

START_TEST(a_log_that_became_a_folder_keeps_its_file)
{
	struct server *server = server_serving("", "access_log %DIR%/access.log;");
	struct client *client = client_open(server);
	const char *log = file_path(server, "/access.log");

	client_get(client, "/pid");
	ck_assert_int_eq(rename(log, file_path(server, "/old.log")), 0);
	ck_assert_int_eq(mkdir(log, 0755), 0);
	kill(server->pid, SIGUSR1);
	log_once(server, "cannot reopen the log file");
	client_get(client, "/pid");
	client_get(client, "/pid");
	struct deadline wait = { 0 };
	while (file_count(server, "/old.log", "/pid") != 3)
		deadline_wait(&wait, "the old file is written to");
	/* A reload wants to open it, and can't: nothing changes. */
	kill(server->pid, SIGHUP);
	log_wait(server, "reload: nothing was changed");
	ck_assert_int_eq(client_get(client, "/pid").status, 200);
	server_forgive(server);
	server_stop(server);
}
END_TEST

START_TEST(the_folder_of_the_pid_file_may_go)
{
	struct server *server = server_serving("", "");
	struct client *client = client_open(server);

	put_file(server, "/conf/server.conf",
		 server_text(server, "daemon off; pid %DIR%/run/pid;\n"
				     "error_log %DIR%/error.log info; events { }\n"
				     "http { access_log off; server {"
				     " listen 127.0.0.1:%PORT%; return 200 new; } }"));
	client_get(client, "/pid");
	kill(server->pid, SIGHUP);
	log_wait(server, "generation 2 of the configuration serves");
	log_once(server, "cannot write the pid file");
	ck_assert_str_eq(client_get(client, "/").body, "new");
	server_forgive(server);
	server_stop(server);
}
END_TEST

TESTS("shortage", idle_connections_go_first, connections_wait_for_descriptors,
      files_have_descriptors_when_shared, files_have_descriptors_at_handoff,
      a_worker_that_cannot_be_started_is_tried_again, a_reload_without_descriptors_changes_nothing,
      a_full_disk_stops_nobody, a_full_disk_under_the_error_log_stops_nobody,
      a_log_at_the_limit_of_size_stops_nobody,
      a_log_that_became_a_folder_keeps_its_file, the_folder_of_the_pid_file_may_go)
