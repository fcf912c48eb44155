/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Workers that live and do nothing: what waits for them is served by others. The
 * clients ask while the worker is stopped, and nobody wakes it.
 */
#include "harness/client.h"
#include "harness/memory.h"
#include "harness/test.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

/* More than a worker may be sent: the acceptor holds the rest. */
enum { CLIENTS = 160 };

static struct server *start(int workers)
{
	return server_start(memory_printf(
		"worker_processes %d; events { accept_mode handoff; worker_connections 1000; }\n"
		"http { access_log off; server { listen 127.0.0.1:%%PORT%%;\n"
		"add_header X-Pid $pid; return 200 ok; } }",
		workers));
}

static pid_t stop_worker(struct server *server)
{
	static const char words[] = "start worker process 0 ";
	pid_t pid = atoi(strstr(file_text(server, "/error.log"), words) + strlen(words));

	ck_assert_int_eq(kill(pid, SIGSTOP), 0);
	return pid;
}

static void open_all(struct server *server, struct client *clients[CLIENTS])
{
	for (int i = 0; i < CLIENTS; i++) {
		clients[i] = client_open(server);
		client_send(clients[i], "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
	}
}

static void check_all(struct client *clients[CLIENTS])
{
	for (int i = 0; i < CLIENTS; i++)
		ck_assert_str_eq(client_reply(clients[i]).body, "ok");
}

static void reload(struct server *server)
{
	size_t before = file_count(server, "/error.log", " serves, with ");
	struct deadline wait = { 0 };

	kill(server->pid, SIGHUP);
	while (file_count(server, "/error.log", " serves, with ") == before)
		deadline_wait(&wait, "the new generation serves");
}

START_TEST(after_a_reload_others_take_what_waits)
{
	struct client *clients[CLIENTS];
	struct server *server = start(1);
	pid_t stopped = stop_worker(server);

	open_all(server, clients);
	reload(server);
	check_all(clients);
	log_wait(server, "takes no connections");
	kill(stopped, SIGCONT);
	server_stop(server);
}
END_TEST

/* There was nobody left to whom the acceptor could have dealt. */
START_TEST(what_an_acceptor_holds_goes_on_when_its_workers_are_gone)
{
	struct client *clients[CLIENTS];
	struct server *server = start(1);
	pid_t stopped = stop_worker(server);

	open_all(server, clients);
	reload(server);
	kill(stopped, SIGKILL);
	check_all(clients);
	server_forgive(server); /* it was killed */
	server_stop(server);
}
END_TEST

START_TEST(beside_others_it_is_avoided_until_it_wakes_up)
{
	struct client *clients[CLIENTS];
	struct server *server = start(2);
	struct deadline wait = { 0 };
	pid_t stopped = stop_worker(server);

	open_all(server, clients);
	check_all(clients);
	kill(stopped, SIGCONT);
	for (;;) {
		struct reply reply = get(server, "/");

		ck_assert_str_eq(reply.body, "ok");
		if (atoi(reply_header(&reply, "X-Pid")) == stopped)
			break;
		deadline_wait(&wait, "it gets connections again");
	}
	server_stop(server);
}
END_TEST

static const struct test_suite suite = { .name = "stuck workers", .timeout = 300 };

TESTS_IN(&suite, after_a_reload_others_take_what_waits,
	 what_an_acceptor_holds_goes_on_when_its_workers_are_gone,
	 beside_others_it_is_avoided_until_it_wakes_up)
