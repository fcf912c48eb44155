/* SPDX-License-Identifier: BSD-2-Clause */
/* A module that reads the body of a request: what it gets, and what becomes of the others. */
#include "http/inproc.h"
#include "harness/memory.h"
#include "harness/test.h"

#include <stdlib.h>
#include <string.h>

static struct server *server;

static void setup(void)
{
	server = inproc_start(
		"http { log_format f '$status $request_length'; access_log %DIR%/access.log f;"
		"client_max_body_size 20; server { listen 127.0.0.1:%PORT%;"
		"location /count { upload count; } location /echo { upload echo; }"
		"location /first { upload first; } location /trust { upload trust; }"
		"location /any { client_max_body_size 0; upload count; }"
		"location /page { error_page 413 /count; upload count; }"
		"location /wrong { upload wrong; } location / { return 200 text; } } }");
}

static void teardown(void)
{
	server_stop(server);
}

/* What `upload count` says of these bytes. */
static const char *count_of(const char *bytes, size_t len)
{
	unsigned long long hash = 0xcbf29ce484222325;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (unsigned char)bytes[i]) * 0x100000001b3;
	return memory_printf("%zu %016llx\n", len, hash);
}

#define COUNT_OF(text) count_of(text, strlen(text))

#define ask_pieces(target, ...) \
	ask(server, target, .method = "POST", .pieces = (const char *const[]){ __VA_ARGS__, NULL })

static void has(struct reply reply, int status, const char *body)
{
	ck_assert_int_eq(reply.status, status);
	if (body)
		ck_assert_str_eq(reply.body, body);
}

START_TEST(a_body_is_read)
{
	has(ask(server, "/count", .method = "POST", .body = "hello"), 200, COUNT_OF("hello"));
	has(ask_pieces("/count", "h", "ell", "o"), 200, COUNT_OF("hello"));
	has(ask(server, "/count", .method = "POST", .body = ""), 200, COUNT_OF(""));
	has(get(server, "/count"), 200, COUNT_OF(""));
	has(ask(server, "/echo", .method = "PUT", .body = "hello"), 200, "hello");
	has(ask_pieces("/echo", "h", "ell", "o"), 200, "hello");
	has(get(server, "/echo"), 200, "");
}
END_TEST

START_TEST(what_is_not_read_is_discarded)
{
	has(ask_pieces("/first", "h", "ell", "o"), 200, COUNT_OF("h"));
	has(ask_pieces("/", "h", "ell", "o"), 200, "text");
	has(ask_pieces("/first/head", "h"), 200, NULL);
	ck_assert_int_eq(ask(server, "/count", .method = "HEAD", .body = "hello").status, 200);
}
END_TEST

START_TEST(too_large_a_body)
{
	has(ask(server, "/count", .method = "POST", .body = "more than twenty bytes"), 413, NULL);
	has(ask_pieces("/count", "exactly ", "twenty bytes"), 200,
	    COUNT_OF("exactly twenty bytes"));
	has(ask_pieces("/count", "more than ", "twenty bytes"), 413, NULL);
	ck_assert(log_has(server, "the body of the request cannot be read: it is larger than "
				  "client_max_body_size"));
	has(ask_pieces("/any", "more than ", "twenty bytes"), 200,
	    COUNT_OF("more than twenty bytes"));
	/* The page of the error cannot read on. */
	has(ask_pieces("/page", "more than ", "twenty bytes"), 413, NULL);
	has(ask_pieces("/trust", "more than ", "twenty bytes"), 200, NULL);
	ck_assert(!ask_pieces("/echo", "more than ", "twenty bytes").is_whole);
}
END_TEST

START_TEST(a_client_that_ends_too_early)
{
	static const char *const pieces[] = { "h", "ell", NULL };

	has(ask(server, "/count", .method = "POST", .pieces = pieces, .is_cut = true), 400, NULL);
	log_once(server, "the body of the request cannot be read: client closed the connection "
			 "before its end, client: ");
	ck_assert(
		!ask(server, "/echo", .method = "POST", .pieces = pieces, .is_cut = true).is_whole);
	has(ask(server, "/trust", .method = "POST", .pieces = pieces, .is_cut = true), 200,
	    COUNT_OF("hell"));
}
END_TEST

START_TEST(a_module_that_waits_without_reading)
{
	has(ask(server, "/wrong", .method = "POST", .body = "hello"), 500, NULL);
	has(get(server, "/wrong"), 500, NULL);
	ck_assert(log_has(server, "a module waits for the body of the request, although it has not "
				  "read what there is: a defect of that module"));
	server_forgive(server);
}
END_TEST

/* A large body, a pipelined request behind one that is not read, and 100 (Continue). */
START_TEST(over_a_socket)
{
	enum { LEN = 3000001 };
	struct server *other = server_with("client_max_body_size 0; client_body_timeout 30s;"
					   "location /count { upload count; }"
					   "location /first { upload first; }");
	struct client *client = client_open(other);
	char *bytes = memory_alloc(LEN);

	for (size_t i = 0; i < LEN; i++)
		bytes[i] = (char)(i * 7 % 251);
	client_send(client, memory_printf("POST /count HTTP/1.1\r\nHost: a\r\n"
					  "Content-Length: %d\r\n\r\n",
					  LEN));
	client_send_bytes(client, bytes, LEN);
	has(client_reply(client), 200, count_of(bytes, LEN));
	client_send(client, "POST /first HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n");
	client_send_bytes(client, bytes, 100000);
	client_send(client, "GET /count HTTP/1.1\r\nHost: a\r\n\r\n");
	ck_assert_int_eq(client_reply(client).status, 200);
	has(client_reply(client), 200, COUNT_OF(""));
	client_send(client, "POST /count HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n"
			    "Expect: 100-continue\r\n\r\n");
	ck_assert(!client_is_closed(client));
	client_send(client, "hello");

	struct reply reply = client_reply(client);

	has(reply, 200, COUNT_OF("hello"));
	ck_assert_int_eq(reply.interim, 1);
	server_stop(other);
}
END_TEST

TESTS_IN((&(struct test_suite){ .name = "upload", .setup = setup, .teardown = teardown }),
	 a_body_is_read, what_is_not_read_is_discarded, too_large_a_body,
	 a_client_that_ends_too_early, a_module_that_waits_without_reading, over_a_socket)
