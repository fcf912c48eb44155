/* SPDX-License-Identifier: BSD-2-Clause */
/* Conditions of `if` that look for files, in workers whose sandbox lets them open few. */
#include "harness/client.h"
#include "harness/memory.h"
#include "harness/test.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The test of the file and the path, and whether it is true. */
static const struct {
	const char *test, *path;
	bool holds;
} file_tests[] = {
	{ "-f", "%DIR%/out/f", true },
	{ "-f", "%DIR%/out/d", false },
	{ "-f", "%DIR%/out/none", false },
	{ "-f", "%DIR%/out/f/none", false },
	{ "-f", "%DIR%/out/f/", false },
	{ "-f", "%DIR%/out/secret", true },
	{ "-d", "%DIR%/out/d", true },
	{ "-d", "%DIR%/out/d/", true },
	{ "-d", "%DIR%/out/f", false },
	{ "-e", "%DIR%/out/f", true },
	{ "-e", "%DIR%/out/d", true },
	{ "-e", "%DIR%/out/fifo", false }, /* as nginx */
	{ "-e", "%DIR%/out/none", false },
	{ "-x", "%DIR%/out/x", true },
	{ "-x", "%DIR%/out/f", false },
	{ "-x", "%DIR%/out/none", false },
	{ "-f", "%DIR%/out/link", true },
	{ "-e", "%DIR%/out/loop", false },
	{ "-f", "$document_root/../out/f", true },
	{ "-f", "$document_root/../out/none", false },
	{ "-f", "%DIR%/out/$arg_none", false },
	{ "-d", "%DIR%/out/$arg_none", true },
	{ "-f", "%DIR%/out/d/$arg_dots/f", false }, /* unlike nginx */
	{ "-f", "%DIR%/out/$arg_f", true },
	{ "-f", "$arg_none", false },
	{ "-f", "nowhere/$arg_f", false },
};
enum { FILE_TESTS = sizeof(file_tests) / sizeof(file_tests[0]) };

static const char *file_test_servers(const char *settings)
{
	const char *servers = "";

	for (int i = 0; i < FILE_TESTS; i++)
		for (int negated = 0; negated <= 1; negated++)
			servers = memory_printf(
				"%s server { listen 127.0.0.1:%%PORT%%; server_name c%d%s;"
				" root %%DIR%%/site; %s"
				" location / { if (%s%s %s) { return 200 yes; } return 200 no; } }",
				servers, i, negated ? "n" : "", settings, negated ? "!" : "",
				file_tests[i].test, file_tests[i].path);
	return servers;
}

static void put_file_tests(struct server *server)
{
	put_file(server, "/out/f", "f");
	put_file(server, "/out/d/f", "f");
	put_file(server, "/out/x", "x");
	put_file(server, "/out/secret", "x");
	put_file(server, "/site/index.html", "x");
	ck_assert_int_eq(chmod(file_path(server, "/out/x"), 0755), 0);
	ck_assert_int_eq(chmod(file_path(server, "/out/secret"), 0), 0);
	ck_assert_int_eq(mkfifo(file_path(server, "/out/fifo"), 0644), 0);
	ck_assert_int_eq(symlink("f", file_path(server, "/out/link")), 0);
	ck_assert_int_eq(symlink("loop", file_path(server, "/out/loop")), 0);
}

static void ask_file_tests(struct server *server)
{
	for (int i = 0; i < FILE_TESTS; i++)
		for (int negated = 0; negated <= 1; negated++) {
			const char *host = memory_printf("c%d%s", i, negated ? "n" : "");
			const char *yes = file_tests[i].holds == !negated ? "yes" : "no";
			const char *body = ask(server, "/?f=f&dots=..", .host = host).body;

			ck_assert_msg(!strcmp(body, yes), "%s%s %s: %s", negated ? "!" : "",
				      file_tests[i].test, file_tests[i].path, body);
		}
}

/* Neither the sandbox nor the permissions of a file keep a condition from seeing it. */
START_TEST(files_are_seen_outside_of_the_roots)
{
	struct server *server = server_start(memory_printf("http { %s }", file_test_servers("")));

	put_file_tests(server);
	ask_file_tests(server);
	ck_assert(log_has(server, "[crit]"));
	ck_assert(log_has(server, server_text(server, "stat() \"%DIR%/out/loop\" failed (")));
	ck_assert_uint_eq(file_count(server, "/error.log", "stat() \""), 2);
	server_stop(server);

	server = server_start(memory_printf("http { %s }", file_test_servers("symlinks in_root;")));
	put_file_tests(server);
	ask_file_tests(server);
	server_stop(server);
}
END_TEST

TESTS("files in conditions", files_are_seen_outside_of_the_roots)
