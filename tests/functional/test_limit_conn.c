/* SPDX-License-Identifier: BSD-2-Clause */
/* limit_conn and limit_rate, which need clients that take their time, and several workers. */
#include "harness/client.h"
#include "harness/memory.h"
#include "harness/test.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LARGE = 8 * 1024 * 1024 };

static struct server *start(const char *zones, const char *directives)
{
	struct server *server = server_start(memory_printf(
		"worker_processes 2; http { access_log off; %s\n"
		"server { listen 127.0.0.1:%%PORT%%; add_header X-Status $limit_conn_status always;"
		"%s } }", zones, directives));
	char *large = memory_alloc(LARGE);

	memset(large, 'x', LARGE);
	put_bytes(server, "large", large, LARGE);
	put_file(server, "a", "in");
	return server;
}

static void gets(struct server *server, const char *target, int status, const char *expected)
{
	struct reply reply = get(server, target);
	const char *said = reply_header(&reply, "X-Status");

	ck_assert_msg(reply.status == status, "%s: %d", target, reply.status);
	ck_assert_msg(strcmp(said ? said : "", expected) == 0, "%s: %s", target, said);
}

static struct client *begin(struct server *server)
{
	struct client *client = client_open_slow(server);
	char begun[64];

	client_send(client, "GET /large?key=1 HTTP/1.1\r\nHost: a\r\n\r\n");
	ck_assert_uint_gt(client_read(client, begun, sizeof(begun)), 0);
	return client;
}

static void becomes(struct server *server, const char *target, int status)
{
	struct deadline wait = { 0 };

	while (get(server, target).status != status)
		deadline_wait(&wait, "the count changes");
}

#define ZONE "limit_conn_zone $arg_key zone=all:64k;"

START_TEST(counts_of_all_workers)
{
	struct server *server = start(ZONE, "limit_conn all 3; limit_conn_status 429;");
	struct client *clients[3];

	for (int i = 0; i < 3; i++)
		clients[i] = begin(server);
	for (int i = 0; i < 10; i++)
		gets(server, "/a?key=1", 429, "REJECTED");
	log_wait(server, "limiting connections by zone \"all\"");
	gets(server, "/a?key=2", 200, "PASSED");
	gets(server, "/a", 200, "");
	client_close(clients[0]);
	becomes(server, "/a?key=1", 200);
	/* Those that wait for a request do not count. */
	for (int i = 0; i < 3; i++) {
		client_get(client_open(server), "/a?key=1");
		becomes(server, "/a?key=1", 200);
	}
	server_stop(server);
}
END_TEST

/* The requests that go on in the workers of before count in those of now. */
START_TEST(over_a_reload)
{
	struct server *server = start(ZONE, "limit_conn all 1;");
	struct client *client = begin(server);

	gets(server, "/a?key=1", 503, "REJECTED");
	kill(server->pid, SIGHUP);
	log_wait(server, "generation 2 of the configuration serves");
	gets(server, "/a?key=1", 503, "REJECTED");
	client_close(client);
	becomes(server, "/a?key=1", 200);
	server_stop(server);
}
END_TEST

START_TEST(a_dry_run_and_several_limits)
{
	struct server *server = start(
		ZONE "limit_conn_zone $uri zone=other:64k;",
		"location /a { limit_conn all 1; limit_conn other 10; }"
		"location /large { limit_conn all 1; limit_conn_dry_run on; }"
		"location /no { limit_conn other 1; limit_conn all 1; try_files /none /a; }");
	struct client *client = begin(server);

	gets(server, "/large?key=1", 200, "REJECTED_DRY_RUN");
	log_wait(server, "limiting connections, dry run by zone \"all\"");
	gets(server, "/a?key=1", 503, "REJECTED");
	/* What "all" has refused does not count in "other". */
	for (int i = 0; i < 3; i++)
		gets(server, "/no?key=1", 503, "REJECTED");
	gets(server, "/no?key=2", 200, "PASSED");
	client_close(client);
	server_stop(server);
}
END_TEST

