/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The life of the processes: signals, reloads, deaths.
 */
#include "harness/client.h"
#include "harness/memory.h"
#include "harness/scratch.h"
#include "harness/test.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WORKERS = 16 };

/* A server whose answer to /v is what the file v.conf says. */
static struct server *start(const char *main)
{
	static const char *const files[] = {
		"/v.conf", "return 200 one;", "/main.conf", "", "/http.conf", "", NULL,
	};
	const struct server_setup setup = {
		.conf = memory_printf("%s include %%DIR%%/main.conf;\n"
				      "http { include %%DIR%%/http.conf;\n"
				      "server { listen 127.0.0.1:%%PORT%%; root %%DIR%%/html;\n"
				      "location /v { include %%DIR%%/v.conf; } } }",
				      main),
		.files = files,
	};

	return server_start_with(&setup);
}

static void reload(struct server *server)
{
	size_t before = file_count(server, "/error.log", " serves, with ");
	struct deadline wait = { 0 };

	ck_assert_int_eq(kill(server->pid, SIGHUP), 0);
	while (file_count(server, "/error.log", " serves, with ") == before)
		deadline_wait(&wait, "the new generation serves");
}

static void wait_for_workers(struct server *server, int count)
{
	pid_t pids[WORKERS];
	struct deadline wait = { 0 };

	while (server_workers(server, pids, WORKERS) != count)
		deadline_wait(&wait, "the right number of workers");
}

/* An old worker may take one more connection before it hears that it is to end. */
static void wait_for_answer(struct server *server, const char *body)
{
	struct deadline wait = { 0 };

	while (strcmp(get(server, "/v").body, body) != 0)
		deadline_wait(&wait, "the new answer");
}

START_TEST(pid_file_comes_and_goes)
{
	struct server *server = start("");

	ck_assert_str_eq(file_text(server, "/server.pid"), memory_printf("%d\n", server->pid));
	server_stop(server);
}
END_TEST

START_TEST(ends_at_once)
{
	struct server *server = start("");
	struct client *client = client_open(server);

	client_get(client, "/v");
	kill(server->pid, SIGTERM);
	log_wait(server, "signal TERM received, ending now");
	server_stop_by(server, SIGTERM);
}
END_TEST

