/* SPDX-License-Identifier: BSD-2-Clause */
/* A body that answers "not yet": the connection waits for it, without turning round. */
#include "harness/client.h"
#include "harness/memory.h"
#include "harness/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct server *server;

static void setup(void)
{
	server = server_with("location /quick { drip 1ms; }"
			     "location /slow { drip 200ms; }"
			     "location /stuck { drip 1h; }"
			     "location /upper { upper on; drip 10ms; }"
			     "location /part { include_from /quick; }"
			     "location / { return 200 $uri; }");
}

static void teardown(void)
{
	server_stop(server);
}

START_TEST(arrives_in_the_end)
{
	struct client *client = client_open(server);

	ck_assert_str_eq(client_get(client, "/quick").body, "xxxxx");
	ck_assert_str_eq(client_get(client, "/upper").body, "XXXXX");
	ck_assert_str_eq(client_get(client, "/part").body, "xxxxx");
	ck_assert_str_eq(ask(server, "/quick", .version = "1.0").body, "xxxxx");
}
END_TEST

static bool is_not_cut_off(int ms)
{
	struct server *short_lived = server_with(memory_printf(
		"lingering_timeout %dms; send_timeout %dms; client_header_timeout %dms;"
		"client_body_timeout %dms; keepalive_timeout %dms; location / { drip %dms; }",
		ms, ms, ms, ms, ms, ms / 2));
	bool is_whole = strcmp(client_get(client_open(short_lived), "/").body, "xxxxx") == 0;

	server_stop(short_lived);
	return is_whole;
}

/* All in all it takes longer than each of the limits, which are for clients. */
START_TEST(no_limit_in_time_is_that_of_the_body)
{
	test_in_time(is_not_cut_off, 200);
}
END_TEST

START_TEST(each_byte_is_sent_at_once)
{
	struct client *client = client_open(server);
	char some[1000];

	client_send(client, "GET /stuck HTTP/1.1\r\nHost: a\r\n\r\n");
	size_t len = 0;
	while (len == 0 || !memmem(some, len, "\r\n\r\n1\r\nx\r\n", 10)) {
		size_t n = client_read(client, some + len, sizeof(some) - len);
		ck_assert_uint_gt(n, 0);
		len += n;
	}
}
END_TEST

START_TEST(others_in_the_pipeline_wait)
{
	struct client *client = client_open(server);

	client_send(client,
		    "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /slow HTTP/1.1\r\nHost: a\r\n\r\n"
		    "GET /2 HTTP/1.1\r\nHost: a\r\n\r\nHEAD /stuck HTTP/1.1\r\nHost: a\r\n\r\n"
		    "GET /3 HTTP/1.1\r\nHost: a\r\n\r\n");
	ck_assert_str_eq(client_reply(client).body, "/1");
	ck_assert_str_eq(client_reply(client).body, "xxxxx");
	ck_assert_str_eq(client_reply(client).body, "/2");
	ck_assert_int_eq(client_reply_head(client).status, 200);
	ck_assert_str_eq(client_reply(client).body, "/3");
}
END_TEST

/* Ticks of processor time that the workers have used. */
static long processor_time(void)
{
	pid_t worker;
	long user, kernel;

	ck_assert_int_eq(server_workers(server, &worker, 1), 1);
	const char *text = file_text(server, memory_printf("/../../../proc/%d/stat", worker));
	ck_assert_int_eq(sscanf(strrchr(text, ')'),
				") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %ld %ld", &user,
				&kernel),
			 2);
	return user + kernel;
}

START_TEST(waiting_costs_nothing)
{
	struct client *clients[5];

	for (int i = 0; i < 5; i++) {
		clients[i] = client_open(server);
		client_send(clients[i],
			    i ? "GET /stuck HTTP/1.1\r\nHost: a\r\n\r\n" :
				"POST /stuck HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n");
		if (i == 2)
			client_half_close(clients[i]);
		if (i == 3)
			client_send(clients[i], "GET /next HTTP/1.1\r\nHost: a\r\n\r\n");
		if (i == 4)
			client_send(clients[i], "GET /ne");
	}
	usleep(100000);
	long before = processor_time();
	usleep(1000000);
	ck_assert_int_lt(processor_time() - before, 20);
}
END_TEST

START_TEST(a_client_that_leaves)
{
	for (int i = 0; i < 10; i++) {
		struct client *client = client_open(server);
		char some[10];
		client_send(client, i % 2 ? "GET /stuck HTTP/1.1\r\nHost: a\r\n\r\n" :
					    "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
		client_read(client, some, sizeof(some));
		if (i % 3)
			client_reset(client);
		client_close(client);
	}
	ck_assert_str_eq(get(server, "/quick").body, "xxxxx");
}
END_TEST

TESTS_IN((&(struct test_suite){ .name = "drip", .setup = setup, .teardown = teardown }),
	 arrives_in_the_end, no_limit_in_time_is_that_of_the_body, each_byte_is_sent_at_once,
	 others_in_the_pipeline_wait, waiting_costs_nothing, a_client_that_leaves)