/* A hundredth of the usual speed or less: the machine may be slow, but not so fast. */
START_TEST(a_rate)
{
	struct server *server = start(
		"", "location /slow/ { alias %DIR%/html/; limit_rate 100k; }"
		    "location /after/ { alias %DIR%/html/; limit_rate 1; limit_rate_after 1m; }"
		    "location /small/ { alias %DIR%/html/; limit_rate 2; }"
		    "location /var/ { alias %DIR%/html/; limit_rate $arg_rate; }");
	char *medium = memory_alloc(130 * 1024);
	struct reply reply;
	long began = now_ms();

	memset(medium, 'y', 130 * 1024);
	put_bytes(server, "medium", medium, 130 * 1024);
	reply = get(server, "/slow/medium");
	ck_assert_uint_eq(reply.body_len, 130 * 1024);
	ck_assert_int_eq(memcmp(reply.body, medium, reply.body_len), 0);
	ck_assert_int_ge(now_ms() - began, 250);
	/* The first second is ahead: what is small, or is a part, is not late. */
	reply = ask(server, "/after/medium", .fields = "Range: bytes=100-200\r\n");
	ck_assert_int_eq(reply.status, 206);
	ck_assert_uint_eq(reply.body_len, 101);
	ck_assert_uint_eq(get(server, "/after/medium").body_len, 130 * 1024);
	ck_assert_str_eq(get(server, "/small/a").body, "in");
	ck_assert_int_eq(ask(server, "/after/medium", .method = "HEAD").status, 200);
	ck_assert_uint_eq(get(server, "/var/large?rate=0").body_len, LARGE);
	ck_assert_uint_eq(get(server, "/var/large").body_len, LARGE);
	ck_assert_uint_eq(get(server, "/var/large?rate=nonsense").body_len, LARGE);
	log_wait(server, "limit_rate: invalid size \"nonsense\"");
	began = now_ms();
	reply = get(server, "/var/medium?rate=100K");
	ck_assert_uint_eq(reply.body_len, 130 * 1024);
	ck_assert_int_ge(now_ms() - began, 250);
	server_stop(server);
}
END_TEST

/* Clients that hang up while nothing may be sent, and a worker that stops meanwhile. */
START_TEST(a_rate_is_broken_off)
{
	struct server *server = start("", "limit_rate 20k;");

	for (int i = 0; i < 20; i++) {
		struct client *client = begin(server);

		client_close(client);
	}
	gets(server, "/a", 200, "");
	server_stop(server);
}
END_TEST

/* How long a request took whose client has hung up behind the second of its bytes. */
static double hang_up_in_a_pause(struct server *server)
{
	struct client *client = client_open(server);
	char bytes[4096];
	size_t len = 0;

	client_send(client, "GET /pause/large HTTP/1.1\r\nHost: a\r\n\r\n");
	while (len < 6 || memcmp(bytes + len - 6, "\r\n\r\nxx", 6) != 0)
		len += client_read(client, bytes + len, sizeof(bytes) - len);
	size_t before = strlen(file_text(server, "/times.log"));
	struct deadline wait = { 0 };

	client_close(client);
	while (!strchr(file_text(server, "/times.log") + before, '\n'))
		deadline_wait(&wait, "the request has ended");
	return strtod(file_text(server, "/times.log") + before, NULL);
}

/* A byte a second: the third one would be sent after two. A busy machine may need several tries. */
START_TEST(a_client_that_hangs_up_is_found_in_a_pause)
{
	struct server *server = start("log_format time $request_time;",
				      "location /pause/ { alias %DIR%/html/; limit_rate 1;"
				      "access_log times.log time; }");
	int tries = 0;

	while (hang_up_in_a_pause(server) > 1.9)
		ck_assert_int_lt(++tries, 5);
	server_stop(server);
}
END_TEST

/* One that has sent its end, and reads on. */
START_TEST(a_client_that_reads_on_gets_all)
{
	struct server *server = start("", "limit_rate 4;");
	struct client *client = client_open(server);

	put_file(server, "eight", "12345678");
	client_send(client, "GET /eight HTTP/1.1\r\nHost: a\r\n\r\n");
	client_half_close(client);
	ck_assert_str_eq(client_reply(client).body, "12345678");
	server_stop(server);
}
END_TEST

TESTS("limit_conn and limit_rate", counts_of_all_workers, over_a_reload,
      a_dry_run_and_several_limits, a_rate, a_rate_is_broken_off,
      a_client_that_hangs_up_is_found_in_a_pause, a_client_that_reads_on_gets_all)
