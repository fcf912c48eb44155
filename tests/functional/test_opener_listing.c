/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Directories that the sandbox keeps from a worker, so the opener opens them: behind links that
 * lead out of the root, and below a root that was replaced after the start.
 */
#include "harness/client.h"
#include "harness/memory.h"
#include "harness/test.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { EXCHANGE = 2 /* renameat2(2) */ };

static struct server *start(const char *main, const char *directives)
{
	const char *const files[] = {
		"/html/x", "", "/away/first", "1", "/away/sub/second", "2", "/away/README.md",
		"Read me first", "/away/.git/config", "", "/www/old", "", "/next/new", "", NULL
	};
	struct server *server = server_start_with(&(const struct server_setup){
		.conf = memory_printf("worker_processes 1; %s http { access_log off; server {"
				      "listen 127.0.0.1:%%PORT%%; autoindex on;"
				      "autoindex_readme README.md; %s } }", main, directives),
		.files = files,
	});

	log_wait(server, "generation 1 of the configuration serves");
	if (log_has(server, "sandbox: instrumented") || log_has(server, "sandbox: this kernel")) {
		server_stop(server);
		test_skip("this kernel or this build has no whole sandbox");
	}
	ck_assert_int_eq(symlink("../away", file_path(server, "/html/away")), 0);
	return server;
}

static void lists(struct server *server, const char *uri, const char *name)
{
	struct reply reply = get(server, uri);

	ck_assert_msg(reply.status == 200 && strstr(reply.body, name), "%s: %d, and no %s", uri,
		      reply.status, name);
}

static void exchange(struct server *server, const char *one, const char *other)
{
	ck_assert_int_eq(syscall(SYS_renameat2, -1, file_path(server, one), -1,
				 file_path(server, other), EXCHANGE), 0);
}

START_TEST(directories_behind_a_link)
{
	struct server *server = start("", "");

	lists(server, "/", "away/");
	ck_assert_int_eq(server_helper(server, "opener"), 0);
	for (int i = 0; i < 2; i++) {
		lists(server, "/away/", "first");
		lists(server, "/away/", "Read me first");
		lists(server, "/away/sub/", "second");
		ck_assert_ptr_null(strstr(get(server, "/away/").body, ".git"));
	}
	put_file(server, "/away/sub/third", "");
	lists(server, "/away/sub/", "third");
	ck_assert_int_eq(get(server, "/away/none/").status, 404);
	server_stop(server);
}
END_TEST

START_TEST(a_root_that_was_replaced)
{
	struct server *server = start("", "root %DIR%/www;");

	lists(server, "/", "old");
	for (int i = 0; i < 20; i++) {
		exchange(server, "/www", "/next");
		lists(server, "/", i % 2 ? "old" : "new");
	}
	server_stop(server);
}
END_TEST

START_TEST(a_random_file_behind_a_link)
{
	struct server *server = start("", "location /away/sub/ { random_index on; }");

	ck_assert_str_eq(get(server, "/away/sub/").body, "2");
	server_stop(server);
}
END_TEST

START_TEST(policies_hold_for_directories)
{
	struct server *server = start("", "root %DIR%/www; symlinks in_root; dotfiles deny;");

	exchange(server, "/www", "/next");
	ck_assert_int_eq(symlink("../away", file_path(server, "/www/out")), 0);
	put_file(server, "/www/.git/config", "");
	put_file(server, "/www/sub/in", "");
	ck_assert_int_eq(symlink("sub", file_path(server, "/www/within")), 0);
	lists(server, "/sub/", "in");
	lists(server, "/within/", "in");
	ck_assert_int_eq(get(server, "/out/").status, 403);
	ck_assert_int_eq(get(server, "/out/sub/").status, 403);
	ck_assert_int_eq(get(server, "/.git/").status, 403);
	ck_assert_ptr_null(strstr(get(server, "/").body, ">out"));
	server_stop(server);
}
END_TEST

/* The message has the remedy, as that of a file. */
START_TEST(a_root_that_can_be_any_place)
{
	struct server *server = start("", "root $arg_root;");

	ck_assert_int_eq(get(server, memory_printf("/?root=%s/away", server->dir)).status, 403);
	ck_assert(log_has(server, "\"sandbox_allow"));
	server_stop(server);
}
END_TEST

START_TEST(a_directory_without_permission)
{
	struct server *server = start("", "");

	ck_assert_int_eq(chmod(file_path(server, "/away/sub"), 0311), 0);
	int status = get(server, "/away/sub/").status;
	ck_assert_int_eq(chmod(file_path(server, "/away/sub"), 0755), 0);
	ck_assert_int_eq(status, 403);
	lists(server, "/away/sub/", "second");
	server_stop(server);
}
END_TEST

/* Some clients leave while the opener is asked, and the opener dies. */
START_TEST(clients_that_leave)
{
	enum { CLIENTS = 30 };
	struct server *server = start("", "");
	struct client *clients[CLIENTS];

	lists(server, "/away/", "first");
	for (int round = 0; round < 5; round++) {
		pid_t opener = server_helper(server, "opener");

		for (int i = 0; i < CLIENTS; i++) {
			clients[i] = client_open(server);
			client_send(clients[i], memory_printf("GET /away/%s?%d HTTP/1.1\r\nHost: a"
							      "\r\n\r\n", i % 2 ? "sub/" : "", i));
		}
		for (int i = 0; i < CLIENTS; i += 3)
			client_reset(clients[i]);
		if (round == 3 && opener)
			kill(opener, SIGKILL);
		for (int i = 0; i < CLIENTS; i++)
			if (i % 3) {
				ck_assert_int_eq(client_reply(clients[i]).status, 200);
				client_close(clients[i]);
			}
	}
	server_forgive(server);
	server_stop(server);
}
END_TEST

TESTS_IN((&(struct test_suite){ .name = "opener: directories", .timeout = 120 }),
	 directories_behind_a_link, a_root_that_was_replaced, a_random_file_behind_a_link,
	 policies_hold_for_directories, a_root_that_can_be_any_place,
	 a_directory_without_permission, clients_that_leave)