START_TEST(the_answer_under_way_ends_before_the_worker)
{
	struct server *server = start("");
	put_large(server);
	struct client *client = client_open_slow(server);
	char first[100];

	client_send(client, "GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
	ck_assert_uint_gt(client_read(client, first, sizeof(first)), 0);
	kill(server->pid, SIGQUIT);
	log_wait(server, "signal QUIT received");
	ck_assert_uint_ge(client_drain(client), 16 << 20);
	server_stop(server);
}
END_TEST

START_TEST(worker_shutdown_timeout_ends_a_slow_one)
{
	struct server *server = start("worker_shutdown_timeout 100ms;");
	put_large(server);
	struct client *client = client_open_slow(server);
	char first[100];

	client_send(client, "GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
	ck_assert_uint_gt(client_read(client, first, sizeof(first)), 0);
	kill(server->pid, SIGQUIT);
	log_wait(server, "worker_shutdown_timeout is over");
	ck_assert_uint_lt(client_drain(client), 16 << 20);
	server_stop(server);
}
END_TEST

START_TEST(a_reload_brings_the_new_configuration)
{
	struct server *server = start("");

	ck_assert_str_eq(get(server, "/v").body, "one");
	put_file(server, "/v.conf", "return 200 two;");
	reload(server);
	wait_for_answer(server, "two");
	server_stop(server);
}
END_TEST

START_TEST(a_reload_with_errors_changes_nothing)
{
	struct server *server = start("");
	pid_t before[WORKERS], after[WORKERS];

	wait_for_workers(server, 1);
	server_workers(server, before, WORKERS);
	put_file(server, "/v.conf", "retrun 200 two;");
	kill(server->pid, SIGHUP);
	log_wait(server, "reload: nothing was changed");
	ck_assert(log_has(server, "v.conf:1:1: unknown directive \"retrun\""));
	ck_assert_int_eq(server_workers(server, after, WORKERS), 1);
	ck_assert_int_eq(before[0], after[0]);
	ck_assert_str_eq(get(server, "/v").body, "one");
	server_forgive(server);
	server_stop(server);
}
END_TEST

START_TEST(a_reload_without_its_address_changes_nothing)
{
	struct server *server = start("");

	put_file(server, "/v.conf", "return 200 two;");
	put_file(server, "/http.conf",
		 server_text(server, "server { listen unix:%DIR%/no/such/socket; }"));
	kill(server->pid, SIGHUP);
	log_wait(server, "reload: nothing was changed");
	ck_assert(log_has(server, "bind() to unix:"));
	ck_assert_str_eq(get(server, "/v").body, "one");
	server_forgive(server);
	server_stop(server);
}
END_TEST

/* Opens responses that both workers send, and that do not end before the clients are closed. */
static void open_held(struct server *server, struct client **clients, size_t count)
{
	put_large(server);
	for (size_t i = 0; i < count; i++) {
		char first[100];

		clients[i] = client_open_slow(server);
		client_send(clients[i], "GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
		ck_assert_uint_gt(client_read(clients[i], first, sizeof(first)), 0);
	}
}

/* The workers of one configuration are replaced by others of the same, which end before them. */
START_TEST(replaced_workers_end_after_their_successors)
{
	struct server *server = start("events { accept_mode reuseport; }");
	enum { HELD = 24 }; /* so many that each of the two workers has some */
	struct client *clients[HELD];
	struct deadline wait = { 0 };

	put_file(server, "/main.conf", "worker_processes 2;");
	reload(server);
	wait_for_workers(server, 2);
	open_held(server, clients, HELD);
	put_file(server, "/main.conf", "worker_processes 5;");
	put_file(server, "/http.conf", server_text(server, "server { listen 127.0.0.1:%PORT2%; }"));
	int fd = occupy_port(server, 1);
	kill(server->pid, SIGHUP);
	log_wait(server, "new workers are started, with the same configuration");
	while (file_count(server, "/error.log", " serves, with ") < 3)
		deadline_wait(&wait, "the new workers serve");
	kill(server->pid, SIGQUIT);
	wait_for_workers(server, 2);
	for (size_t i = 0; i < HELD; i++)
		client_close(clients[i]);
	close(fd);
	server_forgive(server);
	server_stop(server);
}
END_TEST

START_TEST(addresses_come_and_go)
{
	struct server *server = start("");

	put_file(server, "/http.conf",
		 server_text(server, "server { listen 127.0.0.1:%PORT2%; return 200 new; }"));
	reload(server);
	ck_assert_str_eq(ask(server, "/", .port = 1).body, "new");
	put_file(server, "/http.conf", "");
	reload(server);
	ck_assert_str_eq(get(server, "/v").body, "one");
	wait_for_workers(server, 1);
	server_stop(server);
}
END_TEST

START_TEST(the_number_of_workers_changes)
{
	struct server *server = start("");

	wait_for_workers(server, 1);
	put_file(server, "/main.conf", "worker_processes 3;");
	reload(server);
	wait_for_workers(server, 3);
	put_file(server, "/main.conf", "worker_processes 2;");
	reload(server);
	wait_for_workers(server, 2);
	ck_assert_str_eq(get(server, "/v").body, "one");
	server_stop(server);
}
END_TEST

START_TEST(a_hundred_reloads_leave_nothing)
{
	struct server *server = start("worker_processes 2;");

	for (int i = 0; i < 100; i++)
		kill(server->pid, SIGHUP);
	for (int i = 0; i < 10; i++)
		reload(server);
	ck_assert_str_eq(get(server, "/v").body, "one");
	wait_for_workers(server, 2);
	server_stop(server);
}
END_TEST

START_TEST(a_dead_worker_is_replaced)
{
	struct server *server = start("");
	pid_t pid;

	ck_assert_int_eq(server_workers(server, &pid, 1), 1);
	kill(pid, SIGKILL);
	log_wait(server, "exited on signal 9");
	ck_assert_str_eq(get(server, "/v").body, "one");
	wait_for_workers(server, 1);
	server_forgive(server);
	server_stop(server);
}
END_TEST

/* As the one who starts it may leave them: nohup, a shell's trap. */
START_TEST(signals_may_be_ignored_and_blocked_at_the_start)
{
	static const int ignored[] = { SIGCHLD, SIGHUP, SIGQUIT };
	sigset_t set;
	pid_t pid;

	sigfillset(&set);
	sigprocmask(SIG_BLOCK, &set, NULL);
	for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		signal(ignored[i], SIG_IGN);
	struct server *server = start("");
	signal(SIGCHLD, SIG_DFL);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	ck_assert_int_eq(server_workers(server, &pid, 1), 1);
	kill(pid, SIGKILL);
	log_wait(server, "exited on signal 9");
	ck_assert_str_eq(get(server, "/v").body, "one");
	reload(server);
	server_forgive(server);
	server_stop(server);
}
END_TEST

/* However often: none of them has to wait for its next start. */
START_TEST(one_that_has_served_is_replaced_at_once)
{
	struct server *server = server_serving("events { accept_mode handoff; }", "");
	enum { KILLS = 20 };

	for (int i = 1; i <= KILLS; i++) {
		pid_t pids[WORKERS];
		struct deadline wait = { 0 };
		struct client *client = client_open(server);

		ck_assert_int_eq(client_get(client, "/pid").status, 200);
		ck_assert_int_eq(server_workers(server, pids, WORKERS), 2);
		/* The worker, and every other time the acceptor. */
		kill(pids[0], SIGKILL);
		if (i % 2)
			kill(pids[1], SIGKILL);
		while (file_count(server, "/error.log", "exited on signal 9") <
		       (size_t)(i + (i + 1) / 2))
			deadline_wait(&wait, "its end is noticed");
		client_close(client);
	}
	ck_assert(!log_has(server, "the next start is in"));
	server_forgive(server);
	server_stop(server);
}
END_TEST

START_TEST(logs_are_opened_again)
{
	struct server *server = start("");
	struct deadline wait = { 0 };

	ck_assert_int_eq(rename(file_path(server, "/error.log"), file_path(server, "/old.log")), 0);
	kill(server->pid, SIGUSR1);
	while (access(file_path(server, "/error.log"), F_OK) < 0)
		deadline_wait(&wait, "the log is there again");
	size_t before = strlen(file_text(server, "/old.log"));
	/* The worker writes this one. */
	do
		get(server, "/missing");
	while (!log_has(server, "/missing") &&
	       deadline_wait(&wait, "the worker uses the new file"));
	ck_assert_uint_ge(strlen(file_text(server, "/old.log")), before);
	server_stop(server);
}
END_TEST

START_TEST(workers_end_without_their_master)
{
	struct server *server = start("worker_processes 2;");
	pid_t pids[WORKERS];
	struct deadline wait = { 0 };

	wait_for_workers(server, 2);
	server_workers(server, pids, WORKERS);
	/* Adopted, their end can be seen whoever is process 1. */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	kill(server->pid, SIGKILL);
	log_wait(server, "the master process has ended");
	for (int ended = 0; ended < 3;)
		if (waitpid(-1, NULL, WNOHANG) > 0)
			ended++;
		else
			deadline_wait(&wait, "master and workers are gone");
	scratch_remove(server->dir);
}
END_TEST

START_TEST(one_process_serves_alone)
{
	struct server *server = start("master_process off;");
	pid_t pid;

	ck_assert_int_eq(server_workers(server, &pid, 1), 0);
	ck_assert_str_eq(get(server, "/v").body, "one");
	server_stop(server);
}
END_TEST

TESTS("process", pid_file_comes_and_goes, ends_at_once, the_answer_under_way_ends_before_the_worker,
      worker_shutdown_timeout_ends_a_slow_one, a_reload_brings_the_new_configuration,
      a_reload_with_errors_changes_nothing, a_reload_without_its_address_changes_nothing,
      replaced_workers_end_after_their_successors, addresses_come_and_go,
      the_number_of_workers_changes, a_hundred_reloads_leave_nothing, a_dead_worker_is_replaced,
      signals_may_be_ignored_and_blocked_at_the_start, one_that_has_served_is_replaced_at_once,
      logs_are_opened_again, workers_end_without_their_master, one_process_serves_alone)
