/* SPDX-License-Identifier: BSD-2-Clause */
/* limit_except: settings for all methods but some. What is expected is what nginx does. */
#include "http/inproc.h"
#include "harness/test.h"

#include <stdio.h>
#include <string.h>

static void has_status(struct server *server, const char *method, const char *target, int status)
{
	struct reply reply = ask_for(server, target, &(const struct ask){ .method = method });

	ck_assert_msg(reply.status == status, "%s %s: %d", method, target, reply.status);
}

START_TEST(other_methods_are_in_the_block)
{
	struct server *server = inproc_with(
		"location /get/ { limit_except GET { deny all; } }"
		"location /lower/ { limit_except get post { deny all; } }"
		"location /head/ { limit_except HEAD { deny all; } }"
		"location /only/ { limit_except GET { allow 127.0.0.1; deny all; } }"
		"location /unknown/ { limit_except PATCH { deny all; } }");

	put_file(server, "get/f", "f");
	put_file(server, "lower/f", "f");
	put_file(server, "head/f", "f");
	put_file(server, "only/f", "f");
	has_status(server, "GET", "/get/f", 200);
	has_status(server, "HEAD", "/get/f", 200);
	has_status(server, "POST", "/get/f", 403);
	has_status(server, "DELETE", "/get/f", 403);
	has_status(server, "FOO", "/get/f", 403);
	has_status(server, "POST", "/lower/f", 405);
	has_status(server, "PUT", "/lower/f", 403);
	has_status(server, "HEAD", "/head/f", 200);
	has_status(server, "GET", "/head/f", 403);
	has_status(server, "POST", "/only/f", 405);
	has_status(server, "PATCH", "/unknown/f", 405);
	has_status(server, "PATCHY", "/unknown/f", 403);
	has_status(server, "GET", "/unknown/f", 403);
	ck_assert(log_has(server, "access forbidden by rule"));
	server_stop(server);
}
END_TEST

START_TEST(the_rest_is_the_locations)
{
	struct server *server = inproc_with(
		"location /gif { empty_gif; limit_except GET { allow all; } }"
		"location /hello { limit_except GET { allow all; } hello text; }"
		"location /page { limit_except GET { deny all; } error_page 403 /403.html; }"
		"location /field { limit_except GET { deny all; } add_header X-A b always; }"
		"location /behind { limit_except GET { allow all; } deny all; }"
		"location /before { deny all; limit_except GET { allow all; } }"
		"location /none { limit_except GET { access_log off; } deny all; }");

	put_file(server, "403.html", "page");
	put_file(server, "behind", "f");
	put_file(server, "before", "f");
	has_status(server, "POST", "/gif", 405);
	ck_assert_str_eq(ask(server, "/hello", .method = "PUT").body, "text");
	ck_assert_str_eq(ask(server, "/page", .method = "PUT").body, "page");

	struct reply reply = ask(server, "/field", .method = "PUT");

	ck_assert_str_eq(reply_header(&reply, "X-A"), "b");
	has_status(server, "POST", "/behind", 405);
	has_status(server, "GET", "/behind", 403);
	has_status(server, "POST", "/before", 405);
	has_status(server, "POST", "/none", 403);
	server_stop(server);
}
END_TEST

/* As in nginx these are the location's alone. */
START_TEST(return_and_try_files_are_not_in_the_block)
{
	struct server *server = inproc_with(
		"location /return { return 200 text; limit_except GET { allow all; } }"
		"location /try { try_files /f =404; limit_except GET { allow all; } }"
		"location /outer/ { limit_except GET { deny all; } location /outer/in { } }"
		"location /named { try_files /none @n; }"
		"location @n { limit_except GET { deny all; } hello named; }");

	put_file(server, "f", "f");
	put_file(server, "return", "f");
	put_file(server, "try", "f");
	put_file(server, "outer/in", "in");
	has_status(server, "GET", "/return", 200);
	has_status(server, "POST", "/return", 405);
	has_status(server, "GET", "/try", 200);
	has_status(server, "POST", "/try", 405);
	has_status(server, "POST", "/outer/a", 403);
	has_status(server, "POST", "/outer/in", 405);
	ck_assert_str_eq(get(server, "/named").body, "named");
	has_status(server, "POST", "/named", 403);
	server_stop(server);
}
END_TEST

START_TEST(mistakes_are_named)
{
	static const char *const cases[][2] = {
		{ "limit_except GET { }", "it belongs into location" },
		{ "location / { limit_except TRACE { } }", "invalid method \"TRACE\"" },
		{ "location / { limit_except { } }", "takes at least 1 argument" },
		{ "location / { limit_except GET; }", "needs a block" },
		{ "location / { limit_except GET { } limit_except PUT { } }", "is duplicate" },
		{ "location / { limit_except GET { root /a; } }", "\"root\" is not allowed here" },
		{ "location / { limit_except GET { return 200; } }", "\"return\" is not allowed" },
		{ "location / { limit_except GET { limit_except GET { } } }", "is not allowed" },
		{ "location / { limit_except GET { location /a { } } }", "is not allowed here" },
	};
	char conf[256];
	const char *output;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(conf, sizeof(conf), "http { server { %s } }", cases[i][0]);
		output = inproc_fails(conf);
		ck_assert_msg(strstr(output, cases[i][1]), "%s: %s", cases[i][0], output);
	}
}
END_TEST

TESTS("limit_except", other_methods_are_in_the_block, the_rest_is_the_locations,
      return_and_try_files_are_not_in_the_block, mistakes_are_named)
