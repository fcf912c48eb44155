/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Conditional requests: 304, 412, and when a condition does not count.
 */
#include "http/inproc.h"
#include "harness/memory.h"
#include "harness/test.h"

#include <date.h>
#include <stdio.h>
#include <string.h>
#include <utime.h>

#define DATE  "Sun, 06 Nov 1994 08:49:37 GMT"
#define LATER "Sun, 06 Nov 1994 08:49:38 GMT"

/* A file that was changed at DATE, and so has a known tag. */
static struct server *start(const char *directives)
{
	struct server *server = inproc_with(directives);

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

START_TEST(ignores_what_has_no_validators)
{
	struct server *server = start("location /text { return 200 text; }");

	ck_assert_int_eq(status(server, "/text", "If-Unmodified-Since: " DATE "\r\n"), 200);
	ck_assert_int_eq(status(server, "/missing", "If-None-Match: *\r\n"), 404);
	ck_assert_int_eq(status(server, "/missing", "If-Match: \"x\"\r\n"), 404);
	server_stop(server);
}
END_TEST

/* Two versions of one size, one right after the other. */
START_TEST(tells_versions_of_one_second_apart)
{
	struct server *server = start("");
	char fields[512], tag[128];
	long began = now_ms();

	put_file(server, "a.txt", "first");
	struct reply first = get(server, "/a.txt");
	strcpy(tag, reply_header(&first, "ETag"));
	snprintf(fields, sizeof(fields), "If-None-Match: %s\r\n", tag);
	int unchanged = status(server, "/a.txt", fields);

	put_file(server, "a.txt", "other");
	struct reply other = ask(server, "/a.txt", .fields = fields);
	ck_assert_int_eq(other.status, 200);
	ck_assert_str_eq(other.body, "other");
	ck_assert_str_ne(reply_header(&other, "ETag"), tag);
	snprintf(fields, sizeof(fields), "Range: bytes=0-1\r\nIf-Range: %s\r\n", tag);
	ck_assert_int_eq(status(server, "/a.txt", fields), 200);
	snprintf(fields, sizeof(fields), "Range: bytes=0-1\r\nIf-Range: %s\r\n",
		 reply_header(&first, "Last-Modified"));
	int with_date = status(server, "/a.txt", fields);
	snprintf(fields, sizeof(fields), "If-Match: %s\r\n", tag);
	ck_assert_int_eq(status(server, "/a.txt", fields), 412);
	/* After two seconds the tag is another, and the date is good enough. */
	if (now_ms() - began < 1500) {
		ck_assert_int_eq(unchanged, 304);
		ck_assert_int_eq(with_date, 200);
	}
	server_stop(server);
}
END_TEST

START_TEST(dates_nothing_in_the_future)
{
	struct server *server = start("");
	time_t year_2100 = 4102444800, modified = 0, date = 0;

	utime(file_path(server, "a.txt"), &(struct utimbuf){ year_2100, year_2100 });
	struct reply reply = get(server, "/a.txt");
	ck_assert_int_eq(date_parse_http(str_from(reply_header(&reply, "Last-Modified")),
					 &modified), 0);
	ck_assert_int_eq(date_parse_http(str_from(reply_header(&reply, "Date")), &date), 0);
	ck_assert_int_le(modified, date);
	ck_assert_int_gt(modified, date - 100);
	/* Which says nothing of the time of the last modification: it moves with the clock. */
	ck_assert_int_eq(status(server, "/a.txt",
				memory_printf("Range: bytes=0-1\r\nIf-Range: %s\r\n",
					      reply_header(&reply, "Last-Modified"))), 200);
	ck_assert_int_eq(status(server, "/a.txt", "If-Modified-Since: " DATE "\r\n"), 200);
	ck_assert_int_eq(status(server, "/a.txt", "If-Unmodified-Since: " DATE "\r\n"), 412);
	ck_assert_int_eq(status(server, "/a.txt",
				"If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT\r\n"), 200);
	server_stop(server);
}
END_TEST

/* As files of images and of Nix have them: so may the next image, with other bytes. */
START_TEST(believes_no_time_of_zero_or_one)
{
	struct server *server = start("location /before/ { if_modified_since before; "
				      "alias %DIR%/html/; }");
	static const char *const dates[] = { "Thu, 01 Jan 1970 00:00:00 GMT",
					     "Thu, 01 Jan 1970 00:00:01 GMT" };

	for (time_t time = 0; time < 2; time++) {
		utime(file_path(server, "a.txt"), &(struct utimbuf){ time, time });
		struct reply reply = get(server, "/a.txt");
		ck_assert_int_eq(reply.status, 200);
		ck_assert_ptr_null(reply_header(&reply, "Last-Modified"));
		const char *tag = reply_header(&reply, "ETag");
		ck_assert(!tag || strcmp(tag, memory_printf("\"%ld-5\"", (long)time)) != 0);

		const char *since = memory_printf("If-Modified-Since: %s\r\n", dates[time]);
		ck_assert_int_eq(status(server, "/a.txt", since), 200);
		ck_assert_int_eq(status(server, "/before/a.txt", since), 200);
		ck_assert_int_eq(status(server, "/a.txt",
					memory_printf("Range: bytes=0-1\r\nIf-Range: %s\r\n",
						      dates[time])), 200);
		ck_assert_int_eq(status(server, "/a.txt",
					memory_printf("If-None-Match: \"%ld-5\"\r\n", (long)time)),
				 200);
	}
	server_stop(server);
}
END_TEST

/* The answer with fields that add_header has replaced or taken away is what they ask for. */
START_TEST(checks_validators_of_add_header)
{
	struct server *server = start(
		"location /own/ { alias %DIR%/html/; add_header ETag '\"mine\"';"
		"add_header Last-Modified '" LATER "'; add_header X-Tag $sent_http_etag; }"
		"location /weak/ { alias %DIR%/html/; add_header ETag 'W/\"mine\"'; }"
		"location /none/ { alias %DIR%/html/; add_header ETag '';"
		"add_header Last-Modified ''; }"
		"location /text { add_header ETag '\"mine\"'; return 200 text; }"
		"location /odd/ { alias %DIR%/html/; add_header Last-Modified 'some day'; }");
	struct reply reply = ask(server, "/own/a.txt", .fields = "If-None-Match: \"mine\"\r\n");

	ck_assert_int_eq(reply.status, 304);
	ck_assert_str_eq(reply_header(&reply, "ETag"), "\"mine\"");
	ck_assert_str_eq(reply_header(&reply, "X-Tag"), "\"mine\"");
	ck_assert_str_eq(reply_header(&reply, "Last-Modified"), LATER);
	ck_assert_int_eq(status(server, "/own/a.txt", "If-None-Match: " TAG "\r\n"), 200);
	ck_assert_int_eq(status(server, "/own/a.txt", "If-Match: " TAG "\r\n"), 412);
	ck_assert_int_eq(status(server, "/own/a.txt", "If-Modified-Since: " LATER "\r\n"), 304);
	ck_assert_int_eq(status(server, "/own/a.txt", "If-Modified-Since: " DATE "\r\n"), 200);
	ck_assert_int_eq(status(server, "/own/a.txt", "If-Unmodified-Since: " DATE "\r\n"), 412);
	ck_assert_int_eq(status(server, "/text", "If-None-Match: \"mine\"\r\n"), 304);
	ck_assert_int_eq(status(server, "/weak/a.txt", "If-None-Match: \"mine\"\r\n"), 304);

#define PART "Range: bytes=0-1\r\nIf-Range: "
	ck_assert_int_eq(status(server, "/own/a.txt", PART "\"mine\"\r\n"), 206);
	ck_assert_int_eq(status(server, "/own/a.txt", PART TAG "\r\n"), 200);
	ck_assert_int_eq(status(server, "/own/a.txt", PART LATER "\r\n"), 206);
	ck_assert_int_eq(status(server, "/own/a.txt", PART DATE "\r\n"), 200);
	ck_assert_int_eq(status(server, "/weak/a.txt", PART "W/\"mine\"\r\n"), 200);

	ck_assert_int_eq(status(server, "/none/a.txt", "If-None-Match: " TAG "\r\n"), 200);
	ck_assert_int_eq(status(server, "/none/a.txt", "If-Modified-Since: " DATE "\r\n"), 200);
	ck_assert_int_eq(status(server, "/none/a.txt", PART TAG "\r\n"), 200);
	ck_assert_int_eq(status(server, "/none/a.txt", PART DATE "\r\n"), 200);
	ck_assert_int_eq(status(server, "/odd/a.txt", "If-Modified-Since: " DATE "\r\n"), 200);
	reply = get(server, "/odd/a.txt");
	ck_assert_str_eq(reply_header(&reply, "Last-Modified"), "some day");
	server_stop(server);
}
END_TEST

TESTS("conditional", answers_not_modified, checks_conditions_in_order, reads_lists_of_several_lines,
      compares_times_as_told, lets_error_page_answer, ignores_what_has_no_validators,
      tells_versions_of_one_second_apart, dates_nothing_in_the_future,
      believes_no_time_of_zero_or_one, checks_validators_of_add_header)
