/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What becomes of single connections at a reload: each goes on, wherever it
 * stood, in another process.
 */
#include "harness/client.h"
#include "harness/memory.h"
#include "harness/test.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { WORKERS = 16, LARGE = 16 << 20 };

/* /who tells which process answers, and what it knows of the connection. */
static const char *conf(const char *events, const char *http)
{
	return memory_printf("events { %s }\n"
			     "http { access_log off; %s\n"
			     "server { listen 127.0.0.1:%%PORT%%; root %%DIR%%/html;\n"
			     "location /who { return 200 \"$pid $connection "
			     "$connection_requests\"; } } }",
			     events, http);
}

static struct server *start(const char *http)
{
	return server_start(conf("", http));
}

static void change(struct server *server, const char *text)
{
	put_file(server, "/conf/server.conf",
		 server_text(server, memory_printf("daemon off; pid %%DIR%%/server.pid;"
						   "error_log %%DIR%%/error.log info;\n%s",
						   text)));
}

static void wait_for_workers(struct server *server, int count)
{
	pid_t pids[WORKERS];
	struct deadline wait = { 0 };

	while (server_workers(server, pids, WORKERS) != count)
		deadline_wait(&wait, "the right number of workers");
}

static void reload(struct server *server)
{
	size_t before = file_count(server, "/error.log", " serves, with ");
	struct deadline wait = { 0 };

	ck_assert_int_eq(kill(server->pid, SIGHUP), 0);
	while (file_count(server, "/error.log", " serves, with ") == before)
		deadline_wait(&wait, "the new generation serves");
}

/* Also waits until the old worker has gone: nothing may keep it. */
static void replace(struct server *server)
{
	reload(server);
	wait_for_workers(server, 1);
}

struct who {
	int pid;
	unsigned long connection;
	unsigned requests;
};

static struct who parse(struct reply reply)
{
	struct who who = { 0 };

	ck_assert_int_eq(reply.status, 200);
	ck_assert_int_eq(sscanf(reply.body, "%d %lu %u", &who.pid, &who.connection, &who.requests),
			 3);
	return who;
}

START_TEST(an_idle_connection_goes_on)
{
	struct server *server = start("");
	struct client *client = client_open(server);
	struct who before = parse(client_get(client, "/who"));

	for (unsigned i = 2; i < 5; i++) {
		replace(server);
		struct who after = parse(client_get(client, "/who"));
		ck_assert_int_ne(after.pid, before.pid);
		ck_assert_uint_eq(after.connection, before.connection);
		ck_assert_uint_eq(after.requests, i);
	}
	server_stop(server);
}
END_TEST

START_TEST(one_that_was_never_used_goes_on)
{
	struct server *server = start("");
	struct client *client = client_open(server);

	/* Accepted for certain once a later one is served. */
	struct who before = parse(client_get(client_open(server), "/who"));
	replace(server);
	struct who after = parse(client_get(client, "/who"));
	ck_assert_int_ne(after.pid, before.pid);
	ck_assert_uint_lt(after.connection, before.connection);
	server_stop(server);
}
END_TEST

START_TEST(half_a_head_goes_on)
{
	static const char head[] = "GET /who HTTP/1.1\r\nHost: localhost\r\n\r\n";
	struct server *server = start("");
	struct client *clients[sizeof(head)];

	for (size_t i = 1; i < sizeof(head) - 1; i++) {
		clients[i] = client_open(server);
		client_send_bytes(clients[i], head, i);
	}
	struct who before = parse(client_get(client_open(server), "/who"));
	replace(server);
	for (size_t i = 1; i < sizeof(head) - 1; i++) {
		client_send(clients[i], head + i);
		ck_assert_int_ne(parse(client_reply(clients[i])).pid, before.pid);
	}
	server_stop(server);
}
END_TEST

START_TEST(a_long_head_goes_on)
{
	struct server *server = start("");
	struct client *client = client_open(server);
	static char field[8001];

	memset(field, 'a', sizeof(field) - 1);
	client_send(client, "GET /who HTTP/1.1\r\nHost: localhost\r\n");
	for (int i = 0; i < 3; i++)
		client_send(client, memory_printf("X-%d: %s\r\n", i, field));
	parse(client_get(client_open(server), "/who"));
	replace(server);
	client_send(client, "\r\n");
	parse(client_reply(client));
	server_stop(server);
}
END_TEST

/* A download that has begun and is not read on. */
static struct client *start_download(struct server *server, const char *more)
{
	struct client *client = client_open_slow(server);
	char byte;

