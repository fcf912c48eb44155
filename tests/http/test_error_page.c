/* SPDX-License-Identifier: BSD-2-Clause */
/* How errors are answered: the pages of the server, and those of error_page in all its forms. */
#include "http/inproc.h"
#include "harness/memory.h"
#include "harness/test.h"

#include <string.h>

static struct server *with(const char *directives)
{
	struct server *server = inproc_with(directives);

	put_file(server, "404.html", "not here");
	put_file(server, "sorry.html", "sorry");
	return server;
}

static void is(struct reply reply, int status, const char *body)
{
	ck_assert_int_eq(reply.status, status);
	ck_assert_str_eq(reply.body, body);
}

START_TEST(the_page_of_the_server_itself)
{
	struct server *server = with("server_tokens off;");
	struct reply reply = get(server, "/missing");

	ck_assert_int_eq(reply.status, 404);
	ck_assert_str_eq(reply_header(&reply, "Content-Type"), "text/html");
	ck_assert_ptr_nonnull(strstr(reply.body, "<h1>404 Not Found</h1>"));
	ck_assert_ptr_null(strstr(reply.body, "0.1"));
	ck_assert_ptr_null(reply_header(&reply, "ETag"));
	server_stop(server);
}
END_TEST

START_TEST(a_page_of_ones_own_keeps_the_code)
{
	struct server *server = with("error_page 404 /404.html; error_page 403 500 /sorry.html;"
				     "location /private { deny all; }");

	is(get(server, "/missing"), 404, "not here");
	is(get(server, "/private"), 403, "sorry");
	is(ask(server, "/missing", .method = "POST"), 404, "not here");
	ck_assert_int_eq(ask(server, "/missing", .method = "HEAD").status, 404);
	server_stop(server);
}
END_TEST

START_TEST(another_code)
{
	struct server *server =
		with("error_page 404 =200 /404.html; error_page 403 =503 /sorry.html;"
		     "location /private { deny all; }");

	is(get(server, "/missing"), 200, "not here");
	is(get(server, "/private"), 503, "sorry");
	server_stop(server);
}
END_TEST

START_TEST(the_code_of_the_page)
{
	struct server *server = with("error_page 404 = /made;"
				     "location /made { return 201 made; }");

	is(get(server, "/missing"), 201, "made");
	server_stop(server);
}
END_TEST

START_TEST(a_named_location)
{
	struct server *server = with("error_page 404 @fallback; error_page 403 = @fallback;"
				     "location /private { deny all; }"
				     "location @fallback { return 202 \"$status for $uri\"; }");

	is(get(server, "/missing"), 404, "404 for /missing");
	is(get(server, "/private"), 202, "202 for /private");
	server_stop(server);
}
END_TEST

START_TEST(an_address_elsewhere)
{
	struct server *server = with("error_page 404 http://example.test/404;"
				     "error_page 403 =301 http://example.test/403;"
				     "location /private { deny all; }");
	struct reply reply = get(server, "/missing");

	ck_assert_int_eq(reply.status, 302);
	ck_assert_str_eq(reply_header(&reply, "Location"), "http://example.test/404");
	reply = get(server, "/private");
	ck_assert_int_eq(reply.status, 301);
	ck_assert_str_eq(reply_header(&reply, "Location"), "http://example.test/403");
	server_stop(server);
}
END_TEST

START_TEST(variables_in_the_page)
{
	struct server *server = with("error_page 404 /echo?from=$uri;"
				     "location /echo { return 200 \"$args $uri\"; }");

	is(get(server, "/missing"), 404, "from=/missing /echo");
	server_stop(server);
}
END_TEST

START_TEST(a_page_that_is_missing_itself)
{
	struct server *server = with("error_page 404 /nowhere.html;");
	struct reply reply = get(server, "/missing");

	ck_assert_int_eq(reply.status, 404);
	ck_assert_ptr_nonnull(strstr(reply.body, "<h1>404 Not Found</h1>"));
	server_stop(server);
}
END_TEST

START_TEST(return_goes_through_it)
{
	struct server *server = with("error_page 404 410 /404.html;"
				     "location /gone { return 410; }"
				     "location /text { return 410 text; }"
				     "location /code { return 418 \"it is $status\"; }");

	is(get(server, "/gone"), 410, "not here");
	is(get(server, "/text"), 410, "text");
	is(get(server, "/code"), 418, "it is 418");
	server_stop(server);
}
END_TEST

