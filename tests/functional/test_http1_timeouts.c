/* SPDX-License-Identifier: BSD-2-Clause */
/* A limit in time for every stage of a connection; none of them cuts off who is quick. */
#include "harness/client.h"
#include "harness/memory.h"
#include "harness/test.h"

#include <signal.h>
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
	long began = now_ms();
	struct client *client = client_open(server);

	client_send(client, "GET / HTTP/1.1\r\nHost: a\r\n");
	closes(client, began, 80);
	server_stop(server);
}
END_TEST

START_TEST(a_head_that_drips)
{
	struct server *server = with("client_header_timeout 200ms;");
	struct client *client = client_open(server);
	struct deadline p = { 0 };

	/* Each byte is in time, the head as a whole is not. */
	client_send(client, "GET / HTTP/1.1\r\nHost: a\r\nX: ");
	do
		client_send(client, "y");
	while (deadline_wait(&p, "the server closes") && client_is_quiet(client, 20));
	ck_assert(client_is_closed(client));
	server_stop(server);
}
END_TEST

START_TEST(a_second_head_that_does_not_end)
{
	struct server *server = with("client_header_timeout 100ms;");
	struct client *client;
	struct deadline p = { 0 };
	long began;

	/* Here it has to be quick: the limit is that of the first head, too. */
	do {
		began = now_ms();
		client = client_open(server);
	} while (client_get(client, "/").status != 200 && deadline_wait(&p, "the first answer"));
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
	struct deadline p = { 0 };

	/* A line that comes too late is that of a client that says nothing. */
	do {
		struct client *client = client_open(server);
		client_send(client, "GET / HTTP/1.1\r\nHost: a\r\n");
		ck_assert(client_is_closed(client));
	} while (file_count(server, "/access.log", ";\n") == 0 &&
		 deadline_wait(&p, "a line in the access log"));
	ck_assert_int_eq(strncmp(file_text(server, "/access.log"), "408;\n", 5), 0);
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

/* All in all it takes twice the limit. */
static bool slow_body_passes(int ms)
{
	struct server *server = with(memory_printf("client_body_timeout %dms;", ms));
	struct client *client = client_open(server);

	client_send(client, "POST /post HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n");
	for (int i = 0; i < 10; i++) {
		usleep(ms * 200);
		client_send(client, "x");
	}
	bool passes = client_reply(client).status == 200 && client_get(client, "/").status == 200;
	server_stop(server);
	return passes;
}

START_TEST(a_body_that_is_slow_but_comes)
{
	test_in_time(slow_body_passes, 200);
}
END_TEST

START_TEST(a_body_that_drips_for_ever)
{
	struct server *server = with("client_body_timeout 10s; lingering_time 200ms;");
	struct client *client = client_open(server);
	struct deadline p = { 0 };

	client_send(client, "POST /post HTTP/1.1\r\nHost: a\r\nContent-Length: 99999\r\n\r\n");
	ck_assert_int_eq(client_reply(client).status, 200);
	while (client_is_quiet(client, 20) && deadline_wait(&p, "the server closes"))
		client_send_some(client, "x", 1);
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

/* What the worker does to a connection that was used a moment ago, when it stops. */
START_TEST(keepalive_min_timeout_outlasts_the_stop)
{
	struct server *server = server_with("keepalive_min_timeout 1h;"
					    "location / { return 200 $uri; } location /other {"
					    "keepalive_min_timeout 0; return 200; }");
	struct client *client = client_open(server), *other = client_open(server);

	ck_assert_int_eq(client_get(client, "/1").status, 200);
	ck_assert_int_eq(client_get(other, "/other").status, 200);
	kill(server->pid, SIGQUIT);
	ck_assert(client_is_closed(other));
	struct reply reply = client_get(client, "/2");
	ck_assert_str_eq(reply.body, "/2");
	ck_assert_str_eq(reply_header(&reply, "Connection"), "close");
	ck_assert(client_is_closed(client));
	server_stop(server);
}
END_TEST

START_TEST(keepalive_min_timeout_has_an_end)
{
	struct server *server = server_with("keepalive_min_timeout 300ms; return 200 $uri;");
	long began = now_ms();
	struct client *client = client_open(server);

	ck_assert_int_eq(client_get(client, "/").status, 200);
	kill(server->pid, SIGQUIT);
	closes(client, began, 280);
	server_stop(server);
}
END_TEST

/* New ones wait until there is room. */
START_TEST(keepalive_min_timeout_holds_the_place)
{
	enum { PLACES = 10 };
	struct server *server = server_start("events { worker_connections 10; } http {"
					     "keepalive_min_timeout 1h; access_log off;"
					     "server { listen 127.0.0.1:%PORT%; return 200; } }");
	struct client *clients[PLACES];

	for (int i = 0; i < PLACES; i++) {
		clients[i] = client_open(server);
		ck_assert_int_eq(client_get(clients[i], "/").status, 200);
	}
	struct client *late = client_open(server);
	client_send(late, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
	for (int i = 0; i < PLACES; i++)
		ck_assert_int_eq(client_get(clients[i], "/").status, 200);
	client_close(clients[0]);
	ck_assert_int_eq(client_reply(late).status, 200);
	server_forgive(server);
	server_stop(server);
}
END_TEST

START_TEST(a_client_that_does_not_read)
{
	struct server *server = with("send_timeout 200ms;");
	struct client *client = client_open_slow(server);
	struct deadline p = { 0 };

	client_send(client, "GET /files/large.txt HTTP/1.1\r\nHost: a\r\n\r\n");
	while (!log_has(server, "timed out"))
		deadline_wait(&p, "the server gives up");
	ck_assert_uint_lt(client_drain(client), 20000000);
	server_stop(server);
}
END_TEST

static bool is_reset_with(const char *directive)
{
	struct server *server = with(memory_printf("send_timeout 200ms; %s", directive));
	struct client *client = client_open_slow(server);
	struct deadline p = { 0 };

	client_send(client, "GET /files/large.txt HTTP/1.1\r\nHost: a\r\n\r\n");
	while (!log_has(server, "timed out"))
		deadline_wait(&p, "the server gives up");
	bool is_reset = client_is_reset(client);
	server_stop(server);
	return is_reset;
}

START_TEST(a_timed_out_connection_may_be_reset)
{
	ck_assert(!is_reset_with("reset_timedout_connection off;"));
	ck_assert(is_reset_with("reset_timedout_connection on;"));
}
END_TEST

/* All in all it takes more than the limit. */
static bool slow_reader_is_served(int ms)
{
	struct server *server = with(memory_printf("send_timeout %dms;", ms));
	struct client *client = client_open(server);
	char some[16384];
	size_t len = 0, pause_at = 0;

	client_send(client, "GET /files/large.txt HTTP/1.1\r\nHost: a\r\n"
			    "Connection: close\r\n\r\n");
	for (size_t n; (n = client_read(client, some, sizeof(some))) > 0; len += n)
		if (len >= pause_at) {
			pause_at += 1000000;
			usleep(ms * 80);
		}
	server_stop(server);
	return len > 20000000;
}

START_TEST(a_client_that_reads_slowly_is_served)
{
	test_in_time(slow_reader_is_served, 500);
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
	struct deadline p = { 0 };

	client_send(client, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\nab");
	ck_assert_int_eq(client_reply(client).status, 413);
	/* In the end the server closes, and what is sent afterwards is answered with a reset. */
	while (client_send_some(client, "xxxxxxxxxx", 10) == 10) {
		deadline_wait(&p, "the server closes");
		usleep(20000);
	}
	server_stop(server);
}
END_TEST

/* All in all it takes longer than each of the limits. */
static bool quick_client_is_served(int ms)
{
	struct server *server = with(memory_printf("client_header_timeout %dms;"
						   "client_body_timeout %dms; send_timeout %dms;"
						   "keepalive_timeout %dms;", ms, ms, ms, ms));
	struct client *client = client_open(server);
	bool served = true;

	for (int i = 0; i < 6 && served; i++) {
		served = client_get(client, "/files/large.txt").body_len == 20000000;
		usleep(ms * 100);
		served = served && client_get(client, "/").status == 200;
		usleep(ms * 100);
	}
	server_stop(server);
	return served;
}

START_TEST(a_quick_client_notices_nothing)
{
	test_in_time(quick_client_is_served, 500);
}
END_TEST

TESTS("timeouts", a_client_that_says_nothing, a_head_that_does_not_end, a_head_that_drips,
      a_second_head_that_does_not_end, a_timed_out_head_is_logged_with_408,
      a_body_that_does_not_come, a_body_that_is_slow_but_comes, a_body_that_drips_for_ever,
      a_kept_connection_that_is_not_used, a_client_that_does_not_read,
      keepalive_min_timeout_outlasts_the_stop, keepalive_min_timeout_has_an_end,
      keepalive_min_timeout_holds_the_place, a_timed_out_connection_may_be_reset,
      a_client_that_reads_slowly_is_served, lingering_has_an_end,
      lingering_time_bounds_who_goes_on_sending, a_quick_client_notices_nothing)