	client_send(client, memory_printf("GET /large HTTP/1.1\r\nHost: a\r\n\r\n%s", more));
	ck_assert_uint_eq(client_read(client, &byte, 1), 1);
	return client;
}

/* Reads what start_download() has left. */
static void finish_download(struct client *client)
{
	static char bytes[65536];
	size_t left = LARGE, n;
	bool in_head = true;

	while (left && (n = client_read(client, bytes, left < sizeof(bytes) ? left : 300)) > 0) {
		char *end = in_head ? memmem(bytes, n, "\r\n\r\n", 4) : NULL;
		if (end)
			n -= (size_t)(end + 4 - bytes);
		left -= end || !in_head ? n : 0;
		in_head &= !end;
	}
	ck_assert_uint_eq(left, 0);
}

START_TEST(the_answer_under_way_first_then_it_goes_on)
{
	struct server *server = start("");
	put_large(server);
	struct client *client = start_download(server, "");

	reload(server);
	wait_for_workers(server, 2);
	finish_download(client);
	wait_for_workers(server, 1);
	ck_assert_uint_eq(parse(client_get(client, "/who")).requests, 2);
	server_stop(server);
}
END_TEST

START_TEST(what_was_sent_behind_it_is_answered_by_the_next)
{
	test_needs_http1("requests of HTTP/2 do not wait for the response before");

	struct server *server = start("");
	put_large(server);
	struct who old = parse(client_get(client_open(server), "/who"));
	struct client *client = start_download(
		server, "GET /who HTTP/1.1\r\nHost: a\r\n\r\nGET /who HTTP/1.1\r\nHost: a\r\n\r\n");

	reload(server);
	finish_download(client);
	struct who first = parse(client_reply(client));
	struct who second = parse(client_reply(client));
	ck_assert_uint_eq(first.requests, 2);
	ck_assert_uint_eq(second.requests, 3);
	ck_assert_int_ne(second.pid, old.pid);
	wait_for_workers(server, 1);
	server_stop(server);
}
END_TEST

/* The body of the request before is read to its end, by whoever began with it. */
START_TEST(a_body_under_way_is_read_first)
{
	test_needs_http1("HTTP/2 holds the end of a response back until the body has come");

	struct server *server = start("");
	struct client *client = client_open(server);

	client_send(client, "POST /who HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n12345");
	struct who old = parse(client_reply(client));
	reload(server);
	client_send(client, "67890GET /who HTTP/1.1\r\nHost: a\r\n\r\n");
	struct who next = parse(client_reply(client));
	ck_assert_uint_eq(next.requests, 2);
	ck_assert_int_ne(next.pid, old.pid);
	wait_for_workers(server, 1);
	server_stop(server);
}
END_TEST

/* They are closed after the limit, and not as late as if it began again with a reload. */
static bool time_is_kept(int ms)
{
	struct server *server =
		start(memory_printf("keepalive_timeout %dms; client_header_timeout %dms;", ms, ms));
	long began = now_ms(), replaced = 0;
	struct client *idle = client_open(server), *half = client_open(server);

	client_get(idle, "/who");
	client_send(half, "GET /who HTTP/1.1\r\n");
	for (int i = 0; i < 3; i++) {
		usleep(ms * 250);
		replaced = now_ms();
		replace(server);
	}
	ck_assert(client_is_closed(idle));
	ck_assert(client_is_closed(half));
	long ended = now_ms();
	ck_assert_int_ge(ended - began, ms - 100);
	server_stop(server);
	return ended - replaced < ms;
}

START_TEST(time_goes_on)
{
	test_in_time(time_is_kept, 1000);
}
END_TEST

START_TEST(the_count_of_requests_goes_on)
{
	test_needs_http1("GOAWAY follows the last response of HTTP/2");

	struct server *server = start("keepalive_requests 3;");
	struct client *client = client_open(server);

	client_get(client, "/who");
	replace(server);
	client_get(client, "/who");
	replace(server);
	struct reply last = client_get(client, "/who");
	ck_assert_str_eq(reply_header(&last, "Connection"), "close");
	ck_assert(client_is_closed(client));
	server_stop(server);
}
END_TEST

