/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Servers, locations and variables over a socket: how a request's host, path and
 * address lead to an answer. The expectations are what nginx does.
 */
#include "http/inproc.h"
#include "harness/memory.h"
#include "harness/test.h"

#include <string.h>

#define LISTEN "listen 127.0.0.1:%PORT%;"

/* The body of the answer to a GET for this host. */
static const char *body_of(struct server *server, const char *host, const char *target)
{
	return ask(server, target, .host = host).body;
}

START_TEST(the_host_chooses_the_server)
{
	struct server *server = inproc_start(
		"http { access_log off;"
		"server { " LISTEN " server_name one; return 200 one; }"
		"server { " LISTEN " server_name *.two; return 200 \"two $host\"; }"
		"server { " LISTEN " server_name ~^(?<n>.)\\.three$; return 200 \"three $n $1\"; }"
		"server { " LISTEN " server_name \"\"; return 200 none; } }");

	ck_assert_str_eq(body_of(server, "one", "/"), "one");
	ck_assert_str_eq(body_of(server, "ONE:80", "/"), "one");
	ck_assert_str_eq(body_of(server, "A.b.Two.", "/"), "two a.b.two");
	ck_assert_str_eq(body_of(server, "x.three", "/"), "three x x");
	ck_assert_str_eq(body_of(server, "other", "/"), "one");
	ck_assert_str_eq(body_of(server, "one", "http://b.two:1/"), "two b.two");
	server_stop(server);
}
END_TEST

START_TEST(no_host_chooses_the_server_without_a_name)
{
	test_needs_http1("only HTTP/1.0 has requests without a host");

	struct server *server = inproc_start(
		"http { access_log off; server { " LISTEN " server_name one; return 200 one; }"
		"server { " LISTEN " server_name \"\"; return 200 none; } }");

	ck_assert_str_eq(ask(server, "/", .version = "1.0", .host = "").body, "none");
	server_stop(server);
}
END_TEST

START_TEST(addresses_have_servers_of_their_own)
{
	struct server *server = inproc_start(
		"http { access_log off;"
		"server { " LISTEN " return 200 first; }"
		"server { " LISTEN " listen 127.0.0.1:%PORT2%; server_name a; return 200 a; }"
		"server { listen 127.0.0.1:%PORT2% default_server;"
		"  return 200 \"b $server_port\"; } }");

	ck_assert_str_eq(body_of(server, "a", "/"), "a");
	ck_assert_str_eq(body_of(server, "x", "/"), "first");
	ck_assert_str_eq(ask(server, "/", .host = "a", .port = 1).body, "a");
	ck_assert(strncmp(ask(server, "/", .host = "x", .port = 1).body, "b ", 2) == 0);
	server_stop(server);
}
END_TEST

START_TEST(captures_survive_redirects_inside_the_server)
{
	struct server *server = inproc_with("location ~ ^/a/(?<rest>.*)$ {"
					    "  error_page 404 /lost; return 404; }"
					    "location /lost { return 200 \"$1 $rest $uri\"; }");

	ck_assert_str_eq(get(server, "/a/b").body, "b b /lost");
	ck_assert_str_eq(get(server, "/lost").body, "  /lost");
	server_stop(server);
}
END_TEST

START_TEST(a_capture_goes_before_what_its_name_means)
{
	struct server *server = inproc_with("location ~ ^/(?<http_x>\\w+)/(?<arg_y>\\w+)$ {"
					    " return 200 \"$http_x $arg_y\"; }");

	ck_assert_str_eq(ask(server, "/a/b?y=d", .fields = "X: c\r\n").body, "a b");
	server_stop(server);
}
END_TEST

/* What the expression keeps shut stays shut, also for a path that is too much for it. */
START_TEST(an_expression_that_is_given_up_is_an_error)
{
	struct server *server = inproc_with(
		"root %DIR%/site; location ~ \"^/d/(([a-z])+.?)+[0-9]$|\\.key$\" { deny all; }");
	const char *name = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.key";

	put_file(server, "/site/d/a.key", "secret");
	put_file(server, memory_printf("/site/d/%s", name), "secret");
	ck_assert_int_eq(get(server, "/d/a.key").status, 403);
	struct reply reply = get(server, memory_printf("/d/%s", name));
	ck_assert_int_eq(reply.status, 500);
	ck_assert_ptr_null(strstr(reply.body, "secret"));
	log_once(server, name);
	ck_assert(log_has(server, "was given up: match limit exceeded; what it decides is "
				  "answered with 500"));
	server_forgive(server);
	server_stop(server);
}
END_TEST

START_TEST(a_host_that_an_expression_gives_up_is_no_hosts)
{
	struct server *server =
		inproc_start("http { access_log off;"
			     "server { " LISTEN " server_name first; return 200 first; }"
			     "server { " LISTEN " server_name ~^(a+)+$; return 200 second; } }");
	const char *host = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.b";

	ck_assert_str_eq(body_of(server, "aaa", "/"), "second");
	struct reply reply = ask(server, "/x", .host = host);
	ck_assert_int_eq(reply.status, 500);
	ck_assert_ptr_null(strstr(reply.body, "first"));
	log_once(server, "request: \"GET /x HTTP/");
	server_forgive(server);
	server_stop(server);
}
END_TEST

