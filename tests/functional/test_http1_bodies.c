/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bodies of requests: nobody wants them, but where they end is where the next
 * request begins.
 */
#include "harness/client.h"
#include "harness/memory.h"
#include "harness/test.h"

#include <string.h>
#include <unistd.h>

static struct server *server;

static void setup(void)
{
	server = server_with("client_max_body_size 1k;"
			     "location / { return 200 $request_uri; }"
			     "location /large { client_max_body_size 10m; return 200 large; }"
			     "location /any { client_max_body_size 0; return 200 any; }"
			     "location /moved { return 301 /; } location /shut { deny all; }"
			     "location /files { }");
	put_file(server, "files/a.txt", "a file");
}

static void teardown(void)
{
	server_stop(server);
}

#define NEXT "GET /next HTTP/1.1\r\nHost: a\r\n\r\n"

/* A POST to path with these fields and bytes is answered, and so is what follows. */
static void goes_on(const char *path, const char *fields, const char *bytes)
{
	struct client *client = client_open(server);

	client_send(client, memory_printf("POST %s HTTP/1.1\r\nHost: a\r\n%s\r\n%s" NEXT, path,
					  fields, bytes));
	struct reply reply = client_reply(client);
	ck_assert_msg(reply.status == 200, "%d for a body of:\n%s%s", reply.status, fields, bytes);
	ck_assert_str_eq(client_reply(client).body, "/next");
	client_close(client);
}

/* A POST with this chunked body is answered or refused, and is the last one. */
static void ends(const char *bytes)
{
	struct client *client = client_open(server);
	struct reply reply;

	client_send(client, memory_printf("POST /any HTTP/1.1\r\nHost: a\r\n"
					  "Transfer-Encoding: chunked\r\n\r\n%s",
					  bytes));
	client_send(client, NEXT);
	reply = client_reply(client);
	ck_assert_msg(reply.status == 200 || reply.status == 400, "%d for:\n%s", reply.status,
		      bytes);
	ck_assert_msg(client_is_closed(client), "it goes on after:\n%s", bytes);
	client_close(client);
}

#define CHUNKED "Transfer-Encoding: chunked\r\n"

START_TEST(are_passed_over)
{
	goes_on("/", "Content-Length: 0\r\n", "");
	goes_on("/", "Content-Length: 5\r\n", "hello");
	goes_on("/", "Content-Length: 16\r\n", "GET /x HTTP/1.1\r");
	goes_on("/", CHUNKED, "0\r\n\r\n");
	goes_on("/", CHUNKED, "5\r\nhello\r\n0\r\n\r\n");
	goes_on("/", CHUNKED, "00005\r\nhello\r\nA\r\n0123456789\r\n0\r\n\r\n");
	goes_on("/", "Transfer-Encoding: Chunked\r\n", "5\r\nhello\r\n0\r\n\r\n");
	goes_on("/", CHUNKED, "5;a=b;c=\"d\"\r\nhello\r\n0;e\r\nX: y\r\nZ: z\r\n\r\n");
}
END_TEST

START_TEST(come_in_pieces)
{
	const char *text = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
			   "5;x\r\nhello\r\na\r\n0123456789\r\n0\r\nX: y\r\n\r\n"
			   "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody" NEXT;

	for (size_t cut = 1; cut < strlen(text); cut++) {
		struct client *client = client_open(server);
		client_send_bytes(client, text, cut);
		usleep(300);
		client_send(client, text + cut);
		ck_assert_int_eq(client_reply(client).status, 200);
		ck_assert_int_eq(client_reply(client).status, 200);
		ck_assert_str_eq(client_reply(client).body, "/next");
		client_close(client);
	}
}
END_TEST

START_TEST(bad_chunks_are_the_end)
{
	ends("x\r\n");
	ends("\r\n");
	ends("5\nhello\r\n0\r\n\r\n");
	ends("5\r\nhello0\r\n\r\n");
	ends("5\r\nhello\n0\r\n\r\n");
	ends("5\r\nhello\rX0\r\n\r\n");
	ends("5 \rx\nhello\r\n");
	ends("-5\r\nhello\r\n");
	ends("0x5\r\nhello\r\n");
	ends("fffffffffffffffff\r\n");
	ends("ffffffffffffffff\r\n");
	ends("0\nX: y\n\n");
}
END_TEST

START_TEST(a_large_one_is_read_to_its_end)
{
	struct client *client = client_open(server);
	char *body = memory_alloc(5000000);

	memset(body, 'x', 5000000);
	client_send(client, "POST /large HTTP/1.1\r\nHost: a\r\nContent-Length: 5000000\r\n\r\n");
	client_send_bytes(client, body, 5000000);
	ck_assert_str_eq(client_reply(client).body, "large");
	ck_assert_str_eq(client_get(client, "/next").body, "/next");
}
END_TEST

