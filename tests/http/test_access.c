/* SPDX-License-Identifier: BSD-2-Clause */
/* Who may (allow, deny) and answers without content (return). */
#include "http/inproc.h"
#include "harness/test.h"

#include <stdio.h>
#include <string.h>

START_TEST(the_first_rule_that_fits_decides)
{
	struct server *server = inproc_with(
		"deny 10.0.0.0/8;"
		"location /no/ { deny 127.0.0.1; allow all; }"
		"location /yes/ { allow 127.0.0.0/8; deny all; }"
		"location /bits/ { deny 127.0.0.2/31; deny 127.0.1.0/24; deny ::1; deny unix:;"
		"                  allow 127.0.0.0/31; deny all; }"
		"location /mapped/ { deny ::ffff:127.0.0.0/104; }"
		"location /all/ { deny all; }"
		"location /all/but/ { allow all; }"
		"location /any/ { satisfy any; allow 127.0.0.1; deny all; }"
		"location /none/ { satisfy any; deny all; }");
	const char *const open[] = { "a", "yes/a", "bits/a", "all/but/a", "any/a" };
	const char *const closed[] = { "no/a", "all/a", "none/a", "mapped/a" };
	char target[64];

	for (size_t i = 0; i < 5; i++) {
		put_file(server, open[i], "in");
		snprintf(target, sizeof(target), "/%s", open[i]);
		ck_assert_msg(get(server, target).status == 200, "%s", target);
	}
	for (size_t i = 0; i < 4; i++) {
		put_file(server, closed[i], "in");
		snprintf(target, sizeof(target), "/%s", closed[i]);
		ck_assert_msg(get(server, target).status == 403, "%s", target);
	}
	ck_assert(log_has(server, "access forbidden by rule"));
	server_stop(server);
}
END_TEST

static void is_refused(const char *directive, const char *message)
{
	char conf[256];

	snprintf(conf, sizeof(conf), "http { server { %s } }", directive);
	const char *output = inproc_fails(conf);
	ck_assert_msg(strstr(output, message), "%s", output);
}

START_TEST(mistakes_are_named)
{
	is_refused("deny 1.2.3;", "\"1.2.3\" is not an address");
	is_refused("deny 1.2.3.4/33;", "expected 0 to 32");
	is_refused("deny ::1/129;", "expected 0 to 128");
	is_refused("deny 1.2.3.4/;", "not the length of a network");
	is_refused("allow ALL;", "2001:db8::/32, unix: or all");
	is_refused("return ok;", "\"ok\" is not a status");
	is_refused("return 99;", "\"99\" is not a status");
	is_refused("return 200 $nothing;", "$nothing");
}
END_TEST

START_TEST(return_answers)
{
	struct server *server = inproc_with(
		"location /text { return 200 \"at $uri\"; return 500; }"
		"location /empty { return 200; }"
		"location /path { return 301 /other?x; }"
		"location /url { return https://www.example.org$uri; }"
		"location /gone { return 410; }"
		"location /why { return 410 because; }"
		"location /see { return 303 http://a.example/; }"
		"location /away { return 444; }"
		"error_page 410 /page.html;");
	put_file(server, "page.html", "page");
	ck_assert_str_eq(get(server, "/text").body, "at /text");
	ck_assert_int_eq(ask(server, "/text", .method = "POST", .body = "x").status, 200);
	ck_assert_int_eq(get(server, "/empty").status, 200);
	struct reply reply = get(server, "/path");
	ck_assert_int_eq(reply.status, 301);
	ck_assert_str_eq(reply_header(&reply, "Location"),
			 server_text(server, "%SCHEME%://localhost:%PORT%/other?x"));
	reply = get(server, "/url");
	ck_assert_int_eq(reply.status, 302);
	ck_assert_str_eq(reply_header(&reply, "Location"), "https://www.example.org/url");
	reply = get(server, "/see");
	ck_assert_int_eq(reply.status, 303);
	ck_assert_str_eq(reply_header(&reply, "Location"), "http://a.example/");
	reply = get(server, "/gone");
	ck_assert_int_eq(reply.status, 410);
	ck_assert_str_eq(reply.body, "page");
	reply = get(server, "/why");
	ck_assert_int_eq(reply.status, 410);
	ck_assert_str_eq(reply.body, "because");
	ck_assert_int_eq(get(server, "/away").status, 0);
	server_stop(server);
}
END_TEST

START_TEST(return_on_the_servers_level_comes_first)
{
	struct server *server =
		inproc_with("return 200 server; location / { return 200 location; }");
	ck_assert_str_eq(get(server, "/x").body, "server");
	server_stop(server);
}
END_TEST

TESTS("access and return", the_first_rule_that_fits_decides, mistakes_are_named, return_answers,
      return_on_the_servers_level_comes_first)
