/* SPDX-License-Identifier: BSD-2-Clause */
/* A module that reads a file of lines, at the start and whenever it has changed. */
#include "harness/client.h"
#include "harness/load.h"
#include "harness/memory.h"
#include "harness/test.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

/* By writing into the file, and by renaming another one over it. */
START_TEST(changes_are_seen_without_a_reload)
{
	struct server *server = start("/a /0\n");

	ck_assert_int_eq(get(server, "/a").status, 301);
	for (int i = 1; i <= 20; i++) {
		const char *name = i % 2 ? "/conf/moved.txt" : "/conf/moved.new";

		put_file(server, name, memory_printf("# new\n/a /%d\n/only-%d /x 302\n", i, i));
		if (i % 2 == 0)
			ck_assert_int_eq(rename(file_path(server, name),
						file_path(server, "/conf/moved.txt")), 0);
		ck_assert_ptr_nonnull(strstr(place_of(server, "/a"), memory_printf("/%d", i)));
		ck_assert_int_eq(get(server, memory_printf("/only-%d", i)).status, 302);
		ck_assert_int_eq(get(server, memory_printf("/only-%d", i - 1)).status, 200);
	}
	ck_assert(!log_has(server, "generation 2"));
	server_stop(server);
}
END_TEST

/* Each is logged once, with its place, and the old lines stay in use. */
START_TEST(mistakes_in_a_changed_file)
{
	struct server *server = start("/a /b\n");

	for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
		put_file(server, "/conf/moved.txt", mistakes[i].list);
		for (int j = 0; j < 3; j++) {
			ck_assert_int_eq(get(server, "/a").status, 301);
			ck_assert_int_eq(get(server, "/c").status, 200);
		}
		ck_assert_uint_eq(file_count(server, "/error.log", mistakes[i].says), 1);
		put_file(server, "/conf/moved.txt", memory_printf("/a /b\n/fine-%zu /b\n", i));
		ck_assert_int_eq(get(server, memory_printf("/fine-%zu", i)).status, 301);
	}
	ck_assert(log_has(server, ": \"^c /d\"; the previous lines stay in use"));
	ck_assert(log_has(server, ": \"/a /b ^999\"; the previous lines stay in use"));
	server_stop(server);
}
END_TEST

START_TEST(a_file_that_goes_away)
{
	struct server *server = start("/a /b\n");
	const char *path = file_path(server, "/conf/moved.txt");
	char *large = malloc(100000);

	ck_assert_int_eq(get(server, "/a").status, 301);
	ck_assert_int_eq(unlink(path), 0);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(get(server, "/a").status, 301);
	ck_assert_uint_eq(file_count(server, "/error.log", "moved.txt\" cannot be read"), 1);
	put_file(server, "/conf/moved.txt", "/new /b\n");
	ck_assert_int_eq(get(server, "/new").status, 301);
	ck_assert_int_eq(get(server, "/a").status, 200);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(mkdir(path, 0755), 0);
	ck_assert_int_eq(get(server, "/new").status, 301);
	ck_assert_int_eq(rmdir(path), 0);
	/* More than the cache keeps in memory, in another place. */
	memset(large, '#', 99990);
	strcpy(large + 99990, "\n/z /b\n");
	put_file(server, "/away/list", large);
	ck_assert_int_eq(symlink("../away/list", path), 0);
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(get(server, "/z").status, 301);
		ck_assert_int_eq(get(server, "/new").status, 200);
	}
	free(large);
	server_stop(server);
}
END_TEST

START_TEST(changes_under_load)
{
	struct server *server = start("/a /b\n");
	struct load *load = load_start(&(const struct load_plan){
		.port = server->ports[0], .target = "/keep", .body = "here", .busy = 4, .fresh = 1,
	});

	for (int i = 0; i < 100; i++) {
		put_file(server, "/conf/moved.new",
			 i % 3 ? memory_printf("/a /%d\n", i) : "/a /b 7\n");
		ck_assert_int_eq(rename(file_path(server, "/conf/moved.new"),
					file_path(server, "/conf/moved.txt")), 0);
		ck_assert_int_eq(get(server, "/a").status, 301);
	}
	struct load_result result = load_stop(load);
	load_check(&result);
	server_stop(server);
}
END_TEST

TESTS("redirects", lines_are_read, mistakes_are_shown_in_their_file, a_file_that_is_not_there,
      changes_are_seen_without_a_reload, mistakes_in_a_changed_file, a_file_that_goes_away,
      changes_under_load)
