/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a request gets, over a socket: a case of each subject of tests/http, where all others are
 * asked in the test's process, and those cases that need a connection.
 */
#include "harness/client.h"
#include "harness/memory.h"
#include "harness/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <utime.h>

#define LISTEN "listen 127.0.0.1:%PORT%;"

/* The body of the answer to a GET for this host. */
static const char *body_of(struct server *server, const char *host, const char *target)
{
	return ask(server, target, .host = host).body;
}

static struct server *server_with_pages(const char *directives)
{
	struct server *server = server_with(directives);

	put_file(server, "404.html", "not here");
	put_file(server, "sorry.html", "sorry");
	return server;
}

static void is(struct reply reply, int status, const char *body)
{
	ck_assert_int_eq(reply.status, status);
	ck_assert_str_eq(reply.body, body);
}

START_TEST(conditional_requests)
{
	struct server *server = server_with("expires 1h;");

	put_file(server, "a.txt", "hello");
	utime(file_path(server, "a.txt"), &(struct utimbuf){ 784111777, 784111777 });

	struct reply reply = ask(server, "/a.txt", .fields = "If-None-Match: \"2ebc98a1-5\"\r\n");

	ck_assert_int_eq(reply.status, 304);
	ck_assert_uint_eq(reply.body_len, 0);
	ck_assert_str_eq(reply_header(&reply, "ETag"), "\"2ebc98a1-5\"");
	ck_assert_str_eq(reply_header(&reply, "Cache-Control"), "max-age=3600");
	ck_assert_ptr_null(reply_header(&reply, "Content-Length"));
	ck_assert_int_eq(ask(server, "/a.txt", .fields = "If-Match: \"x\"\r\n").status, 412);
	server_stop(server);
}
END_TEST

START_TEST(a_file_is_found_and_typed)
{
	struct server *server =
		server_with("location / { try_files $uri $uri.html =410; }"
			    "location /a/ { limit_except GET { deny all; } dotfiles deny; }"
			    "location /b/ { alias %DIR%/html/$arg_d/; }");

	put_file(server, "x.html", "hello");
	put_file(server, "words", "just some words\n");
	put_file(server, "a/index.html", "index");

	struct reply reply = get(server, "/x");

	is(reply, 200, "hello");
	ck_assert_str_eq(reply_header(&reply, "Content-Type"), "text/html");
	reply = get(server, "/words");
	ck_assert_str_eq(reply_header(&reply, "Content-Type"), "text/plain");
	ck_assert_int_eq(get(server, "/none").status, 410);
	is(get(server, "/a/"), 200, "index");
	ck_assert_int_eq(ask(server, "/a/", .method = "PUT").status, 403);
	put_file(server, "a/.hidden", "hidden");
	ck_assert_int_eq(get(server, "/a/.hidden").status, 403);
	is(get(server, "/b/index.html?d=a"), 200, "index");
	ck_assert_int_eq(get(server, "/b/index.html?d=..").status, 403);
	ck_assert(log_has(server, "access forbidden by rule"));
	server_stop(server);
}
END_TEST

/* Parts that do not fit into one send, to a client with little room. */
START_TEST(feeds_a_slow_reader)
{
	struct server *server = server_with("");
	const size_t size = 3 << 20;
	char *text = malloc(size + 1);

	for (size_t i = 0; i < size; i++)
		text[i] = (char)('a' + i % 23);
	put_bytes(server, "large", text, size);

	struct client *client = client_open_slow(server);
	client_send(client, "GET /large HTTP/1.1\r\nHost: a\r\n"
			    "Range: bytes=1000-1500000, 1600000-\r\n\r\n");
	struct reply reply = client_reply(client);
	const char *first = strstr(reply.body, "/3145728\r\n\r\n") + strlen("/3145728\r\n\r\n");
	const char *second =
		strstr(first + 1499001, "/3145728\r\n\r\n") + strlen("/3145728\r\n\r\n");

	ck_assert_int_eq(reply.status, 206);
	ck_assert(reply.is_whole);
	ck_assert(memcmp(first, text + 1000, 1499001) == 0);
	ck_assert(memcmp(second, text + 1600000, size - 1600000) == 0);
	ck_assert_int_eq(client_get(client, "/large").status, 200);
	free(text);
	server_stop(server);
}
END_TEST