START_TEST(paths_are_compared_decoded)
{
	struct server *server = inproc_with("location /a/ { return 200 a; }"
					    "location = \"/b c\" { return 200 b; }"
					    "location ~ \\.TXT$ { return 200 c; }"
					    "location ~* \\.md$ { return 200 d; }"
					    "location / { return 200 \"$uri $request_uri\"; }");

	ck_assert_str_eq(get(server, "/x/../%61//y").body, "a");
	ck_assert_str_eq(get(server, "/b%20c").body, "b");
	ck_assert_str_eq(get(server, "/x.%54XT").body, "c");
	ck_assert_str_eq(get(server, "/x.MD?.txt").body, "d");
	ck_assert_str_eq(get(server, "/%7Ez/./?a=%20").body, "/~z/ /%7Ez/./?a=%20");
	server_stop(server);
}
END_TEST

START_TEST(slashes_are_merged_unless_told_otherwise)
{
	struct server *server = inproc_with("merge_slashes off;"
					    "location /a/ { return 200 a; }"
					    "location / { return 200 $uri; }");

	ck_assert_str_eq(get(server, "//a//b").body, "//a//b");
	server_stop(server);
}
END_TEST

START_TEST(aliases)
{
	struct server *server =
		inproc_with("location /i/ { alias %DIR%/pictures/; }"
			    "location ~ ^/u/(\\w+)/(.*)$ { alias %DIR%/home/$1/$2; }"
			    "location /r { root %DIR%/other/; }");

	put_file(server, "/pictures/a", "alias");
	put_file(server, "/home/joe/b", "expression");
	put_file(server, "/other/r/c", "root");
	ck_assert_str_eq(get(server, "/i/a").body, "alias");
	ck_assert_str_eq(get(server, "/u/joe/b").body, "expression");
	ck_assert_str_eq(get(server, "/r/c").body, "root");
	ck_assert_int_eq(get(server, "/i/b").status, 404);
	server_stop(server);
}
END_TEST

START_TEST(a_root_of_variables)
{
	const char *const files[] = { "/sites/one/a", "1", "/sites/two/a", "2", NULL };
	struct server *server = inproc_start_with(&(struct server_setup){
		.conf = "http { access_log off; server { " LISTEN
			"server_name ~^(?<site>\\w+)\\.test$; root sites/$site/; } }",
		.files = files });

	ck_assert_str_eq(body_of(server, "one.test", "/a"), "1");
	ck_assert_str_eq(body_of(server, "two.test", "/a"), "2");
	ck_assert_int_eq(ask(server, "/a", .host = "three.test").status, 404);
	server_stop(server);
}
END_TEST

START_TEST(internal_is_for_the_server_only)
{
	struct server *server = inproc_with("error_page 404 /lost;"
					    "location = /lost { internal; return 200 lost; }");

	ck_assert_int_eq(get(server, "/lost").status, 404);
	ck_assert_int_eq(get(server, "/nothing").status, 404);
	ck_assert_str_eq(get(server, "/nothing").body, "lost");
	server_stop(server);
}
END_TEST

START_TEST(error_pages_of_a_block_replace_those_around_it)
{
	struct server *server =
		inproc_with("error_page 403 404 /outer; location = /outer { return 200 outer; }"
			    "location = /inner { return 200 inner; }"
			    "location /a/ { error_page 404 =410 /inner; return 404; }"
			    "location /b/ { error_page 404 = /inner; return 404; }"
			    "location /c/ { error_page 404 @named; return 404; }"
			    "location /d/ { error_page 500 /inner; return 404; }"
			    "location /e/ { error_page 404 https://b.test$uri; return 404; }"
			    "location /f/ { return 403; }"
			    "location @named { return 202 named; }");
	struct reply reply = get(server, "/a/");

	ck_assert_int_eq(reply.status, 410);
	ck_assert_str_eq(reply.body, "inner");
	ck_assert_int_eq(get(server, "/b/").status, 200);
	ck_assert_str_eq(get(server, "/c/").body, "named");
	ck_assert_ptr_nonnull(strstr(get(server, "/d/").body, "404 Not Found"));
	reply = get(server, "/e/x");
	ck_assert_int_eq(reply.status, 302);
	ck_assert_str_eq(reply_header(&reply, "location"), "https://b.test/e/x");
	reply = get(server, "/f/");
	ck_assert_int_eq(reply.status, 403);
	ck_assert_str_eq(reply.body, "outer");
	server_stop(server);
}
END_TEST

TESTS("routing", the_host_chooses_the_server, no_host_chooses_the_server_without_a_name,
      addresses_have_servers_of_their_own, captures_survive_redirects_inside_the_server,
      a_capture_goes_before_what_its_name_means,
      an_expression_that_is_given_up_is_an_error, a_host_that_an_expression_gives_up_is_no_hosts,
      paths_are_compared_decoded, slashes_are_merged_unless_told_otherwise, aliases,
      a_root_of_variables, internal_is_for_the_server_only,
      error_pages_of_a_block_replace_those_around_it)
