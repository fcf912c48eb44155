/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the sandbox takes away, and what it must not: links that lead out of roots, and roots that
 * go elsewhere.
 */
#include "harness/client.h"
#include "harness/memory.h"
#include "harness/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { EXCHANGE = 2 /* renameat2(2) */ };

/* `files`: as in server_setup; `root`: directives of the server. */
static struct server *start(const char *main, const char *const *files, const char *root)
{
	const struct server_setup setup = {
		.conf = memory_printf("%s worker_processes 2; http { access_log off;"
				      "keepalive_requests 1000000; server {"
				      "listen 127.0.0.1:%%PORT%%; %s } }", main, root),
		.files = files,
	};
	struct server *server = server_start_with(&setup);

	log_wait(server, "generation 1 of the configuration serves");
	if (!log_has(server, "sandbox: instrumented") && !log_has(server, "sandbox: this kernel"))
		return server;
	server_stop(server);
	test_skip("this kernel or this build has no whole sandbox");
}

static const char *status_line(pid_t pid, const char *name)
{
	FILE *file = fopen(memory_printf("/proc/%d/status", pid), "r");
	char line[256];

	ck_assert_ptr_nonnull(file);
	while (fgets(line, sizeof(line), file))
		if (strncmp(line, name, strlen(name)) == 0)
			break;
	fclose(file);
	return memory_printf("%s", line);
}

/* The link `name` leads to `target` from one moment to the next. */
static void link_to(struct server *server, const char *name, const char *target)
{
	const char *path = file_path(server, name), *new = memory_printf("%s.new", path);

	ck_assert_int_eq(symlink(target, new), 0);
	ck_assert_int_eq(rename(new, path), 0);
}

static void exchange(struct server *server, const char *one, const char *other)
{
	ck_assert_int_eq(syscall(SYS_renameat2, -1, file_path(server, one), -1,
				 file_path(server, other), EXCHANGE), 0);
}

START_TEST(a_worker_has_no_rights)
{
	struct server *server = start("events { accept_mode handoff; }", NULL, "");
	struct deadline p = { 0 };
	pid_t pids[3];

	while (server_workers(server, pids, 3) < 3)
		deadline_wait(&p, "workers and acceptor are there");
	ck_assert_int_eq(get(server, "/none").status, 404);
	for (int i = 0; i < 3; i++) {
		ck_assert_str_eq(status_line(pids[i], "CapPrm:"), "CapPrm:\t0000000000000000\n");
		ck_assert_str_eq(status_line(pids[i], "NoNewPrivs:"), "NoNewPrivs:\t1\n");
		ck_assert_str_eq(status_line(pids[i], "Seccomp:"), "Seccomp:\t2\n");
		if (geteuid() == 0)
			ck_assert_str_eq(status_line(pids[i], "CapBnd:"),
					 "CapBnd:\t0000000000000000\n");
	}
	server_stop(server);
}
END_TEST

START_TEST(a_link_that_leads_out_is_followed)
{
	const char *const files[] = { "/media/a", "media", "/media/index.html", "index",
				      "/html/x", "", "/other/x", "", NULL };
	struct server *server = start("", files, "location /strict/ { symlinks in_root; }"
					"location /try/ { try_files /none /folder/a =404; }"
					"location /alias/ { alias %DIR%/other/link/; }");

	link_to(server, "/html/link", "../media/a");
	link_to(server, "/html/folder", "../media");
	link_to(server, "/html/strict", "../media");
	link_to(server, "/other/link", "../media");
	ck_assert_str_eq(get(server, "/link").body, "media");
	ck_assert_str_eq(get(server, "/folder/a").body, "media");
	ck_assert_str_eq(get(server, "/folder/").body, "index");
	ck_assert_str_eq(get(server, "/try/").body, "media");
	ck_assert_str_eq(get(server, "/alias/a").body, "media");
	ck_assert_int_eq(get(server, "/folder").status, 301);
	ck_assert_int_eq(get(server, "/folder/none").status, 404);
	ck_assert_int_eq(get(server, "/strict/a").status, 403);
	ck_assert(server_helper(server, "opener") != 0);
	server_stop(server);
}
END_TEST

/* Larger than what the cache reads into memory: the descriptor itself is used. */
START_TEST(a_large_file_behind_a_link)
{
	struct server *server = start("", NULL, "");
	size_t size = 300000;
	char *text = malloc(size + 1);

	memset(text, 'x', size);
	text[size] = '\0';
	put_file(server, "/media/large", text);
	link_to(server, "/html/large", "../media/large");
	for (int i = 0; i < 3; i++)
		ck_assert_uint_eq(get(server, "/large").body_len, size);
	free(text);
	server_stop(server);
}
END_TEST

/* Who waits there would wait for ever. */
START_TEST(a_pipe_behind_a_link_is_not_opened)
{
	struct server *server = start("", NULL, "");

	ck_assert_int_eq(mkfifo(file_path(server, "/pipe"), 0644), 0);
	link_to(server, "/html/pipe", "../pipe");
	ck_assert_int_eq(get(server, "/pipe").status, 404);
	server_stop(server);
}
END_TEST

