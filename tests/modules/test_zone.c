/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory that all workers share, and what becomes of it when one dies in the middle. */
#include "harness/client.h"
#include "harness/memory.h"
#include "harness/test.h"

#include <signal.h>
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
	struct patience p = { 0 };
	struct reply reply;

	is(get(server, "/").body, 101, 0);
	ck_assert_int_eq(get(server, "/?die").status, 0);
	while ((reply = get(server, "/")).status == 0)
		patience(&p, "the server answers again");
	is(reply.body, 102, 1);
	is(get(server, "/").body, 103, 1);
	ck_assert(log_has(server, "brought into order"));
	server_abandon(server); /* the death of the worker was an [alert] */
}
END_TEST

START_TEST(a_reload_keeps_it)
{
	struct server *server = counting(1);
	struct patience p = { 0 };
	pid_t before, now;

	is(get(server, "/").body, 101, 0);
	ck_assert_int_eq(server_workers(server, &before, 1), 1);
	kill(server->pid, SIGHUP);
	do
		patience(&p, "another worker serves alone");
	while (server_workers(server, &now, 1) != 1 || now == before);
	is(get(server, "/").body, 102, 0);
	server_stop(server);
}
END_TEST

TESTS("zone", is_the_same_in_every_worker, no_count_is_lost, a_worker_that_dies_inside_is_settled,
      a_reload_keeps_it)
