/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Each way in which connections reach the workers, and the changes between them.
 */
#include "harness/client.h"
#include "harness/memory.h"
#include "harness/test.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "process/handoff/receiver.h"

static const char *const modes[] = { "shared", "reuseport", "handoff" };

enum { HANDOFF = 2, MODES = sizeof(modes) / sizeof(modes[0]), WORKERS = 16, CLIENTS = 40 };

static const char *conf(const char *mode, int workers, const char *listen)
{
	return memory_printf("worker_processes %d; events { accept_mode %s; multi_accept on; }\n"
			     "http { server { listen 127.0.0.1:%%PORT%%%s; return 200 ok; } }",
			     workers, mode, listen);
}

static void check_answers(struct server *server)
{
	struct client *clients[CLIENTS];

	for (int i = 0; i < CLIENTS; i++)
		clients[i] = client_open(server);
	for (int round = 0; round < 2; round++)
		for (int i = 0; i < CLIENTS; i++)
			ck_assert_str_eq(client_get(clients[i], "/").body, "ok");
	for (int i = 0; i < CLIENTS; i++)
		client_close(clients[i]);
}

START_TEST(every_mode_serves)
{
	for (int i = 0; i < MODES; i++) {
		struct server *server = server_start(conf(modes[i], 1 + i * 2, ""));

		check_answers(server);
		server_stop(server);
	}
}
END_TEST

START_TEST(eight_workers_serve)
{
	for (int i = 0; i < MODES; i++) {
		struct server *server = server_start(conf(modes[i], 8, ""));

		check_answers(server);
		server_stop(server);
	}
}
END_TEST

START_TEST(a_listener_of_its_own_for_each_worker)
{
	for (int i = 0; i < MODES; i++) {
		struct server *server = server_start(conf(modes[i], 3, " reuseport"));

		check_answers(server);
		server_stop(server);
	}
}
END_TEST

/* Returns when the old processes have gone: they close the connections they have idle. */
static void change(struct server *server, const char *text, int processes)
{
	pid_t pids[WORKERS];
	size_t before = file_count(server, "/error.log", " serves, with ");
	struct deadline wait = { 0 };

	put_file(server, "/conf/server.conf",
		 server_text(server, memory_printf("daemon off; pid %%DIR%%/server.pid;"
						   "error_log %%DIR%%/error.log info;\n%s",
						   text)));
	kill(server->pid, SIGHUP);
	while (file_count(server, "/error.log", " serves, with ") == before)
		deadline_wait(&wait, "the new mode is in use");
	while (server_workers(server, pids, WORKERS) != processes)
		deadline_wait(&wait, "the old workers end");
}

/* Also from more sockets to fewer workers: the surplus ones are served, too. */
START_TEST(the_mode_changes_at_a_reload)
{
	struct server *server = server_start(conf("shared", 2, ""));

	for (int from = 0; from < MODES; from++) {
		for (int to = 0; to < MODES; to++) {
			change(server, conf(modes[from], 4, ""), 4 + (from == HANDOFF));
			check_answers(server);
			change(server, conf(modes[to], 1 + to, ""), 1 + to + (to == HANDOFF));
			check_answers(server);
		}
	}
	server_stop(server);
}
END_TEST

/* The child of the master whose title says that it accepts; 0: there is none. */
static pid_t acceptor_of(struct server *server)
{
	pid_t pids[WORKERS];
	int count = server_workers(server, pids, WORKERS);

	for (int i = 0; i < count; i++) {
		char line[64] = "";
		FILE *file = fopen(memory_printf("/proc/%d/cmdline", pids[i]), "r");

		if (file && fgets(line, sizeof(line), file) && strstr(line, "acceptor")) {
			fclose(file);
			return pids[i];
		}
		if (file)
			fclose(file);
	}
	return 0;
}

START_TEST(a_dead_acceptor_is_replaced)
{
	struct server *server = server_start(conf("handoff", 2, ""));
	struct deadline wait = { 0 };
	pid_t pid;

	struct client *client = client_open(server);
	ck_assert_str_eq(client_get(client, "/").body, "ok");
	pid = acceptor_of(server);
	ck_assert_int_ne(pid, 0);
	kill(pid, SIGKILL);
	log_wait(server, "exited on signal 9");
	while (acceptor_of(server) == 0)
		deadline_wait(&wait, "a new acceptor");
	/* Connections that a worker has are not the acceptor's. */
	ck_assert_str_eq(client_get(client, "/").body, "ok");
	check_answers(server);
	server_forgive(server);
	server_stop(server);
}
END_TEST