START_TEST(what_has_changed_behind_a_link_is_seen)
{
	struct server *server = start("", NULL, "");

	put_file(server, "/media/a", "one");
	link_to(server, "/html/a", "../media/a");
	ck_assert_str_eq(get(server, "/a").body, "one");
	put_file(server, "/media/a", "two");
	ck_assert_str_eq(get(server, "/a").body, "two");
	ck_assert_int_eq(unlink(file_path(server, "/media/a")), 0);
	ck_assert_int_eq(get(server, "/a").status, 404);
	put_file(server, "/media/a", "three");
	ck_assert_str_eq(get(server, "/a").body, "three");
	server_stop(server);
}
END_TEST

START_TEST(a_file_without_permission_is_no_matter_of_the_sandbox)
{
	struct server *server = start("", NULL, "");

	if (geteuid() == 0)
		ck_assert_int_eq(chmod(server->dir, 0755), 0);
	put_file(server, "a", "a");
	ck_assert_int_eq(chmod(file_path(server, "a"), 0), 0);
	ck_assert_int_eq(get(server, "/a").status, 403);
	ck_assert(log_has(server, "failed (13: Permission denied)"));
	ck_assert(!log_has(server, "\"sandbox_allow"));
	server_stop(server);
}
END_TEST

/* The rule stands on /tmp itself then: none is made for what holds its name. */
START_TEST(a_root_at_the_top_has_its_own_rule)
{
	struct server *server = start("", NULL, "root /tmp;");

	if (strncmp(server->dir, "/tmp/", 5) != 0)
		test_skip("the tests' folders lie elsewhere");
	put_file(server, "/a", "a");
	put_file(server, "/b", "b");
	ck_assert_int_eq(chmod(file_path(server, "/b"), 0), 0);
	ck_assert_str_eq(get(server, file_path(server, "/a") + 4).body, "a");
	ck_assert_int_eq(get(server, file_path(server, "/b") + 4).status, 403);
	ck_assert(!log_has(server, "new workers"));
	server_stop(server);
}
END_TEST

START_TEST(a_root_that_goes_elsewhere)
{
	const char *const files[] = { "/releases/1/a", "one", "/far/away/2/a", "two",
				      "/site/x", "", "/other/current/a", "three", NULL };
	struct server *server = start("", files, "root %DIR%/site/current; try_files $uri /b;");

	link_to(server, "/site/current", "../releases/1");
	ck_assert_str_eq(get(server, "/a").body, "one");
	link_to(server, "/site/current", "../far/away/2");
	ck_assert_str_eq(get(server, "/a").body, "two");
	exchange(server, "/site", "/other");
	ck_assert_str_eq(get(server, "/a").body, "three");
	server_stop(server);
}
END_TEST

START_TEST(a_root_that_is_made_later)
{
	struct server *server = start("", NULL, "root %DIR%/far/away/new;");

	ck_assert_int_eq(get(server, "/a").status, 404);
	put_file(server, "/far/away/new/a", "two");
	ck_assert_str_eq(get(server, "/a").body, "two");
	server_stop(server);
}
END_TEST

/* A root of which only the beginning is known, and that leads elsewhere. */
START_TEST(a_root_with_a_variable)
{
	const char *const files[] = { "/media/html/a", "media", "/sites/x", "", NULL };
	struct server *server = start("", files, "root %DIR%/sites/$arg_site/html;");

	link_to(server, "/sites/one", "../media");
	ck_assert_str_eq(get(server, "/a?site=one").body, "media");
	ck_assert_int_eq(get(server, "/a?site=two").status, 404);
	ck_assert_int_eq(get(server, "/a?site=..").status, 403);
	server_stop(server);
}
END_TEST

START_TEST(roots_that_begin_with_a_variable)
{
	const char *const files[] = { "/media/a", "media", "/away/b", "away", "/new/b", "new",
				      NULL };
	struct server *server = start("", files, "root $arg_root;");

	ck_assert(log_has(server, "\"$arg_root\" can be any place"));
	ck_assert_int_eq(get(server, memory_printf("/a?root=%s/media", server->dir)).status, 403);
	ck_assert(log_has(server, memory_printf("\"sandbox_allow %s/media\"", server->dir)));
	server_stop(server);
	server = start("sandbox_allow %DIR%/media;", files, "root $arg_root;");
	ck_assert_str_eq(get(server, memory_printf("/a?root=%s/media", server->dir)).body, "media");
	/* What leads out of it, and what takes its place. */
	link_to(server, "/media/link", "../away");
	ck_assert_str_eq(get(server, memory_printf("/link/b?root=%s/media", server->dir)).body,
			 "away");
	ck_assert_str_eq(get(server, memory_printf("/b?root=%s/media/link", server->dir)).body,
			 "away");
	ck_assert_int_eq(get(server, memory_printf("/b?root=%s/away", server->dir)).status, 403);
	ck_assert_int_eq(get(server, memory_printf("/b?root=%s/media/../away", server->dir)).status,
			 403);
	exchange(server, "/media", "/new");
	ck_assert_str_eq(get(server, memory_printf("/b?root=%s/media", server->dir)).body, "new");
	server_stop(server);
}
END_TEST

