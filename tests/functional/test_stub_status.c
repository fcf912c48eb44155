/* SPDX-License-Identifier: BSD-2-Clause */
/* stub_status: what it counts, in all workers. */
#include "harness/client.h"
#include "harness/memory.h"
#include "harness/test.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

struct counts {
	unsigned active, accepts, handled, requests, reading, writing, waiting;
};

static struct counts counts_of(const char *text)
{
	struct counts c = { 0 };
	int end = 0;

	sscanf(text,
	       "Active connections: %u \nserver accepts handled requests\n %u %u %u \n"
	       "Reading: %u Writing: %u Waiting: %u \n%n",
	       &c.active, &c.accepts, &c.handled, &c.requests, &c.reading, &c.writing, &c.waiting,
	       &end);
	ck_assert_msg(end == (int)strlen(text), "%s", text);
	return c;
}

static bool are(struct counts c, unsigned reading, unsigned writing, unsigned waiting)
{
	return c.reading == reading && c.writing == writing && c.waiting == waiting &&
	       c.active == reading + writing + waiting;
}

static const char conf[] =
	"http { access_log off; server { listen 127.0.0.1:%PORT%; return 200 ok; }"
	" server { listen 127.0.0.1:%PORT2%; location / { stub_status; }"
	" location /v { return 200 \"$connections_active $connections_writing\"; } } }";

/* Idle ones, one with half a head, and the one that asks. */
static void check_counts(const char *main)
{
	enum { IDLE = 6 };
	struct server *server = server_start(memory_printf("%s %s", main, conf));
	struct client *idle[IDLE], *half, *asking = client_open_port(server, 1);
	struct deadline p = { 0 };
	struct counts c, before = counts_of(client_get(asking, "/").body);

	for (int i = 0; i < IDLE; i++) {
		idle[i] = client_open(server);
		ck_assert_str_eq(client_get(idle[i], "/").body, "ok");
	}
	half = client_open(server);
	client_send(half, "GET / HTTP/1.1\r\n");
	/* Other workers publish at the end of a turn. */
	while (!are(c = counts_of(client_get(asking, "/").body), 1, 1, IDLE))
		deadline_wait(&p, "one connection that reads, one that writes, and six idle ones");
	ck_assert_uint_eq(c.accepts, before.accepts + IDLE + 1);
	ck_assert_uint_eq(c.handled, c.accepts);
	ck_assert_uint_ge(c.requests, before.requests + IDLE + 1);

	struct counts next = counts_of(client_get(asking, "/").body);

	ck_assert_uint_eq(next.requests, c.requests + 1);
	ck_assert_str_eq(client_get(asking, "/v").body, "8 1");
	for (int i = 0; i < IDLE; i++)
		client_close(idle[i]);
	client_close(half);
	while (!are(c = counts_of(client_get(asking, "/").body), 0, 1, 0))
		deadline_wait(&p, "no other connection");
	server_stop(server);
}

START_TEST(one_worker)
{
	check_counts("worker_processes 1;");
}
END_TEST

START_TEST(several_workers)
{
	check_counts("worker_processes 3; events { accept_mode handoff; }");
}
END_TEST

/* What workers have counted that are gone stays in the sums. */
START_TEST(counts_survive_a_reload)
{
	struct server *server = server_start(memory_printf("worker_processes 2; %s", conf));
	struct counts c, before;

	for (int i = 0; i < 5; i++)
		get(server, "/");
	before = counts_of(ask(server, "/", .port = 1).body);
	ck_assert_uint_ge(before.requests, 6);
	ck_assert_int_eq(kill(server->pid, SIGHUP), 0);
	log_wait(server, "generation 2 of the configuration serves");

	struct deadline p = { 0 };

	while ((c = counts_of(ask(server, "/", .port = 1).body)).requests <= before.requests)
		deadline_wait(&p, "the requests of the workers before");
	ck_assert_uint_ge(c.accepts, before.accepts + 1);
	server_stop(server);
}
END_TEST

START_TEST(only_reads)
{
	struct server *server = server_with("stub_status on;");

	ck_assert_int_eq(ask(server, "/", .method = "POST", .body = "x").status, 405);
	ck_assert_int_eq(ask(server, "/", .method = "HEAD").status, 200);
	server_stop(server);
}
END_TEST

TESTS("stub_status", one_worker, several_workers, counts_survive_a_reload, only_reads)
