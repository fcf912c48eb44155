/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is not answered as it was asked: framing that two readers could take for
 * different things is refused with 400 and a close, never guessed.
 */
#include "harness/client.h"
#include "harness/memory.h"
#include "harness/test.h"

#include <string.h>

static struct server *server;

static void setup(void)
{
	server = server_with("large_client_header_buffers 4 1k; client_header_buffer_size 512;"
			     "max_headers 20;"
			     "location / { return 200 $request_uri; }");
}

static void teardown(void)
{
	server_stop(server);
}

/* The status of a request with these fields. */
static int with(const char *fields)
{
	return raw(server, memory_printf("GET / HTTP/1.1\r\n%s\r\n", fields)).status;
}

static void refused_with(const char *fields)
{
	refused(server, 400, memory_printf("GET / HTTP/1.1\r\n%s\r\n", fields));
}

static void refused_line(int status, const char *line)
{
	refused(server, status, memory_printf("%s\r\nHost: a\r\n\r\n", line));
}

START_TEST(hosts)
{
	refused_with("");
	refused_with("Host: a\r\nHost: a\r\n");
	refused_with("Host: a\r\nHost: b\r\n");
	refused_with("Host: a b\r\n");
	refused_with("Host: a/b\r\n");
	refused_with("Host: a@b\r\n");
	refused_with("Host: [::1\r\n");
	ck_assert_int_eq(with("Host: a:80\r\n"), 200);
	ck_assert_int_eq(with("Host: [::1]:80\r\n"), 200);
	ck_assert_int_eq(with("host:a\r\n"), 200);
	ck_assert_int_eq(raw(server, "GET / HTTP/1.0\r\n\r\n").status, 200);
}
END_TEST

/* The error log names the first one of a request. */
START_TEST(a_field_with_an_underscore_is_ignored)
{
	const char *message = "client sent invalid header line: \"";

	ck_assert_int_eq(with("Host: a\r\nX_A: 1\r\nX_B: 2\r\nX_A: 3\r\n"), 200);
	log_wait(server, "client sent invalid header line: \"X_A\"");
	ck_assert_int_eq(with("Host: a\r\nX-A: 1\r\n"), 200);
	ck_assert_int_eq(with("Host: a\r\nX_B: 1\r\n"), 200);
	log_wait(server, "client sent invalid header line: \"X_B\"");
	ck_assert_uint_eq(file_count(server, "/error.log", message), 2);
}
END_TEST

START_TEST(fields_with_unusual_names_are_ignored)
{
	const char *fields = "Host: a\r\nX-A1: 1\r\n%s: 1\r\nX-B: 2\r\n";
	static const char *const names[] = { "X!A", "X.A", "X~_A" };
	struct server *other;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		ck_assert_int_eq(with(memory_printf(fields, names[i])), 200);
		log_wait(server, memory_printf("invalid header line: \"%s\"", names[i]));
	}
	other = server_with("underscores_in_headers on; return 200 $http_x_a;");
	ck_assert_str_eq(ask(other, "/", .fields = "x_a: 1\r\nx_!a: 2\r\n").body, "1");
	log_wait(other, "invalid header line: \"x_!a\"");
	server_stop(other);
	other = server_with("ignore_invalid_headers off; return 200 $http_x_a;");
	ck_assert_str_eq(ask(other, "/", .fields = "x_a: 1\r\nx_!a: 2\r\n").body, "1");
	ck_assert(!log_has(other, "invalid header line"));
	server_stop(other);
}
END_TEST

/* As in nginx; other directives about heads are those of the default server. */
START_TEST(the_server_that_host_names_decides_about_names)
{
	struct server *other = server_start(
		"http { server { listen 127.0.0.1:%PORT%; return 200 \"$http_x_a\"; }"
		"server { listen 127.0.0.1:%PORT%; server_name on; underscores_in_headers on;"
		" return 200 \"$http_x_a\"; }"
		"server { listen 127.0.0.1:%PORT%; server_name any; ignore_invalid_headers off;"
		" return 200 \"$http_x_a\"; } }");

	ck_assert_str_eq(ask(other, "/", .host = "a", .fields = "X_A: 1\r\nX-A: 2\r\n").body, "2");
	ck_assert_str_eq(ask(other, "/", .host = "on", .fields = "X_A: 1\r\nX!A: 2\r\n").body, "1");
	ck_assert_str_eq(ask(other, "/", .host = "any", .fields = "X_A: 1\r\nX!: 2\r\n").body, "1");
	server_stop(other);
}
END_TEST

