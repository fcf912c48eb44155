/* SPDX-License-Identifier: BSD-2-Clause */
/* A module that overlooks that its expression was given up opens nothing by that. */
#include "harness/client.h"
#include "harness/memory.h"
#include "harness/test.h"

#include <string.h>

#define LONG "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

/* The expression says yes to PREFIXaaa, no to PREFIXb, and gives up at a long name. */
static void decides(struct server *server, const char *prefix, int yes, int no)
{
	const char *hard = memory_printf("%s" LONG "!", prefix);

	put_file(server, memory_printf("%saaa", prefix + 1), "served");
	put_file(server, memory_printf("%sb", prefix + 1), "served");
	put_file(server, hard + 1, "served");
	ck_assert_int_eq(get(server, memory_printf("%saaa", prefix)).status, yes);
	ck_assert_int_eq(get(server, memory_printf("%sb", prefix)).status, no);

	struct reply reply = get(server, hard);
	ck_assert_int_eq(reply.status, 500);
	ck_assert_ptr_null(strstr(reply.body, "served"));
	log_once(server, memory_printf("request: \"GET %s", hard));
	server_forgive(server);
}

START_TEST(in_the_phase_that_asks)
{
	struct server *server = server_with("location /access/ { shut ^/access/(a+)+$; }"
					    "location /any/ { satisfy any; shut ^/any/(a+)+$;"
					    " deny all; }");

	decides(server, "/access/", 403, 200);
	ck_assert_int_eq(get(server, "/any/aaa").status, 403);
	ck_assert_int_eq(get(server, "/any/" LONG "!").status, 500);
	server_stop(server);
}
END_TEST

START_TEST(in_a_variable_of_any_phase)
{
	struct server *server = server_with(
		"guess $r ^/rewrite/(a+)+$; location /rewrite/ { return 200 \"$r\"; }"
		"guess $c ^/content/(a+)+$; location /content/ { root %DIR%/html/$c; }"
		"guess $f ^/filter/(a+)+$; location /filter/ { add_header X \"$f\" always; }");

	decides(server, "/rewrite/", 200, 200);
	decides(server, "/content/", 404, 200);
	decides(server, "/filter/", 200, 200);
	struct reply reply = get(server, "/filter/aaa");
	ck_assert_str_eq(reply_header(&reply, "X"), "yes");
	server_stop(server);
}
END_TEST

START_TEST(in_the_page_of_an_error)
{
	struct server *server = server_with("guess $e ^/page/(a+)+$;"
					    "location /page/ { error_page 404 /p/$e; return 404; }"
					    "location /p/ { return 200 page; }"
					    "error_page 500 /sorry; location = /sorry {"
					    " add_header X \"$e\" always; return 200 sorry; }"
					    "location ~ ^/l/(a+)+$ { }");

	ck_assert_str_eq(get(server, "/page/aaa").body, "page");
	decides(server, "/page/", 404, 404);
	struct reply reply = get(server, "/l/" LONG "!");
	ck_assert_int_eq(reply.status, 500);
	ck_assert_str_eq(reply.body, "sorry");
	server_stop(server);
}
END_TEST

/* In the log there is nothing to refuse any more. */
START_TEST(in_the_log)
{
	struct server *server = server_start(
		"http { log_format f '$status'; access_log %DIR%/access.log f if=$l;"
		"guess $l ^/log/(a+)+$;"
		"server { listen 127.0.0.1:%PORT%; return 200 served; } }");

	ck_assert_str_eq(get(server, "/log/" LONG "!").body, "served");
	log_once(server, "was given up");
	ck_assert_str_eq(get(server, "/log/a").body, "served");
	server_forgive(server);
	server_stop(server);
}
END_TEST

TESTS("guess", in_the_phase_that_asks, in_a_variable_of_any_phase, in_the_page_of_an_error,
      in_the_log)
