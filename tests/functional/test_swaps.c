/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Releases that take the place of others under load, in each way to accept, with the sandbox: by
 * the link that is the root, by a link below the root, and by renaming the root. No request fails,
 * and each request gets the release that was there when it was sent, or a later one. SOAK=1: the
 * long form.
 */
#include "harness/client.h"
#include "harness/load.h"
#include "harness/memory.h"
#include "harness/test.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { EXCHANGE = 2 /* renameat2(2) */ };

static int swaps(void)
{
	return getenv("SOAK") ? 10000 : 100;
}

static struct server *start(const char *mode)
{
	const char *const files[] = { "/releases/0/a", "release 0", "/www/a",  "release 0",
				      "/next/a",       "release 1", "/site/x", "",
				      "/html/x",       "",	    NULL };
	struct server *server = server_start_with(&(const struct server_setup){
		.conf = memory_printf("worker_processes 2; events { accept_mode %s; }"
				      "http { access_log off; keepalive_requests 100000000;"
				      "server { listen 127.0.0.1:%%PORT%%;"
				      "location = /a { root %%DIR%%/site/current; }"
				      "location /link/ { }"
				      "location /renamed/ { alias %%DIR%%/www/; } } }",
				      mode),
		.files = files,
	});

	log_wait(server, "generation 1 of the configuration serves");
	if (!log_has(server, "sandbox: instrumented") && !log_has(server, "sandbox: this kernel"))
		return server;
	server_stop(server);
	test_skip("this kernel or this build has no whole sandbox");
}

/* The link `name` leads to `target` from one moment to the next. */
static void link_to(struct server *server, const char *name, const char *target)
{
	const char *path = file_path(server, name), *new = memory_printf("%s.new", path);

	ck_assert_int_eq(symlink(target, new), 0);
	ck_assert_int_eq(rename(new, path), 0);
}

static struct load *begin(struct server *server, const char *target)
{
	struct load *load = load_start(&(const struct load_plan){
		.port = server->ports[0],
		.target = target,
		.body = "release ",
		.busy = 2,
		.pausing = 4,
		.pipelined = 1,
		.fresh = 1,
	});
	struct deadline wait = { 0 };

	while (load_answers(load) < 100)
		deadline_wait(&wait, "the clients are at work");
	return load;
}

static void end(struct server *server, struct load *load, const char *what, const char *mode)
{
	struct load_result result = load_stop(load);

	load_check(&result);
	ck_assert(server_helper(server, "opener") != 0);
	if (getenv("SOAK"))
		fprintf(stderr,
			"%s, accept_mode %s: %d swaps, %llu answers, none failed, slowest %ld ms\n",
			what, mode, swaps(), (unsigned long long)result.answers, result.slowest_ms);
	server_stop(server);
}

static void swap_links(const char *mode, const char *link, const char *uri)
{
	struct server *server = start(mode);

	link_to(server, link, "../releases/0");
	struct load *load = begin(server, uri);
	struct client *client = client_open(server);
	for (int i = 1; i <= swaps(); i++) {
		const char *text = memory_printf("release %d", i);
		put_file(server, memory_printf("/releases/%d/a", i), text);
		link_to(server, link, memory_printf("../releases/%d", i));
		ck_assert_str_eq(client_get(client, uri).body, text);
	}
	end(server, load, link, mode);
}

static void rename_root(const char *mode)
{
	struct server *server = start(mode);
	struct load *load = begin(server, "/renamed/a");
	struct client *client = client_open(server);
	const char *one = file_path(server, "/www"), *other = file_path(server, "/next");

	for (int i = 1; i <= swaps(); i++) {
		ck_assert_int_eq(syscall(SYS_renameat2, -1, one, -1, other, EXCHANGE), 0);
		ck_assert_str_eq(client_get(client, "/renamed/a").body,
				 i % 2 ? "release 1" : "release 0");
	}
	end(server, load, "root renamed", mode);
}

static const char *const modes[] = { "shared", "reuseport", "handoff" };

START_TEST(the_link_that_is_the_root)
{
	for (int i = 0; i < 3; i++)
		swap_links(modes[i], "/site/current", "/a");
}
END_TEST

START_TEST(a_link_below_the_root)
{
	for (int i = 0; i < 3; i++)
		swap_links(modes[i], "/html/link", "/link/a");
}
END_TEST

START_TEST(the_root_is_renamed)
{
	for (int i = 0; i < 3; i++)
		rename_root(modes[i]);
}
END_TEST

/* What was asked of it is asked once more, and it is started again. */
START_TEST(the_opener_is_killed)
{
	struct server *server = start("shared");

	link_to(server, "/site/current", "../releases/0");
	struct load *load = begin(server, "/a");
	for (int i = 1; i <= 10; i++) {
		struct deadline p = { 0 };
		pid_t pid = 0;

		while (!(pid = server_helper(server, "opener")))
			deadline_wait(&p, "the opener runs");
		kill(pid, SIGKILL);
		for (int j = 0; j < 10; j++) {
			put_file(server, memory_printf("/releases/%d.%d/a", i, j), "release x");
			link_to(server, "/site/current", memory_printf("../releases/%d.%d", i, j));
			ck_assert_str_eq(get(server, "/a").body, "release x");
		}
	}
	server_forgive(server);
	end(server, load, "opener killed", "shared");
}
END_TEST

TESTS_IN((&(struct test_suite){ .name = "swaps", .timeout = 1800 }), the_link_that_is_the_root,
	 a_link_below_the_root, the_root_is_renamed, the_opener_is_killed)
