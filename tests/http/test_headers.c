/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * add_header, expires, and the pixel of empty_gif.
 */
#include "http/inproc.h"
#include "harness/test.h"

#include <date.h>
#include <stdlib.h>
#include <string.h>
#include <utime.h>

static const char *field(struct server *server, const char *target, const char *name)
{
	struct reply reply = get(server, target);
	const char *value = reply_header(&reply, name);

	return value ? value : "none";
}

START_TEST(adds_fields)
{
	struct server *server =
		inproc_with("add_header X-A one; add_header X-A two; add_header X-Uri \"is $uri\";"
			    "add_header X-Empty \"\"; location = /text { return 200 text; }");
	struct reply reply = get(server, "/text");

	ck_assert_int_eq(reply_headers(&reply, "X-A"), 2);
	ck_assert_str_eq(reply_header(&reply, "X-Uri"), "is /text");
	ck_assert_ptr_null(reply_header(&reply, "X-Empty"));
	server_stop(server);
}
END_TEST

START_TEST(adds_by_status)
{
	struct server *server = inproc_with(
		"add_header X-Some s; add_header X-Always a always;"
		"location = /moved { return 301 /a; } location = /gone { return 410; }");

	ck_assert_str_eq(field(server, "/moved", "X-Some"), "s");
	ck_assert_str_eq(field(server, "/gone", "X-Some"), "none");
	ck_assert_str_eq(field(server, "/gone", "X-Always"), "a");
	server_stop(server);
}
END_TEST

START_TEST(inherits_all_or_nothing)
{
	struct server *server =
		inproc_with("add_header X-Outer o; location = /same { return 200 text; }"
			    "location = /own { add_header X-Inner i; return 200 text; }");

	ck_assert_str_eq(field(server, "/same", "X-Outer"), "o");
	ck_assert_str_eq(field(server, "/own", "X-Outer"), "none");
	ck_assert_str_eq(field(server, "/own", "X-Inner"), "i");
	server_stop(server);
}
END_TEST

START_TEST(replaces_validators)
{
	struct server *server = inproc_with("add_header ETag '\"mine\"';"
					    "add_header Last-Modified '';");
	struct reply reply;

	put_file(server, "a.txt", "hello");
	reply = get(server, "/a.txt");
	ck_assert_int_eq(reply_headers(&reply, "ETag"), 1);
	ck_assert_str_eq(reply_header(&reply, "ETag"), "\"mine\"");
	ck_assert_ptr_null(reply_header(&reply, "Last-Modified"));
	server_stop(server);
}
END_TEST

START_TEST(sets_cache_control)
{
	struct server *server = inproc_with("location = /day { expires 1d; return 200 text; }"
					    "location = /past { expires -1; return 200 text; }"
					    "location = /epoch { expires epoch; return 200 text; }"
					    "location = /max { expires max; return 200 text; }"
					    "location = /off { expires off; return 200 text; }"
					    "location = /error { expires 1d; return 404; }");

	ck_assert_str_eq(field(server, "/day", "Cache-Control"), "max-age=86400");
	ck_assert_str_eq(field(server, "/past", "Cache-Control"), "no-cache");
	ck_assert_str_eq(field(server, "/epoch", "Cache-Control"), "no-cache");
	ck_assert_str_eq(field(server, "/epoch", "Expires"), "Thu, 01 Jan 1970 00:00:01 GMT");
	ck_assert_str_eq(field(server, "/max", "Cache-Control"), "max-age=315360000");
	ck_assert_str_eq(field(server, "/max", "Expires"), "Thu, 31 Dec 2037 23:55:55 GMT");
	ck_assert_str_eq(field(server, "/off", "Cache-Control"), "none");
	ck_assert_str_eq(field(server, "/error", "Cache-Control"), "none");
	server_stop(server);
}
END_TEST

START_TEST(counts_from_the_date)
{
	struct server *server = inproc_with("expires 90m; location = /text { return 200 text; }");
	struct reply reply = get(server, "/text");
	time_t date = 0, expires = 0;

	ck_assert_int_eq(date_parse_http(str_from(reply_header(&reply, "Date")), &date), 0);
	ck_assert_int_eq(date_parse_http(str_from(reply_header(&reply, "Expires")), &expires), 0);
	ck_assert_int_eq(expires - date, 5400);
	server_stop(server);
}
END_TEST

