/* SPDX-License-Identifier: BSD-2-Clause */
/* A file of the directory, chosen at random. */
#include "http/inproc.h"
#include "harness/test.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

START_TEST(chooses_each_file_and_nothing_else)
{
	struct server *server = inproc_with("index x; location / { random_index on; }"
					    "location /off/ { random_index off; }");
	const char *bodies = "abl"; /* l is what the link leads to */
	int seen[3] = { 0 };

	put_file(server, "d/1?#%.txt", "a");
	put_file(server, "d/2", "b");
	put_file(server, "d/.hidden", "h");
	put_file(server, "d/dir/3", "d");
	put_file(server, "l", "l");
	put_file(server, "off/x", "index");
	mkfifo(file_path(server, "d/pipe"), 0644);
	ck_assert_int_eq(symlink("../l", file_path(server, "d/link")), 0);
	ck_assert_int_eq(symlink("nothing", file_path(server, "d/lost")), 0);
	for (int i = 0; i < 300; i++) {
		struct reply reply = get(server, "/d/");

		ck_assert_int_eq(reply.status, 200);
		ck_assert_uint_eq(reply.body_len, 1);
		ck_assert_ptr_nonnull(strchr(bodies, reply.body[0]));
		seen[strchr(bodies, reply.body[0]) - bodies]++;
	}
	for (int i = 0; i < 3; i++)
		ck_assert_int_gt(seen[i], 20); /* of 100; fewer once in 10^20 runs */
	ck_assert_str_eq(get(server, "/off/").body, "index");
	server_stop(server);
}
END_TEST

START_TEST(passes_where_there_is_no_file)
{
	struct server *server =
		inproc_with("location / { random_index on; index ../x; }"
			    "location /list/ { random_index on; autoindex on; }"
			    "location /root/ { random_index on; symlinks in_root; }");

	put_file(server, "x", "index");
	mkdir(file_path(server, "empty"), 0755);
	put_file(server, "list/dir/a", "a");
	put_file(server, "/outside", "secret");
	mkdir(file_path(server, "root"), 0755);
	ck_assert_int_eq(symlink("../../outside", file_path(server, "root/link")), 0);
	ck_assert_str_eq(get(server, "/empty/").body, "index");
	ck_assert_ptr_nonnull(strstr(get(server, "/list/").body, "./dir/"));
	ck_assert_str_eq(get(server, "/list/dir/").body, "a");
	ck_assert_int_eq(get(server, "/root/").status, 403);
	ck_assert_int_eq(get(server, "/none/").status, 404);
	ck_assert_int_eq(get(server, "/x/").status, 404);
	ck_assert_int_eq(ask(server, "/list/dir/", .method = "HEAD").status, 200);
	ck_assert_int_eq(ask(server, "/list/dir/", .method = "POST", .body = "x").status, 405);
	ck_assert_int_eq(ask(server, "/list/dir/", .method = "PUT", .body = "x").status, 405);
	server_stop(server);
}
END_TEST

/* The request starts again with the URI of the file, so its rules of access apply. */
START_TEST(access_of_the_file_applies)
{
	struct server *server = inproc_with("location / { random_index on; }"
					    "location ~ /secret { deny all; }");

	put_file(server, "d/secret", "secret");
	ck_assert_int_eq(get(server, "/d/").status, 403);
	server_stop(server);
}
END_TEST

TESTS("random_index", chooses_each_file_and_nothing_else, passes_where_there_is_no_file,
      access_of_the_file_applies)
