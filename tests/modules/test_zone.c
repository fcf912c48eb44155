/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory that all workers share, and what becomes of it when one dies in the middle. */
#include "harness/client.h"
#include "harness/memory.h"
#include "harness/test.h"
#include "harness/upgrade.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct server *counting(int workers)
{
	return server_start(
		memory_printf("worker_processes %d; "
			      "http { access_log off; keepalive_requests 1000;"
			      "server { listen 127.0.0.1:%%PORT%%; zone one;"
			      "location /two { zone two; } location /one { zone one; } } }",
			      workers));
}

static void is(const char *text, int count, int recovered)
{
	ck_assert_str_eq(text, memory_printf("%d %d", count, recovered));
}

START_TEST(is_the_same_in_every_worker)
{
	struct server *server = counting(4);

	for (int i = 1; i <= 50; i++)
		is(get(server, "/").body, 100 + i, 0);
	is(get(server, "/two").body, 101, 0);
	is(get(server, "/one").body, 151, 0);
	server_stop(server);
}
END_TEST

START_TEST(no_count_is_lost)
{
	enum { CLIENTS = 8, REQUESTS = 100 };
	struct server *server = counting(4);
	struct client *clients[CLIENTS];

	for (int i = 0; i < CLIENTS; i++)
		clients[i] = client_open(server);
	for (int i = 0; i < REQUESTS; i++) {
		for (int j = 0; j < CLIENTS; j++)
			client_send(clients[j], "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
		for (int j = 0; j < CLIENTS; j++)
			ck_assert_int_eq(client_reply(clients[j]).status, 200);
	}
	is(get(server, "/").body, 100 + CLIENTS * REQUESTS + 1, 0);
	server_stop(server);
}
END_TEST

START_TEST(a_worker_that_dies_inside_is_settled)
{
	struct server *server = counting(2);
	struct deadline p = { 0 };
	struct reply reply;

	is(get(server, "/").body, 101, 0);
	ck_assert_int_eq(get(server, "/?die").status, 0);
	while ((reply = get(server, "/")).status == 0)
		deadline_wait(&p, "the server answers again");
	is(reply.body, 102, 1);
	is(get(server, "/").body, 103, 1);
	ck_assert(log_has(server, "brought into order"));
	server_abandon(server); /* the death of the worker was an [alert] */
}
END_TEST

/* What it has written is followed by nobody, and keeps nobody waiting for longer than a second. */
START_TEST(a_worker_that_writes_anything_stops_nobody)
{
	struct server *server = counting(4);

	is(get(server, "/").body, 101, 0);
	ck_assert_str_eq(get(server, "/?scribble").body, "done");
	for (int i = 0; i < 20; i++)
		ck_assert_int_eq(get(server, "/").status, 200);
	log_once(server, "locked for too long");
	ck_assert(!log_has(server, "exited on signal"));
	server_forgive(server);
	server_stop(server);
}
END_TEST

START_TEST(a_reload_keeps_it)
{
	struct server *server = counting(1);
	struct deadline p = { 0 };
	pid_t before, now;

	is(get(server, "/").body, 101, 0);
	ck_assert_int_eq(server_workers(server, &before, 1), 1);
	kill(server->pid, SIGHUP);
	do
		deadline_wait(&p, "another worker serves alone");
	while (server_workers(server, &now, 1) != 1 || now == before);
	is(get(server, "/").body, 102, 0);
	server_stop(server);
}
END_TEST

static struct server *upgradable(struct server *(*start)(const char *main))
{
	struct server *server = start("worker_processes 2;");

	put_file(server, "/http.conf",
		 server_text(server, "server { listen 127.0.0.1:%PORT2%; zone one; }"));
	ck_assert_int_eq(upgrade_command(server, "-s reload").status, 0);
	return server;
}

static const char *count(struct server *server)
{
	return client_get(client_open_port(server, 1), "/").body;
}

START_TEST(an_upgrade_in_place_keeps_it)
{
	struct server *server = upgradable(upgrade_start);

	is(count(server), 101, 0);
	for (int i = 0; i < 2; i++) {
		upgrade_check(server, 0, "serves in place");
		is(count(server), 102 + i, 0);
	}
	upgrade_stop(server);
}
END_TEST

/* Both programs use it at the same time, as long as both serve. */
START_TEST(an_upgrade_beside_keeps_it)
{
	struct server *server = upgradable(upgrade_start_in_background);
	struct client *old = client_open_port(server, 1);

	is(client_get(old, "/").body, 101, 0);
	upgrade_check(server, 0, "and ends");
	upgrade_settle(server);
	is(count(server), 102, 0);
	is(client_get(old, "/").body, 103, 0);
	upgrade_stop(server);
}
END_TEST

START_TEST(another_layout_is_not_taken_over)
{
	struct server *server = upgradable(upgrade_start);

	is(count(server), 101, 0);
	ck_assert_int_eq(rename(put_ignorant("test-counts-1"), program), 0);
	upgrade_check(server, 0, "serves in place");
	log_wait(server, "the zone \"one\" of the other program is not taken over");
	is(count(server), 101, 0);
	upgrade_stop(server);
}
END_TEST

/* A program that fails has kept nothing of it, and broken nothing. */
START_TEST(it_survives_a_program_that_cannot_start)
{
	struct server *server = upgradable(upgrade_start);
	const char *good = memory_printf("%s.good", program);

	is(count(server), 101, 0);
	ck_assert_int_eq(rename(program, good), 0);
	put_script(memory_printf("#!/bin/sh\n[ \"$SKUA_TRIAL\" ] || echo 'bad;' >>%s/http.conf\n"
				 "exec %s \"$@\"\n",
				 server->dir, good));
	upgrade_check(server, 1, "the old one goes on");
	is(count(server), 102, 0);
	put_file(server, "/http.conf",
		 server_text(server, "server { listen 127.0.0.1:%PORT2%; zone one; }"));
	kill(server->pid, SIGHUP);
	log_wait(server, " serves, with ");
	is(count(server), 103, 0);
	upgrade_forgive(server);
	upgrade_stop(server);
}
END_TEST

TESTS("zone", is_the_same_in_every_worker, no_count_is_lost, a_worker_that_dies_inside_is_settled,
      a_worker_that_writes_anything_stops_nobody, a_reload_keeps_it, an_upgrade_in_place_keeps_it,
      an_upgrade_beside_keeps_it, another_layout_is_not_taken_over,
      it_survives_a_program_that_cannot_start)
