/* SPDX-License-Identifier: BSD-2-Clause */
/* A module that reads a file of lines when the configuration is read. */
#include "harness/client.h"
#include "harness/memory.h"
#include "harness/test.h"

#include <signal.h>
#include <string.h>

static struct server *start(const char *list)
{
	const char *files[] = { "/conf/moved.txt", list, NULL };

	return server_start_with(&(struct server_setup){
		.conf = "http { server { listen 127.0.0.1:%PORT%; redirects moved.txt;"
			"location / { return 200 here; } } }",
		.files = files });
}

static const char *place_of(struct server *server, const char *path)
{
	struct reply reply = get(server, path);

	return reply_header(&reply, "Location");
}

START_TEST(lines_are_read)
{
	struct server *server = start("\xEF\xBB\xBF# old and new\n"
				      "/a /b\n"
				      "\n"
				      "   \t\r\n"
				      "/c\thttp://other/d  302\r\n"
				      "\"/with blank\" '/without#none' # why\n"
				      "/odd;{} /path;x\n"
				      "/last /line");

	ck_assert_int_eq(get(server, "/a").status, 301);
	ck_assert_ptr_nonnull(strstr(place_of(server, "/a"), "/b"));
	ck_assert_int_eq(get(server, "/c").status, 302);
	ck_assert_str_eq(place_of(server, "/c"), "http://other/d");
	ck_assert_ptr_nonnull(strstr(place_of(server, "/with%20blank"), "/without#none"));
	ck_assert_ptr_nonnull(strstr(place_of(server, "/odd;%7b%7d"), "/path;x"));
	ck_assert_ptr_nonnull(strstr(place_of(server, "/last"), "/line"));
	ck_assert_str_eq(get(server, "/d").body, "here");
	server_stop(server);
}
END_TEST

static const struct {
	const char *list, *says;
} mistakes[] = {
	{ "/a /b\nc /d\n", "moved.txt:2:1: expected a path that begins with \"/\"" },
	{ "/a /b 999\n", "moved.txt:1:7: " },
	{ "# none\n\n  /a\n", "moved.txt:3:3: expected: path target [status]" },
	{ "/a /b\n/a /c\n", "moved.txt:2:1: this path is in the list already" },
	{ "/a \"/b\n/c /d\n", "moved.txt:1:4: this quote is not closed" },
};

START_TEST(mistakes_are_shown_in_their_file)
{
	struct server *server = start("/a /b\n");

	for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
		put_file(server, "/conf/moved.txt", mistakes[i].list);
		kill(server->pid, SIGHUP);
		log_wait(server, mistakes[i].says);
		ck_assert_int_eq(get(server, "/a").status, 301);
	}
	put_file(server, "/conf/moved.txt", "/new /b\n");
	kill(server->pid, SIGHUP);
	log_wait(server, "generation 2 of the configuration serves");
	ck_assert_int_eq(get(server, "/new").status, 301);
	ck_assert_int_eq(get(server, "/a").status, 200);
	server_forgive(server);
	server_stop(server);
}
END_TEST

START_TEST(a_file_that_is_not_there)
{
	const char *output;

	ck_assert_int_eq(server_fails("http { server { listen 127.0.0.1:%PORT%;"
				      "redirects none.txt; } }", &output), 1);
	ck_assert_msg(strstr(output, "/conf/none.txt\" (2: No such file or directory)"), "%s",
		      output);
}
END_TEST

TESTS("redirects", lines_are_read, mistakes_are_shown_in_their_file, a_file_that_is_not_there)