START_TEST(counts_from_the_last_change)
{
	struct server *server =
		inproc_with("expires modified 1d; location /off { return 200 text; }");

	put_file(server, "old", "text");
	utime(file_path(server, "old"), &(struct utimbuf){ 784111777, 784111777 });
	ck_assert_str_eq(field(server, "/old", "Expires"), "Mon, 07 Nov 1994 08:49:37 GMT");
	ck_assert_str_eq(field(server, "/old", "Cache-Control"), "no-cache");
	ck_assert_str_eq(field(server, "/off", "Cache-Control"), "max-age=86400");
	server_stop(server);
}
END_TEST

START_TEST(waits_for_a_time_of_day)
{
	setenv("TZ", "XXX-1", 1);
	struct server *server =
		inproc_with("expires @15h30m; location = /text { return 200 text; }");
	struct reply reply = get(server, "/text");
	const char *expires = reply_header(&reply, "Expires");
	long age = atol(strstr(reply_header(&reply, "Cache-Control"), "max-age=") + 8);

	ck_assert_ptr_nonnull(strstr(expires, " 14:30:00 GMT"));
	ck_assert(age > 0 && age <= 86400);
	server_stop(server);
}
END_TEST

START_TEST(reads_a_time_from_variables)
{
	struct server *server =
		inproc_with("expires $arg_t; location = /text { return 200 text; }");

	ck_assert_str_eq(field(server, "/text?t=2d", "Cache-Control"), "max-age=172800");
	ck_assert_str_eq(field(server, "/text?t=epoch", "Cache-Control"), "no-cache");
	ck_assert_str_eq(field(server, "/text?t=rubbish", "Cache-Control"), "none");
	ck_assert_str_eq(field(server, "/text", "Cache-Control"), "none");
	server_stop(server);
}
END_TEST

START_TEST(folds_line_breaks_of_the_configuration)
{
	struct server *server =
		inproc_with("default_type 'text/x-odd\r\n ; a=b';"
			    "types { 'text/x-list\n' list; }"
			    "add_header Content-Security-Policy \"\n\tdefault-src 'self';\r\n"
			    "\timg-src  *;\n\n\n\tframe-src $scheme:\n\t\";"
			    "add_header X-Escape 'a\\nb'; add_header X-Kept 'a\t  b'; "
			    "location = /blank { add_header X-Blank \"\n \n\"; return 200 text; }"
			    "location = /a.list { return 200 text; }"
			    "location / { return 200 text; }");

	ck_assert_str_eq(field(server, "/", "Content-Security-Policy"),
			 "default-src 'self'; img-src  *; frame-src http:");
	ck_assert_str_eq(field(server, "/", "X-Escape"), "a b");
	ck_assert_str_eq(field(server, "/", "X-Kept"), "a\t  b");
	ck_assert_str_eq(field(server, "/blank", "X-Blank"), "none");
	ck_assert_str_eq(field(server, "/", "Content-Type"), "text/x-odd ; a=b");
	ck_assert_str_eq(field(server, "/a.list", "Content-Type"), "text/x-list");
	server_stop(server);
}
END_TEST

START_TEST(warns_of_line_breaks)
{
	const char *output;

	/* Messages are printed together with those of the mistake that keeps it from starting. */
	output = inproc_fails("http { add_header X-A \"a\n b\"; server { nonsense; } }");
	ck_assert_msg(strstr(output, "warning: "), "%s", output);
	ck_assert_msg(strstr(output, "a field of a response is one line"), "%s", output);
	output = inproc_fails("http { add_header X-A 'a  b'; server { nonsense; } }");
	ck_assert_msg(!strstr(output, "warning: "), "%s", output);
}
END_TEST

/* Each of these targets would add a field X-Injected, or end the head. */
START_TEST(never_splits_an_answer)
{
	static const char *const ends[] = { "%0d%0aX-Injected:%20b", "%0aX-Injected:%20b",
					    "%0d%0a%0d%0aX-Injected:%20b", "%0d" };
	struct server *server = inproc_with(
		"add_header X-Path $uri; location / { return 200 text; }"
		"location /etag/ { add_header ETag '\"$uri\"'; return 200 text; }"
		"location /date/ { add_header Last-Modified '$uri'; return 200 text; }"
		"location /moved/ { return 301 http://other$uri; }"
		"location /page/ { error_page 404 =302 http://other$uri; return 404; }");
	static const char *const places[] = { "/", "/etag/", "/date/", "/moved/", "/page/" };

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		for (size_t j = 0; j < sizeof(ends) / sizeof(ends[0]); j++) {
			char target[100];
			strcat(strcpy(target, places[i]), ends[j]);
			struct reply reply = get(server, target);
			ck_assert_ptr_null(strstr(reply.head, "\nX-Injected"));
			ck_assert_ptr_null(reply_header(&reply, "X-Path"));
			ck_assert_ptr_null(reply_header(&reply, "ETag"));
			ck_assert_int_eq(reply.status, i < 3 ? 200 : i == 3 ? 301 : 302);
		}
	ck_assert_str_eq(field(server, "/moved/%0d%0aX-Injected:%20b", "Location"),
			 "http://other/moved/%0D%0AX-Injected: b");
	ck_assert_str_eq(field(server, "/page/%0a", "Location"), "http://other/page/%0A");
	server_stop(server);
}
END_TEST