START_TEST(a_file_that_shrinks_ends_the_connection)
{
	struct server *server = server_with("");
	put_file(server, "big", "");
	ck_assert_int_eq(truncate(file_path(server, "big"), 64 << 20), 0);
	struct client *client = client_open_slow(server);
	char bytes[1000];
	client_send(client, "GET /big HTTP/1.1\r\nHost: a\r\n\r\n");
	ck_assert_uint_gt(client_read(client, bytes, sizeof(bytes)), 0);
	ck_assert_int_eq(truncate(file_path(server, "big"), 1000), 0);
	ck_assert_uint_lt(client_drain(client), 64 << 20);
	server_stop(server);
}
END_TEST

START_TEST(many_may_wait_and_some_leave)
{
	struct server *server = server_with("");
	struct client *clients[20];
	put_file(server, "words", "just some words\n");
	for (int i = 0; i < 20; i++) {
		clients[i] = client_open(server);
		client_send(clients[i], "GET /words HTTP/1.1\r\nHost: a\r\n\r\n");
		if (i % 2)
			client_reset(clients[i]);
	}
	for (int i = 0; i < 20; i += 2)
		ck_assert_str_eq(client_reply(clients[i]).body, "just some words\n");
	server_stop(server);
}
END_TEST

START_TEST(too_large_a_head_has_a_code_of_its_own)
{
	struct server *server =
		server_with_pages("error_page 494 =431 /sorry.html; error_page 414 /404.html;"
				  "large_client_header_buffers 2 1k;");
	char *long_one = memory_printf("%02000d", 0);

	is(raw(server, memory_printf("GET / HTTP/1.1\r\nHost: a\r\nX: %s\r\n\r\n", long_one)), 431,
	   "sorry");
	is(raw(server, memory_printf("GET /%s HTTP/1.1\r\nHost: a\r\n\r\n", long_one)), 414,
	   "not here");
	server_stop(server);
}
END_TEST

START_TEST(a_page_keeps_the_connection)
{
	struct server *server = server_with_pages("error_page 404 /404.html;");
	struct client *client = client_open(server);

	for (int i = 0; i < 5; i++)
		is(client_get(client, "/missing"), 404, "not here");
	server_stop(server);
}
END_TEST

START_TEST(log_runs_once_for_every_answer)
{
	struct server *server = server_start(
		"http { log_format f '$request_uri $status;'; access_log %DIR%/access.log f;"
		"error_page 404 /404.html;"
		"server { listen 127.0.0.1:%PORT%;"
		"location /private { deny all; }"
		"location /made { return 204; } location /closed { return 444; } } }");
	struct deadline p = { 0 };

	get(server, "/missing");
	get(server, "/private");
	get(server, "/made");
	raw_all(server, "GET /closed HTTP/1.1\r\nHost: a\r\n\r\n");
	raw(server, "GET /bad HTTP/1.1\r\n\r\n");
	raw(server, "nonsense\r\n\r\n");
	while (file_count(server, "/access.log", ";\n") < 6)
		deadline_wait(&p, "six lines in the access log");
	ck_assert_str_eq(file_text(server, "/access.log"),
			 "/missing 404;\n/private 403;\n/made 204;\n/closed 444;\n/bad 400;\n"
			 "- 400;\n");
	server_stop(server);
}
END_TEST

START_TEST(variables_in_the_access_log)
{
	struct server *server = server_start(
		"http { log_format v '$status $body_bytes_sent $request_length $pipe "
		"$connection_requests $request_completion|$is_args$args|$args|$query_string|"
		"$http_x';"
		"access_log a.log v; server { " LISTEN " return 200 $request_method; } }");
	struct client *client = client_open(server);

	client_send(client, "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /?b HTTP/1.1\r\nHost: a\r\n\r\n"
			    "GET /? HTTP/1.1\r\nHost: a\r\n\r\n");
	for (int i = 0; i < 3; i++)
		ck_assert_str_eq(client_reply(client).body, "GET");
	client_close(client);

	struct deadline left = { 0 };

	while (file_count(server, "/a.log", "\n") < 3)
		deadline_wait(&left, "three lines are in the access log");
	ck_assert_str_eq(file_text(server, "/a.log"),
			 "200 3 27 . 1 OK|-|-|-|-\n200 3 29 p 2 OK|?b|b|b|-\n"
			 "200 3 28 p 3 OK|-|-|-|-\n");
	server_stop(server);
}
END_TEST