/* What set, map, geo and split_clients give stands in the configuration. */
START_TEST(roots_whose_values_are_written)
{
	const char *const files[] = { "/one/html/a", "one",    "/two/html/a", "two",
				      "/three/a",    "three",  "/away/a",     "away",
				      "/secret/a",   "secret", NULL };
	const struct server_setup setup = {
		.conf = "worker_processes 1; http { access_log off;"
			"map $arg_m $site { default %DIR%/one; two %DIR%/two; sub $base/two;"
			"  other secret; }"
			"geo $place { default %DIR%/three; 10.0.0.0/8 %DIR%/none; }"
			"split_clients $arg_x $split { * %DIR%/three; }"
			"server { listen 127.0.0.1:%PORT%; set $base %DIR%; root $site/html;"
			"location /set/ { set $own %DIR%/three; rewrite ^/set(.*) $1 break;"
			"  root $own; }"
			"location /geo/ { rewrite ^/geo(.*) $1 break; root $place; }"
			"location /split/ { rewrite ^/split(.*) $1 break; root $split; }"
			"location /any/ { set $any $arg_root; rewrite ^/any(.*) $1 break;"
			"  root $any; } } }",
		.files = files,
	};
	struct server *server = server_start_with(&setup);

	log_wait(server, "generation 1 of the configuration serves");
	if (log_has(server, "sandbox: instrumented") || log_has(server, "sandbox: this kernel")) {
		server_stop(server);
		test_skip("this kernel or this build has no whole sandbox");
	}
	ck_assert_str_eq(get(server, "/a").body, "one");
	ck_assert_str_eq(get(server, "/a?m=two").body, "two");
	ck_assert_str_eq(get(server, "/set/a").body, "three");
	ck_assert_str_eq(get(server, "/geo/a").body, "three");
	ck_assert_str_eq(get(server, "/split/a").body, "three");
	ck_assert_int_eq(get(server, memory_printf("/any/a?root=%s/secret", server->dir)).status,
			 403);
	/* Such a root may be replaced, too. */
	exchange(server, "/three", "/away");
	ck_assert_str_eq(get(server, "/set/a").body, "away");
	/* What is not known is named with the remedy, and nothing else. */
	ck_assert(log_has(server, "\"$any\" can be any place"));
	ck_assert(!log_has(server, "\"$own\" can be any place"));
	ck_assert(!log_has(server, "\"$site/html\" can be any place"));
	ck_assert(!log_has(server, "\"$place\" can be any place"));
	ck_assert(!log_has(server, "\"$split\" can be any place"));
	server_stop(server);
}
END_TEST

START_TEST(types_are_guessed_inside)
{
	struct server *server = start("", NULL, "");
	static const char png[] = "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\10\2\0\0\0";

	put_bytes(server, "picture", png, sizeof(png) - 1);
	struct reply reply = get(server, "/picture");
	ck_assert_str_eq(reply_header(&reply, "Content-Type"), "image/png");
	server_stop(server);
}
END_TEST

START_TEST(help_shows_what_a_worker_may_do)
{
	struct server *server = start("", NULL, "location /i/ { alias %DIR%/img/; }");
	FILE *help = popen(memory_printf("%s help sandbox -c %s/conf/server.conf -p %s",
					 getenv("SKUA"), server->dir, server->dir), "r");
	char text[16384] = "";

	ck_assert_uint_gt(fread(text, 1, sizeof(text) - 1, help), 0);
	ck_assert_int_eq(pclose(help), 0);
	ck_assert_ptr_nonnull(strstr(text, memory_printf("    %s/html/\n", server->dir)));
	ck_assert_ptr_nonnull(strstr(text, "    recvmsg  "));
	ck_assert_ptr_nonnull(strstr(text, "this is what it can still do"));
	ck_assert_ptr_nonnull(strstr(text, "    shutdown (some arguments)  "));
	server_stop(server);
}
END_TEST

START_TEST(off_means_off)
{
	struct server *server = start("sandbox off;", NULL, "");
	pid_t pid;

	ck_assert_int_eq(get(server, "/none").status, 404);
	ck_assert_int_gt(server_workers(server, &pid, 1), 0);
	ck_assert_str_eq(status_line(pid, "Seccomp:"), "Seccomp:\t0\n");
	server_stop(server);
}
END_TEST

TESTS_IN((&(struct test_suite){ .name = "sandbox", .timeout = 120 }), a_worker_has_no_rights,
	 a_link_that_leads_out_is_followed,
	 a_large_file_behind_a_link, a_pipe_behind_a_link_is_not_opened,
	 what_has_changed_behind_a_link_is_seen,
	 a_file_without_permission_is_no_matter_of_the_sandbox,
	 a_root_at_the_top_has_its_own_rule,
	 a_root_that_goes_elsewhere, a_root_that_is_made_later,
	 a_root_with_a_variable, roots_that_begin_with_a_variable, roots_whose_values_are_written,
	 types_are_guessed_inside,
	 help_shows_what_a_worker_may_do, off_means_off)
