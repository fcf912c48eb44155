/* SPDX-License-Identifier: BSD-2-Clause */
/* A limit in time for every stage of a connection; none of them cuts off who is quick. */
#include "harness/client.h"
#include "harness/memory.h"
#include "harness/test.h"

#include <string.h>
#include <unistd.h>

/* The short limit that is under test; all others are long. */
static struct server *with(const char *limit)
{
	struct server *server = server_with(
		memory_printf("%s location / { return 200 $request_uri; } location /files { }"
			      "location /post { client_max_body_size 0; return 200 post; }",
			      limit));
	char *large = memory_alloc(20000000);

	memset(large, 'x', 20000000);
	put_bytes(server, "files/large.txt", large, 20000000);
	return server;
}

/* Closed by the server, and not before the limit; `began`: when its time had not begun yet. */
static void closes(struct client *client, long began, int ms)
{
	ck_assert(client_is_closed(client));
	ck_assert_int_ge(now_ms() - began, ms);
	client_close(client);
}

START_TEST(a_client_that_says_nothing)
{
	struct server *server = with("client_header_timeout 100ms;");

	long began = now_ms();
	closes(client_open(server), began, 80);
	server_stop(server);
}
END_TEST

START_TEST(a_head_that_does_not_end)
{
	struct server *server = with("client_header_timeout 100ms;");
	struct client *client = client_open(server);
	long began = now_ms();

	client_send(client, "GET / HTTP/1.1\r\nHost: a\r\n");
	closes(client, began, 80);
	server_stop(server);
}
END_TEST

START_TEST(a_head_that_drips)
{
	struct server *server = with("client_header_timeout 200ms;");
	struct client *client = client_open(server);
	struct patience p = { 0 };

	/* Each byte is in time, the head as a whole is not. */
	client_send(client, "GET / HTTP/1.1\r\nHost: a\r\nX: ");
	do
		client_send(client, "y");
	while (patience(&p, "the server closes") && client_is_quiet(client, 20));
	ck_assert(client_is_closed(client));
	server_stop(server);
}
END_TEST

START_TEST(a_second_head_that_does_not_end)
{
	struct server *server = with("client_header_timeout 100ms;");
	struct client *client = client_open(server);
	long began = now_ms();

	ck_assert_int_eq(client_get(client, "/").status, 200);
	client_send(client, "GET / HT");
	closes(client, began, 80);
	server_stop(server);
}
END_TEST

START_TEST(a_timed_out_head_is_logged_with_408)
{
	struct server *server =
		server_start("http { log_format f '$status;'; access_log %DIR%/access.log f;"
			     "client_header_timeout 100ms;"
			     "server { listen 127.0.0.1:%PORT%; } }");
	struct client *client = client_open(server);
	struct patience p = { 0 };

	client_send(client, "GET / HTTP/1.1\r\nHost: a\r\n");
	ck_assert(client_is_closed(client));
	while (file_count(server, "/access.log", ";\n") == 0)
		patience(&p, "a line in the access log");
	ck_assert_str_eq(file_text(server, "/access.log"), "408;\n");
	server_stop(server);
}
END_TEST

START_TEST(a_body_that_does_not_come)
{
	struct server *server = with("client_body_timeout 100ms;");
	struct client *client = client_open(server);
	long began = now_ms();

	client_send(client, "POST /post HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab");
	client_reply(client);
	closes(client, began, 80);
	server_stop(server);
}
END_TEST

START_TEST(a_body_that_is_slow_but_comes)
{
	struct server *server = with("client_body_timeout 300ms;");
	struct client *client = client_open(server);

	client_send(client, "POST /post HTTP/1.1\r\nHost: a\r\nContent-Length: 8\r\n\r\n");
	for (int i = 0; i < 8; i++) {
		usleep(50000);
		client_send(client, "x");
	}
	ck_assert_int_eq(client_reply(client).status, 200);
	ck_assert_int_eq(client_get(client, "/").status, 200);
	server_stop(server);
}
END_TEST