START_TEST(many_small_chunks)
{
	enum { CHUNKS = 20000 };
	char *body = memory_alloc(CHUNKS * 6 + 10);

	for (int i = 0; i < CHUNKS; i++)
		memcpy(body + i * 6, "1\r\nx\r\n", 6);
	strcpy(body + CHUNKS * 6, "0\r\n\r\n");
	goes_on("/large", CHUNKED, body);
}
END_TEST

START_TEST(a_file_with_a_body_that_comes_late)
{
	struct client *client = client_open(server);

	client_send(client, "GET /files/a.txt HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n");
	ck_assert_str_eq(client_reply(client).body, "a file");
	client_send(client, "01234567");
	ck_assert(client_is_quiet(client, 20));
	client_send(client, "89" NEXT);
	ck_assert_str_eq(client_reply(client).body, "/next");
}
END_TEST

START_TEST(continue_is_said_before_a_body)
{
	struct client *client = client_open(server);

	client_send(client, "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
			    "Content-Length: 5\r\n\r\n");
	char some[25];
	ck_assert_uint_eq(client_read(client, some, 25), 25);
	ck_assert_mem_eq(some, "HTTP/1.1 100 Continue\r\n\r\n", 25);
	client_send(client, "hello" NEXT);
	ck_assert_str_eq(client_reply(client).body, "/");
	ck_assert_str_eq(client_reply(client).body, "/next");
}
END_TEST

START_TEST(continue_is_not_said_needlessly)
{
	struct reply reply = raw(server, "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
					 "Content-Length: 5\r\n\r\nhello");
	ck_assert_int_eq(reply.status, 200);
	ck_assert_int_eq(reply.interim, 0);
	reply = raw(server, "GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n");
	ck_assert_int_eq(reply.interim, 0);
	reply = raw(server, "POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
	ck_assert_int_eq(reply.interim, 0);
	reply = raw(server, "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
			    "Content-Length: 5000\r\n\r\n");
	ck_assert_int_eq(reply.status, 413);
	ck_assert_int_eq(reply.interim, 0);
}
END_TEST

#define EXPECTS(line) line " HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"

/* Nobody knows whether its body comes after all: the connection ends. */
START_TEST(a_final_status_is_all_there_is)
{
	static const struct {
		const char *line;
		int status;
	} cases[] = {
		{ EXPECTS("POST /files/a.txt"), 405 },
		{ EXPECTS("POST /files/missing"), 404 },
		{ EXPECTS("POST /moved"), 301 },
		{ EXPECTS("POST /shut"), 403 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct client *client = client_open(server);
		client_send(client, memory_printf("%sContent-Length: 5\r\n\r\n", cases[i].line));
		struct reply reply = client_reply(client);
		ck_assert_int_eq(reply.status, cases[i].status);
		ck_assert_int_eq(reply.interim, 0);
		ck_assert_str_eq(reply_header(&reply, "Connection"), "close");
		ck_assert(client_is_closed(client));
		/* Who doesn't wait keeps the connection. */
		client = client_open(server);
		client_send(client,
			    memory_printf("%sContent-Length: 5\r\n\r\nhello" NEXT, cases[i].line));
		ck_assert_int_eq(client_reply(client).status, cases[i].status);
		ck_assert_str_eq(client_reply(client).body, "/next");
	}
}
END_TEST

START_TEST(a_body_over_the_limit_is_413)
{
	refused(server, 413, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1025\r\n\r\n");
	goes_on("/", "Content-Length: 1024\r\n", memory_printf("%01024d", 0));
	goes_on("/any", "Content-Length: 2000\r\n", memory_printf("%02000d", 0));
	ck_assert_int_eq(raw(server,
			     "POST /large HTTP/1.1\r\nHost: a\r\nContent-Length: 10485761\r\n\r\n")
				 .status,
			 413);
}
END_TEST

START_TEST(a_chunked_body_over_the_limit_ends_it)
{
	struct client *client = client_open(server);

	client_send(client, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
	client_send(client, memory_printf("800\r\n%02048d\r\n0\r\n\r\n" NEXT, 0));
	int status = client_reply(client).status;
	ck_assert_msg(status == 200 || status == 413, "it says %d", status);
	ck_assert(client_is_closed(client));
}
END_TEST

START_TEST(a_413_reaches_who_is_still_sending)
{
	struct client *client = client_open(server);
	char *body = memory_alloc(4000000);

	memset(body, 'x', 4000000);
	client_send(client, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4000000\r\n\r\n");
	client_send_some(client, body, 4000000);
	ck_assert_int_eq(client_reply(client).status, 413);
	ck_assert(client_is_closed(client));
}
END_TEST

TESTS_IN((&(struct test_suite){ .name = "bodies", .setup = setup, .teardown = teardown }),
	 are_passed_over, come_in_pieces, bad_chunks_are_the_end, a_large_one_is_read_to_its_end,
	 many_small_chunks, a_file_with_a_body_that_comes_late, continue_is_said_before_a_body,
	 continue_is_not_said_needlessly, a_final_status_is_all_there_is,
	 a_body_over_the_limit_is_413, a_chunked_body_over_the_limit_ends_it,
	 a_413_reaches_who_is_still_sending)