START_TEST(statuses_above_those_of_http_have_no_page)
{
	struct server *server = with("error_page 404 /404.html;"
				     "location /bare { return 999; }"
				     "location /text { return 600 text; }"
				     "location /files { try_files /none =999; }");

	is(get(server, "/bare"), 999, "");
	ck_assert_uint_eq(get(server, "/bare").body_len, 0);
	is(get(server, "/text"), 600, "text");
	is(get(server, "/files"), 999, "");
	server_stop(server);
}
END_TEST

START_TEST(internal_locations_are_open_for_pages_only)
{
	struct server *server = with("error_page 404 /404.html;"
				     "location = /404.html { internal; }");

	is(get(server, "/404.html"), 404, "not here");
	is(get(server, "/missing"), 404, "not here");
	server_stop(server);
}
END_TEST

START_TEST(a_location_has_its_own)
{
	struct server *server = with("error_page 404 /404.html;"
				     "location /a { error_page 404 /sorry.html; }"
				     "location /b { error_page 403 /sorry.html; }"
				     "location /c { }");

	is(get(server, "/a/missing"), 404, "sorry");
	ck_assert_ptr_nonnull(strstr(get(server, "/b/missing").body, "<h1>404"));
	is(get(server, "/c/missing"), 404, "not here");
	server_stop(server);
}
END_TEST

START_TEST(errors_of_the_protocol)
{
	struct server *server = with("error_page 400 /sorry.html; error_page 413 /404.html;"
				     "client_max_body_size 1;");

	is(ask(server, "/", .host = ""), 400, "sorry");
	is(ask(server, "/", .method = "POST", .body = "hello"), 413, "not here");
	server_stop(server);
}
END_TEST

START_TEST(pages_of_pages)
{
	struct server *server = inproc_with(
		"error_page 404 /none; error_page 403 /ok;"
		"location /ok { return 200 ok; } location /none { return 403; }"
		"location /r { recursive_error_pages on; error_page 404 = @a; return 404; }"
		"location @a { recursive_error_pages on; error_page 405 = @b; return 405; }"
		"location @b { error_page 403 /ok; return 403; }"
		"location /loop { recursive_error_pages on; error_page 404 /loop; return 404; }"
		"location /moved { recursive_error_pages on; error_page 404 http://a/;"
		" error_page 302 /ok; return 404; }");

	ck_assert_int_eq(get(server, "/x").status, 403);
	ck_assert_str_eq(get(server, "/r").body, "ok");
	ck_assert_int_eq(get(server, "/r").status, 403);
	ck_assert_int_eq(get(server, "/loop").status, 500);
	ck_assert_uint_eq(file_count(server, "/error.log", "more than 10 redirects"), 1);
	ck_assert_int_eq(get(server, "/moved").status, 302);
	server_stop(server);
}
END_TEST

START_TEST(circles_end)
{
	struct server *server = with("location / { try_files /nowhere /also/nowhere; }"
				     "location /a { try_files /x /a; }"
				     "error_page 500 /404.html;");

	int status = get(server, "/a").status;
	ck_assert_int_eq(status, 500);
	server_stop(server);
}
END_TEST

START_TEST(a_404_answer_has_no_ranges_or_validators)
{
	struct server *server = with("error_page 404 /404.html;");
	struct reply reply = ask(server, "/missing", .fields = "Range: bytes=0-2\r\n");

	is(reply, 404, "not here");
	reply = ask(server, "/missing", .fields = "If-None-Match: *\r\n");
	is(reply, 404, "not here");
	server_stop(server);
}
END_TEST

START_TEST(nothing_is_said_for_444)
{
	struct server *server = with("location / { return 444; }");

	ck_assert_int_eq(get(server, "/").status, 0);
	server_stop(server);
}
END_TEST

TESTS("error_page", the_page_of_the_server_itself, a_page_of_ones_own_keeps_the_code, another_code,
      the_code_of_the_page, a_named_location, an_address_elsewhere, variables_in_the_page,
      a_page_that_is_missing_itself, return_goes_through_it,
      statuses_above_those_of_http_have_no_page, internal_locations_are_open_for_pages_only,
      a_location_has_its_own, errors_of_the_protocol, pages_of_pages, circles_end,
      a_404_answer_has_no_ranges_or_validators, nothing_is_said_for_444)