START_TEST(a_listener_that_is_gone_ends_its_connections)
{
	test_needs_http1("HTTP/2 holds the end of a response back until the body has come");

	const char *two = "server { listen 127.0.0.1:%PORT2%; root %DIR%/html; return 200 two; }";
	struct server *server = start(two);
	put_large(server);
	struct client *idle = client_open_port(server, 1), *busy = client_open_port(server, 1);
	struct client *stays = client_open(server);

	ck_assert_str_eq(client_get(idle, "/").body, "two");
	client_send(busy, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n");
	ck_assert_str_eq(client_reply(busy).body, "two");
	client_get(stays, "/who");
	change(server, conf("", ""));
	reload(server);
	ck_assert(client_is_closed(idle));
	/* One more answer, and it says that it is the last. */
	client_send(busy, "1GET / HTTP/1.1\r\nHost: a\r\n\r\n");
	struct reply last = client_reply(busy);
	ck_assert_str_eq(last.body, "two");
	ck_assert_str_eq(reply_header(&last, "Connection"), "close");
	ck_assert(client_is_closed(busy));
	wait_for_workers(server, 1);
	ck_assert_uint_eq(parse(client_get(stays, "/who")).requests, 2);
	server_stop(server);
}
END_TEST

static void ask_at(int fd, const char *expected)
{
	static const char text[] = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
	char answer[1000] = "";

	ck_assert_int_eq(write(fd, text, sizeof(text) - 1), sizeof(text) - 1);
	ck_assert_int_gt(read(fd, answer, sizeof(answer) - 1), 0);
	ck_assert_ptr_nonnull(strstr(answer, expected));
}

START_TEST(one_at_a_unix_socket_goes_on)
{
	struct server *server = start("server { listen unix:%DIR%/s; return 200 by$remote_addr; }");
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(to.sun_path, sizeof(to.sun_path), "%s", file_path(server, "/s"));
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	for (int i = 0; i < 3; i++) {
		ask_at(fd, "byunix:");
		replace(server);
	}
	ask_at(fd, "byunix:");
	close(fd);
	server_stop(server);
}
END_TEST

/* Its successors have successors of their own by the time it is done. */
START_TEST(a_late_one_finds_the_successors_of_its_successors)
{
	struct server *server = start("");
	put_large(server);
	struct client *client = start_download(server, "");

	for (int i = 0; i < 3; i++) {
		reload(server);
		wait_for_workers(server, 2);
	}
	finish_download(client);
	wait_for_workers(server, 1);
	ck_assert_uint_eq(parse(client_get(client, "/who")).requests, 2);
	server_stop(server);
}
END_TEST

START_TEST(full_receivers_pass_and_the_sender_serves_on)
{
	enum { CLIENTS = 30, ROOM = 10 };
	struct server *server = start("");
	struct client *clients[CLIENTS];
	pid_t pids[WORKERS];

	for (int i = 0; i < CLIENTS; i++) {
		clients[i] = client_open(server);
		client_get(clients[i], "/who");
	}
	change(server, conf("worker_connections 10;", ""));
	reload(server);
	log_wait(server, "all new workers are full");
	for (int round = 0; round < 3; round++)
		for (int i = 0; i < CLIENTS; i++)
			parse(client_get(clients[i], "/who"));
	ck_assert_int_eq(server_workers(server, pids, WORKERS), 2);
	ck_assert_uint_eq(file_count(server, "/error.log", "all new workers are full"), 1);
	for (int i = 0; i < CLIENTS - ROOM / 2; i++)
		client_close(clients[i]);
	wait_for_workers(server, 1);
	for (int i = CLIENTS - ROOM / 2; i < CLIENTS; i++)
		parse(client_get(clients[i], "/who"));
	server_stop(server);
}
END_TEST

START_TEST(one_slow_download_keeps_one_worker_until_its_time)
{
	struct server *server = server_start(
		memory_printf("worker_processes 3; worker_shutdown_timeout 2s; %s", conf("", "")));
	put_large(server);
	struct client *client = start_download(server, "");
	struct client *idle[20];

	for (int i = 0; i < 20; i++) {
		idle[i] = client_open(server);
		client_get(idle[i], "/who");
	}
	reload(server);
	log_wait(server, "worker_shutdown_timeout is over: 1 connections are closed");
	wait_for_workers(server, 3);
	ck_assert_uint_eq(file_count(server, "/error.log", "worker_shutdown_timeout is over"), 1);
	ck_assert_uint_lt(client_drain(client), LARGE);
	for (int i = 0; i < 20; i++)
		parse(client_get(idle[i], "/who"));
	server_stop(server);
}
END_TEST

/* How many of the clients each of the two workers has; the first is that of the first client. */
static void spread(struct client **clients, int count, int shares[2])
{
	int first = 0;

	shares[0] = shares[1] = 0;
	for (int i = 0; i < count; i++) {
		int pid = parse(client_get(clients[i], "/who")).pid;
		first = first ? first : pid;
		shares[pid != first]++;
	}
}

/* A worker that was stopped while the connections came has none of them. */
static struct server *start_uneven(const char *balance, struct client **clients, int count)
{
	struct server *server =
		server_start(memory_printf("worker_processes 2; %s", conf(balance, "")));
	pid_t pids[2];

	ck_assert_int_eq(server_workers(server, pids, 2), 2);
	kill(pids[0], SIGSTOP);
	for (int i = 0; i < count; i++) {
		clients[i] = client_open(server);
		ck_assert_int_eq(parse(client_get(clients[i], "/who")).pid, pids[1]);
	}
	kill(pids[0], SIGCONT);
	return server;
}

START_TEST(a_light_worker_gets_idle_ones)
{
	enum { COUNT = 200 };
	struct client *clients[COUNT];
	struct server *server = start_uneven("", clients, COUNT);
	struct deadline wait = { 0 };
	int shares[2];

	do {
		deadline_wait(&wait, "the connections are spread");
		usleep(50000);
		spread(clients, COUNT, shares);
	} while (shares[0] / 2 > shares[1]);
	server_stop(server);
}
END_TEST

/* It takes nothing and so holds nothing: not more than one is given to try it. */
START_TEST(a_stopped_worker_gets_one_idle_one_at_most)
{
	enum { COUNT = 200 };
	struct server *server = server_start(memory_printf("worker_processes 2; %s", conf("", "")));
	struct deadline wait = { 0 };
	pid_t pids[2];

	log_wait(server, "serves, with");
	ck_assert_int_eq(server_workers(server, pids, 2), 2);
	kill(pids[0], SIGSTOP);
	for (int i = 0; i < COUNT; i++)
		client_send(client_open(server), "GET /who HTTP/1.1\r\nHost: a\r\n\r\n");
	while (server_handed_off(server) == 0)
		deadline_wait(&wait, "a worker tries the other one");
	usleep(1500000);
	ck_assert_int_eq(server_handed_off(server), 1);
	kill(pids[0], SIGCONT);
	while (server_handed_off(server) < 64)
		deadline_wait(&wait, "the connections are spread");
	server_stop(server);
}
END_TEST

START_TEST(balance_off_leaves_them_where_they_are)
{
	enum { COUNT = 200 };
	struct client *clients[COUNT];
	struct server *server = start_uneven("balance off;", clients, COUNT);
	int shares[2];

	sleep(2);
	spread(clients, COUNT, shares);
	ck_assert_int_eq(shares[1], 0);
	server_stop(server);
}
END_TEST

/* 5 000 with SOAK=1. */
START_TEST(many_idle_ones_survive)
{
	int count = getenv("SOAK") ? 5000 : 500;
	unsigned room = (unsigned)count + 500;

	test_needs_descriptors(room);
	struct server *server = server_start(
		memory_printf("worker_rlimit_nofile %u; %s", room,
			      conf(memory_printf("worker_connections %d;", count + 100),
				   "keepalive_timeout 600s;")));
	struct client **clients = memory_alloc(sizeof(*clients) * (size_t)count);
	pid_t old, now;

	ck_assert_int_eq(server_workers(server, &old, 1), 1);
	for (int i = 0; i < count; i++) {
		clients[i] = client_open(server);
		parse(client_get(clients[i], "/who"));
	}
	reload(server);
	wait_for_workers(server, 1);
	ck_assert_int_eq(server_workers(server, &now, 1), 1);
	ck_assert_int_ne(now, old);
	for (int i = 0; i < count; i++) {
		struct who who = parse(client_get(clients[i], "/who"));
		ck_assert_int_eq(who.pid, now);
		ck_assert_uint_eq(who.requests, 2);
	}
	server_stop(server);
}
END_TEST

static const struct test_suite suite = { .name = "handover", .timeout = 120 };

TESTS_IN(&suite, an_idle_connection_goes_on, one_that_was_never_used_goes_on, half_a_head_goes_on,
	 a_long_head_goes_on, the_answer_under_way_first_then_it_goes_on,
	 what_was_sent_behind_it_is_answered_by_the_next, a_body_under_way_is_read_first,
	 time_goes_on, the_count_of_requests_goes_on, a_listener_that_is_gone_ends_its_connections,
	 one_at_a_unix_socket_goes_on, a_late_one_finds_the_successors_of_its_successors,
	 full_receivers_pass_and_the_sender_serves_on,
	 one_slow_download_keeps_one_worker_until_its_time, many_idle_ones_survive,
	 a_light_worker_gets_idle_ones, a_stopped_worker_gets_one_idle_one_at_most,
	 balance_off_leaves_them_where_they_are)
