/* SPDX-License-Identifier: BSD-2-Clause */
/* A module with a helper: what it may do, how it lives and dies. */
#include "harness/client.h"
#include "harness/memory.h"
#include "harness/test.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SIZE = 100000 };

static struct server *start(void)
{
	char *text = memory_alloc(SIZE + 1);
	struct server *server = server_serving("", "shout on;");

	memset(text, 'a', SIZE);
	text[SIZE] = '\0';
	put_file(server, "large", text);
	return server;
}

static void shouts(struct reply reply)
{
	ck_assert_int_eq(reply.status, 200);
	ck_assert_uint_eq(reply.body_len, SIZE);
	ck_assert_uint_eq(strspn(reply.body, "A"), SIZE);
}

START_TEST(it_is_started_at_first_need)
{
	struct server *server = start();

	ck_assert(!log_has(server, "start shouter process"));
	for (int i = 0; i < 5; i++)
		shouts(get(server, "/large"));
	ck_assert_uint_eq(file_count(server, "/error.log", "start shouter process"), 1);
	server_stop(server);
}
END_TEST

START_TEST(many_ask_at_once)
{
	enum { CLIENTS = 80 };
	struct server *server = start();
	struct client *clients[CLIENTS];

	for (int i = 0; i < CLIENTS; i++) {
		clients[i] = client_open(server);
		client_send(clients[i], "GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
	}
	/* Some leave before they have got anything. */
	for (int i = 0; i < CLIENTS; i += 4)
		client_reset(clients[i]);
	for (int i = 0; i < CLIENTS; i++)
		if (i % 4)
			shouts(client_reply(clients[i]));
	server_stop(server);
}
END_TEST

START_TEST(its_sandbox_opens_no_files)
{
	struct server *server = start();

	shouts(get(server, "/large"));
	if (log_has(server, "sandbox: instrumented") || log_has(server, "sandbox: this kernel")) {
		server_stop(server);
		test_skip("this kernel or this build has no whole sandbox");
	}
	ck_assert_int_eq(get(server, "/large?open").status, 503);
	ck_assert(log_has(server, "shout: no answer (13: Permission denied)"));
	server_stop(server);
}
END_TEST

START_TEST(its_death_costs_what_it_was_asked)
{
	struct server *server = start();

	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(get(server, "/large?die").status, 503);
		shouts(get(server, "/large"));
	}
	ck_assert(log_has(server, "shouter process"));
	server_forgive(server);
	server_stop(server);
}
END_TEST

START_TEST(each_generation_has_its_own)
{
	struct server *server = start();
	struct deadline wait = { 0 };

	for (size_t i = 1; i <= 3; i++) {
		shouts(get(server, "/large"));
		while (file_count(server, "/error.log", "start shouter process") < i)
			deadline_wait(&wait, "the helper of this generation has started");
		kill(server->pid, SIGHUP);
		log_wait(server,
			 memory_printf("generation %zu of the configuration serves", i + 1));
		while (file_count(server, "/error.log", "shouter process") < 2 * i)
			deadline_wait(&wait, "the helper of the old generation has ended");
	}
	server_stop(server);
}
END_TEST

TESTS("shout", it_is_started_at_first_need, many_ask_at_once, its_sandbox_opens_no_files,
      its_death_costs_what_it_was_asked, each_generation_has_its_own)
