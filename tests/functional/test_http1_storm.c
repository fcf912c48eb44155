/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Clients that mean no good, and more of them than there is room for: the server
 * says something well-formed or nothing, and goes on serving others. SOAK=1: for
 * longer.
 */
#include "harness/client.h"
#include "harness/memory.h"
#include "harness/test.h"
#include "harness/wire.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static unsigned state = 1;

/* The same numbers in every run. */
static unsigned number_below(unsigned limit)
{
	state = state * 1664525 + 1013904223;
	return (state >> 8) % limit;
}

static const char *const seeds[] = {
	"GET /a.txt HTTP/1.1\r\nHost: localhost\r\nRange: bytes=0-1,3-4\r\nIf-Range: \"x\"\r\n\r\n",
	"POST /a.txt HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
	"3\r\nabc\r\n0\r\n\r\n",
	"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\nhello",
	"HEAD /b/../%61.txt?x=y HTTP/1.0\r\nConnection: keep-alive\r\n"
	"Accept-Encoding: gzip\r\n\r\n",
	"GET http://localhost:80/a.txt HTTP/1.1\r\nHost: [::1]:80\r\n"
	"If-None-Match: W/\"a\", *\r\n\r\n",
	"OPTIONS * HTTP/1.1\r\nHost: a\r\nX:\r\n\r\n"
	"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
};
enum { SEEDS = sizeof(seeds) / sizeof(seeds[0]) };

/* Two seeds in a row with some bytes changed, taken out or put in. */
static size_t make_request(char *out)
{
	static const char bytes[] = "\r\n\t \0:;,=%/.?#0123456789abcxAZ\x7f\x80\xff\"";
	size_t len = 0;

	for (int i = 0; i < 2; i++) {
		const char *seed = seeds[number_below(SEEDS)];
		memcpy(out + len, seed, strlen(seed));
		len += strlen(seed);
	}
	for (unsigned changes = number_below(6); changes > 0; changes--) {
		size_t at = number_below((unsigned)len);
		char byte = bytes[number_below(sizeof(bytes) - 1)];
		switch (number_below(3)) {
		case 0:
			out[at] = byte;
			break;
		case 1:
			memmove(out + at, out + at + 1, --len - at);
			break;
		case 2:
			memmove(out + at + 1, out + at, len++ - at);
			out[at] = byte;
			break;
		}
	}
	return len;
}

START_TEST(damaged_requests)
{
	struct server *server = server_with("lingering_timeout 50ms;");
	int rounds = getenv("SOAK") ? 200000 : 3000;
	char request[1000], answer[64];

	put_file(server, "a.txt", "a file");
	for (int i = 0; i < rounds; i++) {
		struct client *client = client_open(server);
		size_t len = make_request(request), cut = number_below((unsigned)len);
		client_send_bytes(client, request, cut);
		client_send_bytes(client, request + cut, len - cut);
		client_half_close(client);
		size_t got = client_read(client, answer, sizeof(answer));
		ck_assert_msg(got < 9 || memcmp(answer, "HTTP/1.1 ", 9) == 0, "round %d: %.9s", i,
			      answer);
		client_drain(client);
		client_close(client);
	}
	ck_assert_str_eq(get(server, "/a.txt").body, "a file");
	server_stop(server);
}
END_TEST

START_TEST(more_connections_than_there_is_room_for)
{
	struct server *server =
		server_start("events { worker_connections 20; }"
			     "http { access_log off; server { listen 127.0.0.1:%PORT%; } }");
	struct client *idle[60];

	put_file(server, "a.txt", "a file");
	for (int i = 0; i < 60; i++) {
		idle[i] = client_open(server);
		ck_assert_str_eq(client_get(idle[i], "/a.txt").body, "a file");
	}
	ck_assert(client_is_closed(idle[0]));
	ck_assert_str_eq(client_get(idle[59], "/a.txt").body, "a file");
	server_stop(server);
}
END_TEST

START_TEST(fewer_descriptors_than_connections)
{
	struct server *server =
		server_start("worker_rlimit_nofile 40; events { worker_connections 500; }"
			     "http { access_log off; server { listen 127.0.0.1:%PORT%; } }");
	struct client *idle[100];

	put_file(server, "a.txt", "a file");
	for (int i = 0; i < 100; i++) {
		idle[i] = client_open(server);
		ck_assert_str_eq(client_get(idle[i], "/a.txt").body, "a file");
	}
	server_abandon(server); /* it may say so with an [alert] */
}
END_TEST

START_TEST(many_at_once)
{
	test_needs_descriptors(500);
	struct server *server = server_with("");
	struct client *clients[400];

	put_file(server, "a.txt", "a file");
	for (int i = 0; i < 400; i++)
		clients[i] = client_open(server);
	for (int round = 0; round < 5; round++) {
		for (int i = 0; i < 400; i++)
			client_send(clients[i], "GET /a.txt HTTP/1.1\r\nHost: a\r\n\r\n");
		for (int i = 0; i < 400; i++)
			ck_assert_str_eq(client_reply(clients[i]).body, "a file");
	}
	server_stop(server);
}
END_TEST

START_TEST(idle_connections_hold_little)
{
	test_needs_descriptors(500);
	struct server *server = server_with("");
	struct client *clients[400];

	put_file(server, "a.txt", "a file");
	clients[0] = client_open(server);
	client_get(clients[0], "/a.txt");
	long before = server_memory(server);
	for (int i = 0; i < 400; i++) {
		clients[i] = client_open(server);
		client_get(clients[i], "/a.txt");
	}
	ck_assert_int_lt(server_memory(server) - before, 800 + 400 * wire_idle_kib());
	server_stop(server);
}
END_TEST

TESTS_IN((&(struct test_suite){ .name = "storm", .timeout = 300 }), damaged_requests,
	 more_connections_than_there_is_room_for, fewer_descriptors_than_connections, many_at_once,
	 idle_connections_hold_little)
