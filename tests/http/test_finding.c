/* SPDX-License-Identifier: BSD-2-Clause */
/* Which file answers: index, try_files. */
#include "http/inproc.h"
#include "harness/test.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

START_TEST(index_takes_the_first_that_is_there)
{
	struct server *server =
		inproc_with("index none.html $arg_name.html index.html /last.html;"
			    "location /seen/ { index index.html; }"
			    "location = /seen/index.html { return 200 elsewhere; }");
	put_file(server, "index.html", "root");
	put_file(server, "other.html", "other");
	put_file(server, "sub/x", "");
	put_file(server, "last.html", "last");
	ck_assert_str_eq(get(server, "/").body, "root");
	ck_assert_str_eq(get(server, "/?name=other").body, "other");
	ck_assert_str_eq(get(server, "/sub/").body, "last");
	put_file(server, "seen/index.html", "file");
	ck_assert_str_eq(get(server, "/seen/").body, "elsewhere");
	ck_assert_int_eq(ask(server, "/", .method = "POST", .body = "x").status, 405);
	server_stop(server);
}
END_TEST

START_TEST(index_tells_no_index_from_no_directory)
{
	struct server *server = inproc_with("");
	put_file(server, "sub/x", "");
	ck_assert_int_eq(get(server, "/sub/").status, 403);
	ck_assert(log_has(server, "directory index of"));
	ck_assert_int_eq(get(server, "/none/").status, 404);
	ck_assert_int_eq(get(server, "/sub/x/").status, 404);
	put_file(server, "sub/index.html", "now");
	ck_assert_str_eq(get(server, "/sub/").body, "now");
	server_stop(server);
}
END_TEST

START_TEST(index_takes_the_last_where_the_directory_is_there)
{
	struct server *server =
		inproc_with("index a.html /b.html; location /any/ { index /b.html; }");

	put_file(server, "b.html", "b");
	put_file(server, "sub/x", "");
	ck_assert_str_eq(get(server, "/sub/").body, "b");
	ck_assert_str_eq(get(server, "/").body, "b");
	ck_assert_int_eq(get(server, "/none/").status, 404);
	ck_assert_int_eq(get(server, "/sub/x/").status, 404);
	ck_assert_str_eq(get(server, "/any/none/").body, "b");
	server_stop(server);
}
END_TEST

START_TEST(try_files_serves_the_first)
{
	struct server *server =
		inproc_with("location / { try_files $uri $uri.html $uri/ /fallback.html?$args; }"
			    "location /code/ { try_files $uri =404; }"
			    "location /gone/ { try_files $uri =410; }"
			    "location /ok/ { try_files $uri =204; }"
			    "location /named/ { try_files /none @named; }"
			    "location @named { return 200 \"named $uri\"; }");
	put_file(server, "a.html", "a");
	put_file(server, "fallback.html", "fallback");
	put_file(server, "dir/index.html", "dir");
	put_file(server, "code/f", "f");
	ck_assert_str_eq(get(server, "/a.html").body, "a");
	ck_assert_str_eq(get(server, "/a").body, "a");
	ck_assert_str_eq(get(server, "/none").body, "fallback");
	ck_assert_int_eq(get(server, "/dir").status, 301);
	ck_assert_str_eq(get(server, "/dir/").body, "dir");
	ck_assert_str_eq(get(server, "/code/f").body, "f");
	ck_assert_int_eq(get(server, "/code/g").status, 404);
	ck_assert_int_eq(get(server, "/gone/g").status, 410);
	ck_assert_int_eq(get(server, "/ok/g").status, 204);
	ck_assert_str_eq(get(server, "/named/x").body, "named /named/x");
	server_stop(server);
}
END_TEST

/* As in nginx: $uri loses what alias stands for, any other word lies below the alias. */
START_TEST(try_files_looks_below_an_alias)
{
	struct server *server =
		inproc_with("location /app/ { alias %DIR%/shop/; try_files $uri start.html =404; }"
			    "location /lang/ { alias %DIR%/shop/; try_files de$uri de/x =404; }"
			    "location /root/ { try_files $uri /start.html =404; }");
	put_file(server, "/shop/start.html", "start");
	put_file(server, "/shop/cart", "cart");
	put_file(server, "/shop/de/x", "de");
	put_file(server, "start.html", "root");
	ck_assert_str_eq(get(server, "/app/cart").body, "cart");
	ck_assert_str_eq(get(server, "/app/none").body, "start");
	ck_assert_str_eq(get(server, "/lang/x").body, "de");
	ck_assert_str_eq(get(server, "/root/none").body, "root");
	server_stop(server);
}
END_TEST

