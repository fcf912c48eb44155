/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * auth_basic in workers with their sandbox: all forms of passwords, many clients at once, what is
 * remembered, and files that are replaced while the server runs.
 */
#include "harness/client.h"
#include "harness/memory.h"
#include "harness/test.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PAIR  "Authorization: Basic am9lOnNlY3JldA==\r\n" /* joe:secret */
#define WRONG "Authorization: Basic am9lOndyb25n\r\n" /* joe:wrong */

/* With 20 000 rounds, which take some milliseconds. */
#define SLOW                                                           \
	"$6$rounds=20000$salt$08kvPIstYCENqko/lONBfcMHFS7V2wtFnGvxavX" \
	"yNDB/tVJNAuE.O//oe2EjrrlS7nRxwNdiNxNe./5iZCmAz0"

static struct server *start(const char *stored)
{
	const char *users = memory_printf("joe:%s\n", stored);
	struct server *server = server_start_with(&(const struct server_setup){
		.conf = "http { access_log off; server { listen 127.0.0.1:%PORT%;"
			"auth_basic x; auth_basic_user_file users; } }",
		.files = (const char *const[]){ "/conf/users", users, NULL },
	});

	put_file(server, "a", "in");
	return server;
}

static unsigned long counter(struct server *server, const char *name)
{
	FILE *output = popen(memory_printf("%s status --json -p %s -c conf/server.conf",
					   getenv("SKUA"), server->dir),
			     "r");
	char *text = memory_alloc(1 << 16);

	text[fread(text, 1, (1 << 16) - 1, output)] = '\0';
	ck_assert_int_eq(pclose(output), 0);
	const char *at = strstr(text, "\"auth_basic\":{");
	at = at ? strstr(at, memory_printf("\"%s\":", name)) : NULL;
	ck_assert_msg(at != NULL, "%s", text);
	return strtoul(strchr(at, ':') + 1, NULL, 10);
}

/* What each form asks of the system is allowed to workers. */
START_TEST(each_form_in_the_sandbox)
{
	static const char *const forms[] = {
		"$y$j9T$abcdefgh$IUWJt2doU4Kf6E/JP1UkAT3S5O3Q7SSA8SJirXIlEu9",
		"$2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW",
		("$6$rounds=1000$salt$HNxBeBnDfSfUrTj6KiLnmd7tGCvHEmcExh8kl/S0cZ5WrCciNZgfhbpkeFQ4"
		 "JfkHX.8vPq45lY0iINnCx1Lkm."),
		"abNANd1rDfiNc",
		"$apr1$abcdefgh$h9FWgUz3n9YxylKLlR5SQ/",
		"{SSHA}gVK8WC9YyFT1gMsQHTGCgT3sSv5zYWx0",
	};
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct server *server = start(forms[i]);

		ck_assert_int_eq(ask(server, "/a", .fields = PAIR).status, 200);
		ck_assert_int_eq(ask(server, "/a", .fields = WRONG).status, 401);
		server_stop(server);
	}
}
END_TEST

/* Half of the clients hang up while they wait. */
START_TEST(many_at_once)
{
	enum { CLIENTS = 40 };
	struct server *server = start(SLOW);
	struct client *clients[CLIENTS];
	static const char ask_with[] = "GET /a HTTP/1.1\r\nHost: a\r\n%s\r\n";

	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < CLIENTS; i++) {
			clients[i] = client_open(server);
			client_send(clients[i], memory_printf(ask_with, i % 3 ? PAIR : WRONG));
		}
		for (int i = 0; i < CLIENTS; i += 2)
			client_close(clients[i]);
		for (int i = 1; i < CLIENTS; i += 2)
			ck_assert_int_eq(client_reply(clients[i]).status, i % 3 ? 200 : 401);
	}
	server_stop(server);
}
END_TEST

/*
 * More passwords than may wait, all of them different: 64 wait, two are checked, and a few may be
 * done before the last one comes. When the clients have gone, nothing is left to check.
 */