static const char *const mistakes[][2] = {
	{ "add_header X-A b sometimes;", "sometimes" },
	{ "add_header \"X A\" b;", "invalid field name" },
	{ "add_header Content-Length 5;", "cannot be added" },
	{ "add_header X-A;", "takes 2 to 3 arguments" },
	{ "expires soon;", "invalid time" },
	{ "expires 1m1h;", "invalid time" },
	{ "expires 1h1h;", "invalid time" },
	{ "expires @24h;", "invalid time" },
	{ "expires 99999999999999999999y;", "invalid time" },
	{ "expires modified epoch;", "goes with a time only" },
	{ "expires after 1d;", "expected \"modified\"" },
	{ "max_ranges many;", "many" },
	{ "if_modified_since sometimes;", "sometimes" },
};

/* nginx sends these twice. */
START_TEST(no_field_is_sent_twice)
{
	struct server *server = inproc_with(
		"add_header Server mine; add_header date never; add_header Connection x;"
		"add_header Keep-Alive x; add_header Content-Type text/x-other;"
		"location /moved { return 302 /there; add_header Location /elsewhere; }");
	struct reply reply;

	put_file(server, "a.txt", "text");
	reply = get(server, "/a.txt");
	ck_assert_int_eq(reply_headers(&reply, "Server"), 1);
	ck_assert_int_eq(reply_headers(&reply, "Date"), 1);
	ck_assert_int_eq(reply_headers(&reply, "Connection"), getenv("TEST_SOCKETS") != NULL);
	ck_assert_int_eq(reply_headers(&reply, "Keep-Alive"), 0);
	ck_assert_int_eq(reply_headers(&reply, "Content-Type"), 1);
	ck_assert_str_eq(reply_header(&reply, "Content-Type"), "text/x-other");
	reply = get(server, "/moved");
	ck_assert_int_eq(reply_headers(&reply, "Location"), 1);
	ck_assert_ptr_nonnull(strstr(reply_header(&reply, "Location"), "/elsewhere"));
	ck_assert(!log_has(server, "[alert]"));
	server_stop(server);
}
END_TEST

START_TEST(reports_mistakes)
{
	for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
		char conf[256] = "http { server { listen 127.0.0.1:%PORT%; ";
		const char *output;

		strcat(strcat(conf, mistakes[i][0]), " } }");
		output = inproc_fails(conf);
		ck_assert_msg(strstr(output, mistakes[i][1]), "%s: %s", mistakes[i][0], output);
	}
}
END_TEST

START_TEST(answers_with_a_pixel)
{
	struct server *server = inproc_with("location = /p.gif { empty_gif; }");
	struct reply reply = get(server, "/p.gif");

	ck_assert_int_eq(reply.status, 200);
	ck_assert_str_eq(reply_header(&reply, "Content-Type"), "image/gif");
	ck_assert_uint_eq(reply.body_len, 43);
	ck_assert(memcmp(reply.body, "GIF89a\1\0\1\0", 10) == 0);
	ck_assert_int_eq(ask(server, "/p.gif", .method = "POST", .body = "x").status, 405);
	ck_assert_int_eq(ask(server, "/p.gif",
			     .fields = "If-Modified-Since: Mon, 28 Sep 1970 06:00:00 GMT\r\n")
				 .status,
			 304);
	server_stop(server);
}
END_TEST

TESTS("headers", adds_fields, adds_by_status, inherits_all_or_nothing, replaces_validators,
      sets_cache_control, counts_from_the_date, counts_from_the_last_change,
      waits_for_a_time_of_day, reads_a_time_from_variables, folds_line_breaks_of_the_configuration,
      warns_of_line_breaks, never_splits_an_answer, no_field_is_sent_twice, reports_mistakes,
      answers_with_a_pixel)