START_TEST(index_looks_where_an_alias_of_an_expression_leads)
{
	struct server *server = inproc_start_with(&(struct server_setup){
		.conf = "http { access_log off; server { listen 127.0.0.1:%PORT%;"
			" location ~ ^/r/(.*)$ { alias %DIR%/pics/$1; } } }",
		.files = (const char *const[]){ "/pics/a/index.html", "pics", NULL } });

	ck_assert_str_eq(get(server, "/r/a/").body, "pics");
	ck_assert_int_eq(get(server, "/r/b/").status, 404);
	server_stop(server);
}
END_TEST

/* As in nginx, which asks whether there is such a file, not whether it can be served. */
START_TEST(try_files_finds_what_cannot_be_opened)
{
	struct server *server = server_with("location /locked { try_files /secret /b; }"
					    "location /pipe { try_files /fifo /b; }"
					    "location /links { try_files /out /b; }"
					    "location /folder { try_files /away/ /b; }");

	put_file(server, "secret", "secret");
	put_file(server, "b", "b");
	put_file(server, "/away/a", "away");
	ck_assert_int_eq(chmod(file_path(server, "secret"), 0), 0);
	ck_assert_int_eq(mkfifo(file_path(server, "fifo"), 0644), 0);
	ck_assert_int_eq(symlink("../away/a", file_path(server, "out")), 0);
	ck_assert_int_eq(symlink("../away", file_path(server, "away")), 0);
	ck_assert_int_eq(get(server, "/locked").status, 403);
	ck_assert_int_eq(get(server, "/pipe").status, 404);
	ck_assert_str_eq(get(server, "/links").body, "away");
	ck_assert_int_eq(get(server, "/folder").status, 301);
	server_stop(server);
}
END_TEST

START_TEST(try_files_ends_a_cycle)
{
	struct server *server = inproc_with("location / { try_files $uri /again; }");
	ck_assert_int_eq(get(server, "/x").status, 500);
	ck_assert(log_has(server, "redirects inside the server"));
	server_stop(server);
}
END_TEST

START_TEST(try_files_stays_in_the_root)
{
	struct server *server =
		inproc_with("location / { try_files /$arg_f =404; }"
			    "location /links/ { symlinks in_root; try_files $uri =404; }");
	put_file(server, "/secret", "secret");
	put_file(server, "a", "a");
	put_file(server, "links/a", "a");
	ck_assert_int_eq(symlink("../../secret", file_path(server, "links/out")), 0);
	ck_assert_str_eq(get(server, "/?f=a").body, "a");
	ck_assert_int_eq(get(server, "/?f=../secret").status, 404);
	ck_assert_str_eq(get(server, "/links/a").body, "a");
	ck_assert_int_eq(get(server, "/links/out").status, 404);
	ck_assert(log_has(server, "links/out\" failed"));
	server_stop(server);
}
END_TEST

START_TEST(try_files_says_what_is_wrong)
{
	const char *output =
		inproc_fails("http { server { location / { try_files $uri =99; } } }");

	ck_assert_ptr_nonnull(strstr(output, "expected =200 to =999"));
	output = inproc_fails("http { server { location / { try_files $uri; } } }");
	ck_assert_ptr_nonnull(strstr(output, "try_files"));
}
END_TEST

TESTS("index and try_files", index_takes_the_first_that_is_there,
      index_tells_no_index_from_no_directory, index_takes_the_last_where_the_directory_is_there,
      index_looks_where_an_alias_of_an_expression_leads,
      try_files_serves_the_first, try_files_looks_below_an_alias,
      try_files_finds_what_cannot_be_opened, try_files_ends_a_cycle,
      try_files_stays_in_the_root, try_files_says_what_is_wrong)