/* The field of another server, or of the default one, since the server was not found. */
START_TEST(a_refused_head_has_no_unusual_fields_either)
{
	struct server *other = server_with("error_page 400 /e; location = /e { return 200 "
					   "\"[$http_x_a]\"; } location / { return 204; }");

	ck_assert_str_eq(raw(other, "GET / HTTP/1.1\r\nHost: a\r\nX_A: 1\r\nHost: b\r\n\r\n").body,
			 "[]");
	ck_assert_str_eq(raw(other, "GET / HTTP/1.1\r\nHost: a\r\nX_A: 1\r\n: x\r\n\r\n").body,
			 "[]");
	server_stop(other);
}
END_TEST

START_TEST(line_ends)
{
	ck_assert_int_eq(raw(server, "GET / HTTP/1.1\nHost: a\n\n").status, 200);
	ck_assert_int_eq(raw(server, "GET / HTTP/1.1\r\nHost: a\n\r\n").status, 200);
	refused(server, 400, "GET / HTTP/1.1\rHost: a\r\r\n\r\n");
	refused_with("Host: a\rb\r\n");
	refused_with("Host: a\r\nX: a\rb\r\n");
	refused_with("Host: a\r\nX: b\r\r\n");
	refused_line(400, "GET /\r HTTP/1.1");
}
END_TEST

START_TEST(fields)
{
	refused_with("Host: a\r\nX : b\r\n");
	refused_with("Host : a\r\n");
	refused_with("Host: a\r\n folded\r\n");
	refused_with("Host: a\r\nX: b\r\n\tfolded\r\n");
	refused_with(" Host: a\r\n");
	refused_with("Host: a\r\nno colon\r\n");
	refused_with("Host: a\r\n: no name\r\n");
	refused_with("Host: a\r\nX(: b\r\n");
	refused_with("Host: a\r\nX: \x01\r\n");
	ck_assert_int_eq(with("Host: a\r\nX:\r\n"), 200);
	ck_assert_int_eq(with("Host: a\r\nX:\t b \t\r\n"), 200);
	ck_assert_int_eq(with("Host: a\r\nX: \xc3\xa9\r\n"), 200);
	ck_assert_int_eq(with("Host: a\r\nx_y: b\r\n"), 200);
}
END_TEST

START_TEST(a_nul_anywhere)
{
	static const char *const parts[] = { "GE",    "T /",  "a HTTP/1.1\r\nHo", "st: a",
					     "b\r\n", "X: y", "\r\n\r\n" };
	enum { PARTS = sizeof(parts) / sizeof(parts[0]) };

	for (int nul = 0; nul < PARTS - 1; nul++) {
		struct client *client = client_open(server);
		for (int i = 0; i < PARTS; i++) {
			client_send(client, parts[i]);
			if (i == nul)
				client_send_bytes(client, "", 1);
		}
		ck_assert_int_eq(client_reply(client).status, 400);
		ck_assert(client_is_closed(client));
		client_close(client);
	}
	refused_line(400, "GET /%00 HTTP/1.1");
}
END_TEST

