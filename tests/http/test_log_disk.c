/* SPDX-License-Identifier: BSD-2-Clause */
/* Log files on a full disk: the limit of this process for the length of files stands for it. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "harness/memory.h"
#include "harness/test.h"
#include "http/inproc.h"

static void limit_files(rlim_t size)
{
	struct rlimit limit;

	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = size < limit.rlim_max ? size : limit.rlim_max;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static struct server *logging(const char *directives)
{
	if (inproc_has_sockets())
		test_skip("the limit is that of the process that runs the test");
	return inproc_start(memory_printf(
		"http { log_format uri $uri; %s server { listen 127.0.0.1:%%PORT%%; "
		"location / { return 200 abc; } } }",
		directives));
}

START_TEST(a_line_that_was_cut_is_completed)
{
	struct server *server = logging("access_log all.log uri;");

	get(server, "/first");
	limit_files(10);
	get(server, "/second");
	get(server, "/third");
	ck_assert_str_eq(file_text(server, "/all.log"), "/first\n/se");
	limit_files(RLIM_INFINITY);
	get(server, "/fourth");
	ck_assert_str_eq(file_text(server, "/all.log"), "/first\n/second\n/fourth\n");
	log_once(server, "1 lines for \"");
	server_forgive(server);
	server_stop(server);
}
END_TEST

/* What zcat prints, which fails when a member is not complete. */
static const char *unpacked(const struct server *server, const char *name)
{
	FILE *from = popen(memory_printf("zcat %s%s", server->dir, name), "r");
	char *text = memory_alloc(4096);

	ck_assert_ptr_nonnull(from);
	text[fread(text, 1, 4095, from)] = '\0';
	ck_assert_int_eq(pclose(from), 0);
	return text;
}

START_TEST(a_member_that_was_cut_is_completed)
{
	struct server *server = logging("access_log all.gz uri gzip buffer=1;");

	get(server, "/first");
	limit_files(40);
	get(server, "/second");
	get(server, "/third");
	limit_files(RLIM_INFINITY);
	get(server, "/fourth");
	ck_assert_str_eq(unpacked(server, "/all.gz"), "/first\n/second\n/fourth\n");
	server_forgive(server);
	server_stop(server);
}
END_TEST

TESTS("log files on a full disk", a_line_that_was_cut_is_completed,
      a_member_that_was_cut_is_completed)