/* nginx sends these twice. */
START_TEST(no_field_is_sent_twice)
{
	struct server *server = server_with(
		"add_header Server mine; add_header date never; add_header Connection x;"
		"add_header Keep-Alive x; add_header Content-Type text/x-other;"
		"location /moved { return 302 /there; add_header Location /elsewhere; }");
	struct reply reply;

	put_file(server, "a.txt", "text");
	reply = get(server, "/a.txt");
	ck_assert_int_eq(reply_headers(&reply, "Server"), 1);
	ck_assert_int_eq(reply_headers(&reply, "Date"), 1);
	ck_assert_int_eq(reply_headers(&reply, "Connection"), 1);
	ck_assert_str_eq(reply_header(&reply, "Connection"), "close");
	ck_assert_int_eq(reply_headers(&reply, "Keep-Alive"), 0);
	ck_assert_int_eq(reply_headers(&reply, "Content-Type"), 1);
	ck_assert_str_eq(reply_header(&reply, "Content-Type"), "text/x-other");
	reply = get(server, "/moved");
	ck_assert_int_eq(reply_headers(&reply, "Location"), 1);
	ck_assert_ptr_nonnull(strstr(reply_header(&reply, "Location"), "/elsewhere"));
	ck_assert(!log_has(server, "[alert]"));
	server_stop(server);
}
END_TEST

/* 127.0.0.1 gets no socket of its own, and yet its own servers. */
START_TEST(an_address_beside_the_wildcard_of_its_port)
{
	struct server *server =
		server_start("http { access_log off;"
			     "server { listen %PORT%; return 200 all; }"
			     "server { listen 127.0.0.1:%PORT%; return 200 \"one $server_addr\"; }"
			     "server { listen 127.0.0.2:%PORT%; return 200 two; } }");

	ck_assert_str_eq(body_of(server, "x", "/"), "one 127.0.0.1");
	server_stop(server);
}
END_TEST

START_TEST(nothing_is_said_for_444)
{
	struct server *server = server_with_pages("location / { return 444; }");

	ck_assert_str_eq(raw_all(server, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"), "");
	server_stop(server);
}
END_TEST

START_TEST(errors_of_the_protocol)
{
	struct server *server =
		server_with_pages("error_page 400 /sorry.html; error_page 413 /404.html;"
				  "client_max_body_size 1;");

	is(raw(server, "GET / HTTP/1.1\r\n\r\n"), 400, "sorry");
	is(raw(server, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"), 413,
	   "not here");
	server_stop(server);
}
END_TEST

/* A connection has many requests, and each says by itself who asks. */
START_TEST(each_request_has_its_own)
{
	struct server *server = server_with("set_real_ip_from 127.0.0.1;"
					    "add_header X-Client $remote_addr; return 200 a;");
	struct client *client = client_open(server);

	client_send(client, "GET /a HTTP/1.1\r\nHost: a\r\nX-Real-IP: 192.0.2.1\r\n\r\n"
			    "GET /a HTTP/1.1\r\nHost: a\r\n\r\n"
			    "GET /a HTTP/1.1\r\nHost: a\r\nX-Real-IP: 192.0.2.3\r\n\r\n");

	const char *const expected[] = { "192.0.2.1", "127.0.0.1", "192.0.2.3" };

	for (int i = 0; i < 3; i++) {
		struct reply reply = client_reply(client);
		const char *said = reply_header(&reply, "X-Client");

		ck_assert_str_eq(said, expected[i]);
	}
	server_stop(server);
}
END_TEST

TESTS("semantics", conditional_requests, a_file_is_found_and_typed, feeds_a_slow_reader,
      a_file_that_shrinks_ends_the_connection, many_may_wait_and_some_leave,
      too_large_a_head_has_a_code_of_its_own, a_page_keeps_the_connection,
      log_runs_once_for_every_answer, variables_in_the_access_log, no_field_is_sent_twice,
      an_address_beside_the_wildcard_of_its_port,
      nothing_is_said_for_444, errors_of_the_protocol, each_request_has_its_own)