START_TEST(lengths_and_encodings)
{
	refused_with("Host: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n");
	refused_with("Host: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n");
	refused_with("Host: a\r\nContent-Length: 1, 1\r\n");
	refused_with("Host: a\r\nContent-Length: -1\r\n");
	refused_with("Host: a\r\nContent-Length: +1\r\n");
	refused_with("Host: a\r\nContent-Length: 0x1\r\n");
	refused_with("Host: a\r\nContent-Length: 1 1\r\n");
	refused_with("Host: a\r\nContent-Length: 99999999999999999999\r\n");
	refused_with("Host: a\r\nContent-Length:\r\n");
	refused_with("Host: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n");
	refused_with("Host: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n");
	refused_with("Host: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n");
	refused(server, 400, "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
}
END_TEST

START_TEST(unknown_encodings)
{
	refused(server, 501, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n");
	refused(server, 501,
		"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n");
	refused(server, 501, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\n");
}
END_TEST

START_TEST(request_lines)
{
	refused_line(400, "GET");
	refused_line(400, "GET ");
	refused_line(400, "GET /a b HTTP/1.1");
	refused_line(400, " GET / HTTP/1.1");
	refused_line(400, "G(T / HTTP/1.1");
	refused_line(400, "GET a HTTP/1.1");
	refused_line(400, "GET * HTTP/1.1");
	refused_line(400, "GET / HTTP/1.x");
	refused_line(400, "GET / HTTPS/1.1");
	refused_line(400, "GET / http/1.1");
	refused_line(400, "GET /%zz HTTP/1.1");
	refused_line(400, "GET /% HTTP/1.1");
	refused_line(400, "GET /../a HTTP/1.1");
	refused_line(400, "GET /%2e%2E/a HTTP/1.1");
	refused_line(400, "GET /a/..%2f../../b HTTP/1.1");
	refused_line(505, "GET / HTTP/2.0");
	refused_line(505, "GET / HTTP/3.7");
}
END_TEST

START_TEST(a_refused_head_gets_no_body)
{
	struct client *client = client_open(server);

	client_send(client, "HEAD / HTTP/2.0\r\nHost: a\r\n\r\n");
	ck_assert_int_eq(client_reply_head(client).status, 505);
	ck_assert(client_is_closed(client));
}
END_TEST

START_TEST(http_09)
{
	const char *all = raw_all(server, "GET /\r\n");

	ck_assert_msg(strstr(all, " 400 ") || strstr(all, " 505 "), "it says %s", all);
}
END_TEST

START_TEST(a_later_minor_version_is_1_1)
{
	ck_assert_int_eq(raw(server, "GET / HTTP/1.2\r\nHost: a\r\n\r\n").status, 200);
}
END_TEST

START_TEST(a_preface_of_http_2_is_refused)
{
	const char *all = raw_all(server, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

	ck_assert_msg(strstr(all, " 400 ") || strstr(all, " 505 "), "it says %s", all);
}
END_TEST

static const char *repeat(char c, int count)
{
	char *text = memory_alloc((size_t)count + 1);

	memset(text, c, (size_t)count);
	text[count] = '\0';
	return text;
}

START_TEST(long_lines)
{
	const char *most = repeat('a', 1024 - 16);

	ck_assert_int_eq(
		raw(server, memory_printf("GET /%s HTTP/1.1\r\nHost: a\r\n\r\n", most)).status,
		200);
	refused_line(414, memory_printf("GET /%s HTTP/1.1", repeat('a', 1100)));
	refused(server, 414, memory_printf("GET /%s", repeat('a', 9000)));
	refused_with(memory_printf("Host: a\r\nX: %s\r\n", repeat('a', 1100)));
	refused(server, 400, memory_printf("GET / HTTP/1.1\r\nX: %s", repeat('a', 9000)));
}
END_TEST

START_TEST(many_fields)
{
	char text[1000] = "";

	for (int i = 0; i < 19; i++)
		strcat(text, "X: y\r\n");
	ck_assert_int_eq(with(memory_printf("Host: a\r\n%s", text)), 200);
	refused_with(memory_printf("Host: a\r\nX: y\r\n%s", text));
}
END_TEST

START_TEST(heads_larger_than_all_buffers)
{
	char text[8000] = "Host: a\r\n";

	for (int i = 0; i < 6; i++)
		strcat(strcat(text, "X: "), memory_printf("%s\r\n", repeat('a', 900)));
	refused_with(text);
}
END_TEST

START_TEST(the_rest_of_a_refused_request_does_not_reset)
{
	/* More than the kernel holds, so that a close without lingering would be a reset. */
	struct client *client = client_open(server);
	char *rest = memory_alloc(1000000);

	memset(rest, 'x', 1000000);
	client_send(client, "GET / HTTP/1.1\r\nX : y\r\n\r\n");
	client_send_some(client, rest, 1000000);
	ck_assert_int_eq(client_reply(client).status, 400);
	ck_assert(client_is_closed(client));
}
END_TEST

/* A line of that length, for a server whose first buffer is larger than the others. */
static int with_line(struct server *small, int len)
{
	return raw(small, memory_printf("GET /%0*d HTTP/1.1\r\nHost: a\r\n\r\n", len - 14, 0))
		.status;
}

START_TEST(a_line_may_fill_the_first_buffer)
{
	struct server *small = server_with("client_header_buffer_size 1k; connection_pool_size 256;"
					   "large_client_header_buffers 4 256;"
					   "location / { return 200 $request_uri; }");

	ck_assert_int_eq(with_line(small, 250), 200);
	ck_assert_int_eq(with_line(small, 1000), 200);
	ck_assert_int_eq(with_line(small, 1100), 414);
	server_stop(small);
}
END_TEST

TESTS_IN((&(struct test_suite){ .name = "refused", .setup = setup, .teardown = teardown }), hosts,
	 a_field_with_an_underscore_is_ignored, fields_with_unusual_names_are_ignored,
	 the_server_that_host_names_decides_about_names,
      a_refused_head_has_no_unusual_fields_either, line_ends, fields, a_nul_anywhere,
	 lengths_and_encodings, unknown_encodings, request_lines, a_refused_head_gets_no_body,
	 http_09, a_later_minor_version_is_1_1, a_preface_of_http_2_is_refused, long_lines,
	 many_fields, a_line_may_fill_the_first_buffer, heads_larger_than_all_buffers,
	 the_rest_of_a_refused_request_does_not_reset)