START_TEST(the_queue_is_bounded)
{
	enum { CLIENTS = 100, KEPT = 64, CHECKED = 2, DONE_MOST = 10 };
	static const char message[] = "too many passwords wait for their check";
	struct server *server = start("$6$rounds=1000000$salt$x");
	struct client *clients[CLIENTS];
	struct deadline p = { 0 };

	for (int i = 0; i < CLIENTS; i++) {
		clients[i] = client_open(server);
		/* Each i makes another password of one character, or a name without one. */
		client_send(clients[i], memory_printf("GET /a HTTP/1.1\r\nHost: a\r\n"
						      "Authorization: Basic am9lOn%c%c\r\n\r\n",
						      'a' + i % 20, 'a' + i / 20 * 4));
	}
	while (file_count(server, "/error.log", message) < CLIENTS - KEPT - CHECKED - DONE_MOST)
		deadline_wait(&p, "passwords are refused");
	ck_assert_uint_le(file_count(server, "/error.log", message), CLIENTS - KEPT);
	for (int i = 0; i < CLIENTS; i++)
		client_close(clients[i]);
	ck_assert_int_eq(get(server, "/a").status, 401);
	server_stop(server);
}
END_TEST

START_TEST(a_right_pair_is_remembered)
{
	struct server *server = start("{PLAIN}secret");
	int fd;

	/* A file that was changed just now may change again in the same second. */
	ck_assert_int_eq(ask(server, "/a", .fields = PAIR).status, 200);
	ck_assert_int_eq(ask(server, "/a", .fields = PAIR).status, 200);
	ck_assert_uint_eq(counter(server, "checked"), 2);
	usleep(3100 * 1000);
	ck_assert_int_eq(ask(server, "/a", .fields = PAIR).status, 200);
	ck_assert_uint_eq(counter(server, "checked"), 3);
	ck_assert_int_eq(ask(server, "/a", .fields = PAIR).status, 200);
	ck_assert_int_eq(ask(server, "/a", .fields = WRONG).status, 401);
	ck_assert_int_eq(ask(server, "/a", .fields = WRONG).status, 401);
	ck_assert_uint_eq(counter(server, "checked"), 5);
	ck_assert_uint_eq(counter(server, "remembered"), 1);
	fd = open(file_path(server, "/conf/users"), O_WRONLY);
	ck_assert_int_eq(pwrite(fd, "joe:{PLAIN}secreT", 17, 0), 17);
	close(fd);
	ck_assert_int_eq(ask(server, "/a", .fields = PAIR).status, 401);
	server_stop(server);
}
END_TEST

static long time_of(struct server *server, const char *fields)
{
	long least = LONG_MAX;

	for (int i = 0; i < 3; i++) {
		long began = now_ms();

		ck_assert_int_eq(ask(server, "/a", .fields = fields).status, 401);
		if (now_ms() - began < least)
			least = now_ms() - began;
	}
	return least;
}

/*
 * A check takes tens of milliseconds; the response says nothing of whether there is such a user.
 * Without a check it would take less than one; unit/test_users.c counts the rounds.
 */
START_TEST(an_unknown_user_costs_as_much)
{
	struct server *server = start("$6$rounds=100000$salt$x");
	long known = 1, unknown = 0;

	/* Times of a busy machine differ. */
	for (int i = 0; i < 5 && 4 * unknown <= known; i++) {
		known = time_of(server, WRONG);
		unknown = time_of(server, "Authorization: Basic bm9ib2R5Ong=\r\n");
	}
	ck_assert_int_gt(known, 5);
	ck_assert_int_gt(4 * unknown, known);
	server_stop(server);
}
END_TEST

/* As editors and Kubernetes do: the path leads to another file, also over a link. */
START_TEST(a_file_that_is_replaced)
{
	struct server *server = start("{PLAIN}secret");

	ck_assert_int_eq(ask(server, "/a", .fields = PAIR).status, 200);
	put_file(server, "/conf/new", "joe:{PLAIN}wrong\n");
	ck_assert_int_eq(rename(file_path(server, "/conf/new"), file_path(server, "/conf/users")),
			 0);
	ck_assert_int_eq(ask(server, "/a", .fields = WRONG).status, 200);
	ck_assert_int_eq(ask(server, "/a", .fields = PAIR).status, 401);
	put_file(server, "/conf/later/users", "joe:{PLAIN}secret\n");
	ck_assert_int_eq(unlink(file_path(server, "/conf/users")), 0);
	ck_assert_int_eq(ask(server, "/a", .fields = PAIR).status, 403);
	ck_assert_int_eq(symlink("later/users", file_path(server, "/conf/users")), 0);
	ck_assert_int_eq(ask(server, "/a", .fields = PAIR).status, 200);
	server_stop(server);
}
END_TEST

TESTS("passwords in workers", each_form_in_the_sandbox, many_at_once, the_queue_is_bounded,
      a_right_pair_is_remembered, an_unknown_user_costs_as_much, a_file_that_is_replaced)