START_TEST(a_body_that_drips_for_ever)
{
	struct server *server = with("client_body_timeout 10s; lingering_time 200ms;");
	struct client *client = client_open(server);

	client_send(client, "POST /post HTTP/1.1\r\nHost: a\r\nContent-Length: 9999\r\n\r\n");
	ck_assert_int_eq(client_reply(client).status, 200);
	for (int i = 0; i < 100 && client_is_quiet(client, 20); i++)
		client_send_some(client, "x", 1);
	ck_assert(!client_is_quiet(client, 0));
	server_stop(server);
}
END_TEST

START_TEST(a_kept_connection_that_is_not_used)
{
	struct server *server = with("keepalive_timeout 100ms;");
	struct client *client = client_open(server);
	long began = now_ms();

	ck_assert_int_eq(client_get(client, "/").status, 200);
	closes(client, began, 80);
	server_stop(server);
}
END_TEST

START_TEST(a_client_that_does_not_read)
{
	struct server *server = with("send_timeout 200ms;");
	struct client *client = client_open_slow(server);
	struct patience p = { 0 };

	client_send(client, "GET /files/large.txt HTTP/1.1\r\nHost: a\r\n\r\n");
	while (!log_has(server, "timed out"))
		patience(&p, "the server gives up");
	ck_assert_uint_lt(client_drain(client), 20000000);
	server_stop(server);
}
END_TEST

START_TEST(a_client_that_reads_slowly_is_served)
{
	struct server *server = with("send_timeout 500ms;");
	struct client *client = client_open(server);
	char some[16384];
	size_t len = 0, pause_at = 0;

	client_send(client, "GET /files/large.txt HTTP/1.1\r\nHost: a\r\n"
			    "Connection: close\r\n\r\n");
	for (size_t n; (n = client_read(client, some, sizeof(some))) > 0; len += n)
		if (len >= pause_at) {
			pause_at += 1000000;
			usleep(40000);
		}
	ck_assert_uint_gt(len, 20000000);
	server_stop(server);
}
END_TEST

START_TEST(lingering_has_an_end)
{
	struct server *server = with("lingering_timeout 100ms; client_max_body_size 1;");
	struct client *client = client_open(server);

	client_send(client, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nab");
	ck_assert_int_eq(client_reply(client).status, 413);
	ck_assert(client_is_closed(client));
	server_stop(server);
}
END_TEST

START_TEST(lingering_time_bounds_who_goes_on_sending)
{
	struct server *server = with("lingering_time 300ms; lingering_timeout 10s;"
				     "client_max_body_size 1;");
	struct client *client = client_open(server);
	struct patience p = { 0 };

	client_send(client, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\nab");
	ck_assert_int_eq(client_reply(client).status, 413);
	/* In the end the server closes, and what is sent afterwards is answered with a reset. */
	while (client_send_some(client, "xxxxxxxxxx", 10) == 10) {
		patience(&p, "the server closes");
		usleep(20000);
	}
	server_stop(server);
}
END_TEST

START_TEST(a_quick_client_notices_nothing)
{
	struct server *server = with("client_header_timeout 1s; client_body_timeout 1s;"
				     "send_timeout 1s; keepalive_timeout 1s;");
	struct client *client = client_open(server);

	/* All in all it takes longer than each of the limits. */
	for (int i = 0; i < 6; i++) {
		ck_assert_uint_eq(client_get(client, "/files/large.txt").body_len, 20000000);
		usleep(100000);
		ck_assert_int_eq(client_get(client, "/").status, 200);
		usleep(100000);
	}
	server_stop(server);
}
END_TEST

TESTS("timeouts", a_client_that_says_nothing, a_head_that_does_not_end, a_head_that_drips,
      a_second_head_that_does_not_end, a_timed_out_head_is_logged_with_408,
      a_body_that_does_not_come, a_body_that_is_slow_but_comes, a_body_that_drips_for_ever,
      a_kept_connection_that_is_not_used, a_client_that_does_not_read,
      a_client_that_reads_slowly_is_served, lingering_has_an_end,
      lingering_time_bounds_who_goes_on_sending, a_quick_client_notices_nothing)
