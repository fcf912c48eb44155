/* SPDX-License-Identifier: BSD-2-Clause */
/* The server in the test's own process: that it does what the server over a socket does. */
#include "http/inproc.h"
#include "harness/memory.h"
#include "harness/test.h"

#include <string.h>

static const char parts[] =
	"location / { return 200 \"$request|$uri|$args|$host|$http_x_a|$content_length|"
	"$remote_addr|$server_addr|$server_protocol\"; }";

START_TEST(the_parts_of_a_request_arrive)
{
	struct server *server = inproc_with(parts);
	const char *protocol = inproc_protocol_name();

	ck_assert_str_eq(get(server, "/a%20b?c=d").body,
			 memory_printf("GET /a%%20b?c=d %s|/a b|c=d|localhost|||127.0.0.1|"
				       "127.0.0.1|%s",
				       protocol, protocol));
	ck_assert_str_eq(ask(server, "/a", .method = "PUT", .host = "Other:1",
			     .fields = "x-a:  b \r\nX-B: c\r\n", .body = "hello")
				 .body,
			 memory_printf("PUT /a %s|/a||other|b|5|127.0.0.1|127.0.0.1|%s", protocol,
				       protocol));
	ck_assert_int_eq(ask(server, "/", .host = "").status, 400);
	ck_assert_int_eq(get(server, "/../a").status, 400);
	server_stop(server);
}
END_TEST

START_TEST(the_parts_of_a_request_of_http_1_0_arrive)
{
	test_needs_http1("only HTTP/1 has another version, and a scheme in the request line");

	struct server *server = inproc_with(parts);

	ck_assert_str_eq(ask(server, "http://Other:1/a", .method = "PUT", .version = "1.0",
			     .host = "", .fields = "x-a:  b \r\nX-B: c\r\n", .body = "hello")
				 .body,
			 "PUT http://Other:1/a HTTP/1.0|/a||other|b|5|127.0.0.1|127.0.0.1|"
			 "HTTP/1.0");
	server_stop(server);
}
END_TEST

START_TEST(the_parts_of_a_response_arrive)
{
	struct server *server = inproc_with("location /made { add_header X-A a; return 201 made; }"
					    "location /none { return 204; }"
					    "location /empty { return 200; }"
					    "location /closed { return 444; }");
	struct reply reply = get(server, "/made");

	ck_assert_int_eq(reply.status, 201);
	ck_assert_int_eq(strncmp(reply.head, "HTTP/1.1 201 Created\r\n", 22), 0);
	ck_assert_str_eq(reply_header(&reply, "x-a"), "a");
	ck_assert_str_eq(reply_header(&reply, "Content-Length"), "4");
	ck_assert_str_eq(reply.body, "made");
	ck_assert_int_eq(reply.framing, FRAMING_LENGTH);
	ck_assert(reply.is_whole);
	reply = ask(server, "/made", .method = "HEAD");
	ck_assert_str_eq(reply_header(&reply, "Content-Length"), "4");
	ck_assert_uint_eq(reply.body_len, 0);
	ck_assert_int_eq(reply.framing, FRAMING_NONE);
	ck_assert_int_eq(get(server, "/none").framing, FRAMING_NONE);
	ck_assert_int_eq(get(server, "/empty").framing, FRAMING_LENGTH);
	ck_assert_int_eq(get(server, "/closed").status, 0);
	server_stop(server);
}
END_TEST

/* From memory, and from a descriptor; the type is guessed by a thread, so the request waits. */
START_TEST(files_and_threads)
{
	struct server *server = inproc_with("");
	const size_t size = 300000;
	char *bytes = memory_alloc(size);

	for (size_t i = 0; i < size; i++)
		bytes[i] = (char)('a' + i % 23);
	put_bytes(server, "large.txt", bytes, size);
	put_file(server, "words", "just some words\n");

	struct reply reply = get(server, "/large.txt");

	ck_assert_uint_eq(reply.body_len, size);
	ck_assert_int_eq(memcmp(reply.body, bytes, size), 0);
	reply = get(server, "/words");
	ck_assert_str_eq(reply.body, "just some words\n");
	ck_assert_str_eq(reply_header(&reply, "Content-Type"), "text/plain");
	server_stop(server);
}
END_TEST

START_TEST(logs_are_files)
{
	struct server *server = inproc_start(
		"http { log_format f '$request_uri $status $body_bytes_sent "
		"$connection_requests $request_completion'; access_log %DIR%/access.log f;"
		"server { listen 127.0.0.1:%PORT%; location /closed { return 444; }"
		"location / { return 200 text; } } }");
	struct deadline wait = { 0 };

	get(server, "/a");
	get(server, "/closed");
	get(server, "no path");
	log_once(server, "client sent an invalid request: 400 Bad Request, client: 127.0.0.1");
	while (file_count(server, "/access.log", "\n") < 3)
		deadline_wait(&wait, "three lines of the access log");
	ck_assert_str_eq(file_text(server, "/access.log"),
			 "/a 200 4 1 OK\n/closed 444 0 1 \n- 400 148 1 OK\n");
	server_stop(server);

	server = inproc_with("");
	ck_assert_int_eq(get(server, "/none").status, 404);
	ck_assert(log_has(server, "html/none\" failed (2: No such file or directory), client: "
				  "127.0.0.1, server: , request: \"GET /none "));
	ck_assert(log_has(server,
			  memory_printf("%s\", host: \"localhost\"", inproc_protocol_name())));
	server_stop(server);
}
END_TEST

START_TEST(servers_are_found_by_port_and_host)
{
	struct server *server = inproc_start(
		"http { access_log off; server { listen 127.0.0.1:%PORT%; return 200 one; }"
		"server { listen %PORT2%; return 200 \"two $server_port\"; }"
		"server { listen 127.0.0.1:%PORT2%; server_name a; return 200 a; } }");

	ck_assert_str_eq(get(server, "/").body, "one");
	ck_assert_str_eq(ask(server, "/", .port = 1, .host = "x").body, "a");
	server_stop(server);
}
END_TEST

START_TEST(mistakes_are_messages)
{
	const char *output = inproc_fails("http { server { listen 127.0.0.1:%PORT%; nonsense; } }");

	ck_assert_msg(strstr(output, "nonsense"), "%s", output);
	server_stop(inproc_with(""));
}
END_TEST

TESTS("in-process", the_parts_of_a_request_arrive, the_parts_of_a_request_of_http_1_0_arrive,
      the_parts_of_a_response_arrive, files_and_threads, logs_are_files,
      servers_are_found_by_port_and_host, mistakes_are_messages)
