/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Conditional requests: 304, 412, and when a condition does not count.
 */
#include "harness/client.h"
#include "harness/test.h"

#include <stdio.h>
#include <string.h>
#include <utime.h>

#define DATE  "Sun, 06 Nov 1994 08:49:37 GMT"
#define LATER "Sun, 06 Nov 1994 08:49:38 GMT"

/* A file that was changed at DATE, and so has a known tag. */
static struct server *start(const char *directives)
{
	struct server *server = server_with(directives);

	put_file(server, "a.txt", "hello");
	utime(file_path(server, "a.txt"), &(struct utimbuf){ 784111777, 784111777 });
	return server;
}

#define TAG "\"2ebc98a1-5\""

static int status(struct server *server, const char *target, const char *fields)
{
	return ask(server, target, .fields = fields).status;
}

START_TEST(answers_not_modified)
{
	struct server *server = start("expires 1h; add_header X-Some x;");
	struct reply reply = ask(server, "/a.txt", .fields = "If-None-Match: " TAG "\r\n");

	ck_assert_int_eq(reply.status, 304);
	ck_assert_uint_eq(reply.body_len, 0);
	ck_assert_str_eq(reply_header(&reply, "ETag"), TAG);
	ck_assert_str_eq(reply_header(&reply, "Cache-Control"), "max-age=3600");
	ck_assert_str_eq(reply_header(&reply, "X-Some"), "x");
	ck_assert_ptr_null(reply_header(&reply, "Content-Type"));
	ck_assert_ptr_null(reply_header(&reply, "Content-Length"));
	server_stop(server);
}
END_TEST

START_TEST(checks_conditions_in_order)
{
	struct server *server = start("");

	ck_assert_int_eq(status(server, "/a.txt", "If-None-Match: \"x\"\r\n"), 200);
	ck_assert_int_eq(status(server, "/a.txt", "If-None-Match: \"x\", W/" TAG "\r\n"), 304);
	ck_assert_int_eq(status(server, "/a.txt", "If-None-Match: *\r\n"), 304);
	ck_assert_int_eq(status(server, "/a.txt", "If-Match: " TAG "\r\n"), 200);
	ck_assert_int_eq(status(server, "/a.txt", "If-Match: \"x\"\r\n"), 412);
	ck_assert_int_eq(status(server, "/a.txt", "If-Unmodified-Since: " DATE "\r\n"), 200);
	ck_assert_int_eq(status(server, "/a.txt",
				"If-None-Match: \"x\"\r\nIf-Modified-Since: " DATE "\r\n"), 200);
	ck_assert_int_eq(status(server, "/a.txt",
				"If-Match: \"x\"\r\nIf-None-Match: " TAG "\r\n"), 412);
	server_stop(server);
}
END_TEST

START_TEST(reads_lists_of_several_lines)
{
	struct server *server = start("");

	ck_assert_int_eq(status(server, "/a.txt",
				"If-None-Match: \"x\"\r\nIf-None-Match: " TAG "\r\n"), 304);
	ck_assert_int_eq(status(server, "/a.txt", "If-Match: \"x\"\r\nIf-Match: " TAG "\r\n"),
			 200);
	server_stop(server);
}
END_TEST

START_TEST(compares_times_as_told)
{
	struct server *server = start(
		"location /off/ { if_modified_since off; alias %DIR%/html/; }"
		"location /before/ { if_modified_since before; alias %DIR%/html/; }");
	const char *same = "If-Modified-Since: " DATE "\r\n";
	const char *later = "If-Modified-Since: " LATER "\r\n";

	ck_assert_int_eq(status(server, "/a.txt", same), 304);
	ck_assert_int_eq(status(server, "/a.txt", later), 200);
	ck_assert_int_eq(status(server, "/off/a.txt", same), 200);
	ck_assert_int_eq(status(server, "/before/a.txt", same), 304);
	ck_assert_int_eq(status(server, "/before/a.txt", later), 304);
	server_stop(server);
}
END_TEST

START_TEST(lets_error_page_answer)
{
	struct server *server = start("error_page 412 /page;"
				      "location = /page { return 200 page; }");
	struct reply reply = ask(server, "/a.txt", .fields = "If-Match: \"x\"\r\n");

	ck_assert_int_eq(reply.status, 412);
	ck_assert_str_eq(reply.body, "page");
	server_stop(server);
}
END_TEST

START_TEST(does_not_look_at_errors)
{
	struct server *server = start("");

	ck_assert_int_eq(status(server, "/missing", "If-None-Match: *\r\n"), 404);
	ck_assert_int_eq(status(server, "/missing", "If-Match: \"x\"\r\n"), 404);
	server_stop(server);
}
END_TEST

TESTS("conditional", answers_not_modified, checks_conditions_in_order, reads_lists_of_several_lines,
      compares_times_as_told, lets_error_page_answer, does_not_look_at_errors)