static int pid_of(struct client *client)
{
	return atoi(client_get(client, "/").body);
}

/* With one client at a time, too, when the kernel has the choice. */
START_TEST(shared_workers_take_turns)
{
	enum { COUNT = 4, TURNS = 400 };
	struct server *server = server_start("worker_processes 4; events { balance off; }\n"
					     "http { server { listen 127.0.0.1:%PORT%;"
					     " return 200 $pid; } }");
	pid_t pids[COUNT];
	int answers[COUNT] = { 0 };

	log_wait(server, "serves, with");
	ck_assert_int_eq(server_workers(server, pids, COUNT), COUNT);
	for (int i = 0; i < TURNS; i++) {
		struct client *client = client_open(server);
		pid_t pid = pid_of(client);

		client_close(client);
		for (int worker = 0; worker < COUNT; worker++)
			answers[worker] += pids[worker] == pid;
	}
	for (int worker = 0; worker < COUNT; worker++)
		ck_assert_int_lt(answers[worker], TURNS / 2);
	server_stop(server);
}
END_TEST

/* A worker without connections, beside one with many. */
static pid_t start_light_worker(struct server *server, pid_t heavy)
{
	pid_t pids[WORKERS], acceptor = acceptor_of(server), light;
	struct deadline wait = { 0 };

	ck_assert_int_eq(server_workers(server, pids, WORKERS), 3);
	for (int i = 0; i < 3; i++)
		if (pids[i] != acceptor && pids[i] != heavy)
			kill(pids[i], SIGKILL);
	log_wait(server, "exited on signal 9");
	while ((light = pid_of(client_open(server))) == heavy)
		deadline_wait(&wait, "a new worker");
	return light;
}

/* It looks light because it takes nothing. */
START_TEST(one_that_hangs_gets_no_more)
{
	struct server *server = server_start("worker_processes 2; events { accept_mode handoff; }\n"
					     "http { server { listen 127.0.0.1:%PORT%;"
					     " return 200 $pid; } }");

	pid_t heavy = pid_of(client_open(server));
	for (int i = 0; i < CLIENTS; i++)
		pid_of(client_open(server));
	pid_t light = start_light_worker(server, heavy);
	int before = server_handed_off(server);
	struct deadline wait = { 0 };

	kill(light, SIGSTOP);
	struct client *first = client_open(server);
	client_send(first, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
	while (server_handed_off(server) == before)
		deadline_wait(&wait, "the acceptor has dealt it out");
	usleep(2 * RECEIVER_LATE_MS * 1000);
	for (int i = 0; i < CLIENTS / 2; i++)
		ck_assert_int_eq(pid_of(client_open(server)), heavy);
	kill(light, SIGCONT);
	ck_assert_int_eq(client_reply(first).status, 200);
	server_forgive(server);
	server_stop(server);
}
END_TEST

/* What lies in the inbox of a dead worker is served by the next one. */
START_TEST(an_inbox_outlives_its_worker)
{
	struct server *server = server_start(conf("handoff", 1, ""));
	pid_t pids[WORKERS], acceptor;
	struct client *clients[CLIENTS];

	acceptor = acceptor_of(server);
	int count = server_workers(server, pids, WORKERS);
	ck_assert_int_eq(count, 2);
	pid_t worker = pids[0] == acceptor ? pids[1] : pids[0];
	kill(worker, SIGSTOP);
	for (int i = 0; i < CLIENTS; i++) {
		clients[i] = client_open(server);
		client_send(clients[i], "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
	}
	kill(worker, SIGKILL);
	for (int i = 0; i < CLIENTS; i++)
		ck_assert_str_eq(client_reply(clients[i]).body, "ok");
	log_wait(server, "exited on signal 9");
	server_forgive(server);
	server_stop(server);
}
END_TEST

TESTS("accept modes", every_mode_serves, eight_workers_serve,
      a_listener_of_its_own_for_each_worker, the_mode_changes_at_a_reload,
      a_dead_acceptor_is_replaced, shared_workers_take_turns, one_that_hangs_gets_no_more,
      an_inbox_outlives_its_worker)
