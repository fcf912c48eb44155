/* SPDX-License-Identifier: BSD-2-Clause */
/* A filter whose length nobody knows before its end, in all framings. */
#include "harness/client.h"
#include "harness/memory.h"
#include "harness/test.h"

#include <string.h>

static struct server *server;

static void setup(void)
{
	server = server_with("upper on;");
	put_file(server, "a.txt", "hello");
	put_file(server, "empty.txt", "");
}

static void teardown(void)
{
	server_stop(server);
}

START_TEST(is_chunked_in_1_1)
{
	struct reply reply = get(server, "/a.txt");

	ck_assert_str_eq(reply.body, "HELLO");
	ck_assert_int_eq(reply.framing, FRAMING_CHUNKED);
	ck_assert_str_eq(get(server, "/empty.txt").body, "");
}
END_TEST

START_TEST(keeps_the_connection_in_1_1)
{
	struct client *client = client_open(server);

	for (int i = 0; i < 10; i++)
		ck_assert_str_eq(client_get(client, "/a.txt").body, "HELLO");
}
END_TEST

START_TEST(ends_with_the_connection_in_1_0)
{
	struct client *client = client_open(server);

	client_send(client, "GET /a.txt HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
	struct reply reply = client_reply(client);
	ck_assert_str_eq(reply.body, "HELLO");
	ck_assert_int_eq(reply.framing, FRAMING_CLOSE);
	ck_assert_str_eq(reply_header(&reply, "Connection"), "close");
}
END_TEST

START_TEST(head_is_that_of_get)
{
	struct client *client = client_open(server);

	client_send(client, "HEAD /a.txt HTTP/1.1\r\nHost: a\r\n\r\n");
	struct reply reply = client_reply_head(client);
	ck_assert_int_eq(reply.status, 200);
	ck_assert_ptr_null(reply_header(&reply, "Content-Length"));
	ck_assert_str_eq(client_get(client, "/a.txt").body, "HELLO");
}
END_TEST

START_TEST(a_304_has_no_body)
{
	struct client *client = client_open(server);
	struct reply reply = client_get(client, "/a.txt");

	client_send(client, memory_printf("GET /a.txt HTTP/1.1\r\nHost: a\r\n"
					  "If-Modified-Since: %s\r\n\r\n",
					  reply_header(&reply, "Last-Modified")));
	reply = client_reply(client);
	ck_assert_int_eq(reply.status, 304);
	ck_assert_ptr_null(reply_header(&reply, "Transfer-Encoding"));
	ck_assert_str_eq(client_get(client, "/a.txt").body, "HELLO");
}
END_TEST

START_TEST(has_no_ranges)
{
	struct reply reply = ask(server, "/a.txt", .fields = "Range: bytes=1-2\r\n");

	ck_assert_int_eq(reply.status, 200);
	ck_assert_str_eq(reply.body, "HELLO");
	ck_assert_ptr_null(reply_header(&reply, "Accept-Ranges"));
}
END_TEST

START_TEST(error_pages_go_through_it)
{
	struct reply reply = get(server, "/missing");

	ck_assert_int_eq(reply.status, 404);
	ck_assert_ptr_nonnull(strstr(reply.body, "NOT FOUND"));
}
END_TEST

static char *large(size_t len)
{
	char *bytes = memory_alloc(len + 1);

	for (size_t i = 0; i < len; i++)
		bytes[i] = (char)('A' + i * 7 % 26);
	bytes[len] = '\0';
	return bytes;
}

START_TEST(a_large_one_is_whole)
{
	enum { LEN = 3000001 };
	const char *bytes = large(LEN);

	put_bytes(server, "large.txt", bytes, LEN);
	struct reply reply = get(server, "/large.txt");
	ck_assert_uint_eq(reply.body_len, LEN);
	ck_assert(memcmp(reply.body, bytes, LEN) == 0);
	reply = ask(server, "/large.txt", .version = "1.0");
	ck_assert(reply.body_len == LEN && memcmp(reply.body, bytes, LEN) == 0);
}
END_TEST

START_TEST(a_slow_client_costs_little_memory)
{
	enum { LEN = 30000000 };

	put_bytes(server, "large.txt", large(LEN), LEN);
	long before = server_memory(server);
	for (int i = 0; i < 20; i++) {
		struct client *client = client_open_slow(server);
		client_send(client, "GET /large.txt HTTP/1.1\r\nHost: a\r\n\r\n");
		char some[64];
		ck_assert_uint_gt(client_read(client, some, sizeof(some)), 0);
	}
	ck_assert_int_lt(server_memory(server) - before, 20 * 300);
}
END_TEST

TESTS_IN((&(struct test_suite){ .name = "upper", .setup = setup, .teardown = teardown }),
	 is_chunked_in_1_1, keeps_the_connection_in_1_1, ends_with_the_connection_in_1_0,
	 head_is_that_of_get, a_304_has_no_body, has_no_ranges, error_pages_go_through_it,
	 a_large_one_is_whole, a_slow_client_costs_little_memory)
