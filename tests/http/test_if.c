/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * if, set and break. What is expected is what nginx does; where people are surprised by
 * that, the start warns.
 */
#include "harness/memory.h"
#include "harness/test.h"
#include "http/inproc.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *body_of(struct server *server, const char *target)
{
	return get(server, target).body;
}

START_TEST(conditions)
{
	static const struct {
		const char *condition, *holds, *fails; /* targets */
	} cases[] = {
		{ "$arg_a", "/f?a=1", "/f" },
		{ "$arg_a", "/f?a=00", "/f?a=0" },
		{ "$arg_a", "/f?a=1", "/f?a=" },
		{ "$arg_a = x", "/f?a=x", "/f?a=X" },
		{ "$arg_a != x", "/f", "/f?a=x" },
		{ "$arg_a = \"\"", "/f", "/f?a=x" },
		{ "$arg_a = $arg_b", "/f?a=1&b=1", "/f?a=1&b=2" },
		{ " $arg_a = x ", "/f?a=x", "/f" },
		{ "$arg_a ~ ^x", "/f?a=xy", "/f?a=XY" },
		{ "$arg_a ~* \"^(x|y)\"", "/f?a=Y", "/f?a=z" },
		{ "$arg_a !~ ^x", "/f?a=XY", "/f?a=xy" },
		{ "$arg_a !~* ^x", "/f", "/f?a=Xy" },
		{ "-f $request_filename", "/f", "/d" },
		{ "-f $request_filename", "/f", "/none" },
		{ "!-f $request_filename", "/none", "/f" },
		{ "-d $request_filename", "/d", "/f" },
		{ "!-d $request_filename", "/f", "/d" },
		{ "-e $request_filename", "/d", "/none" },
		{ "!-e $request_filename", "/none", "/f" },
		{ "-x $request_filename", "/x", "/f" },
		{ "!-x $request_filename", "/f", "/x" },
		{ "-f $document_root/$arg_a", "/f?a=f", "/f?a=d/../f" },
	};
	enum { CASES = sizeof(cases) / sizeof(cases[0]) };
	const char *servers = "";

	for (int i = 0; i < CASES; i++)
		servers = memory_printf("%s server { listen 127.0.0.1:%%PORT%%; server_name c%d;"
					" location / { if (%s) { return 200 yes; }"
					" return 200 no; } }",
					servers, i, cases[i].condition);

	struct server *server = inproc_start(memory_printf("http { %s }", servers));

	put_file(server, "f", "f");
	put_file(server, "d/f", "f");
	put_file(server, "x", "x");
	ck_assert_int_eq(chmod(file_path(server, "x"), 0755), 0);
	for (int i = 0; i < CASES; i++) {
		const char *host = memory_printf("c%d", i);

		ck_assert_msg(!strcmp(ask(server, cases[i].holds, .host = host).body, "yes"),
			      "(%s) %s", cases[i].condition, cases[i].holds);
		ck_assert_msg(!strcmp(ask(server, cases[i].fails, .host = host).body, "no"),
			      "(%s) %s", cases[i].condition, cases[i].fails);
	}
	server_stop(server);
}
END_TEST

START_TEST(a_link_that_leads_out_is_not_followed)
{
	struct server *server = inproc_with(
		"root %DIR%/site; symlinks in_root;"
		"location / { if (-f $request_filename) { return 200 yes; } return 200 no; }");

	put_file(server, "/out/f", "f");
	put_file(server, "/site/f", "f");
	ck_assert_int_eq(symlink("../out/f", file_path(server, "/site/out")), 0);
	ck_assert_int_eq(symlink("f", file_path(server, "/site/in")), 0);
	ck_assert_str_eq(body_of(server, "/in"), "yes");
	ck_assert_str_eq(body_of(server, "/out"), "no");
	ck_assert(log_has(server, "which is outside of"));
	server_stop(server);
}
END_TEST

/* $document_root and $request_filename begin with what root says. */
START_TEST(a_root_may_have_dots)
{
	struct server *server = inproc_with(
		"root %DIR%/site/../html; location / { if (-f $request_filename) { return 200 a; }"
		" if (-f $document_root/b$arg_x) { return 200 b; } return 200 no; }"
		"location /v/ { root %DIR%/$arg_r; if (-e $document_root/f) { return 200 yes; }"
		" return 200 no; }");

	put_file(server, "/site/f", "f");
	put_file(server, "f", "f");
	ck_assert_str_eq(body_of(server, "/f"), "a");
	ck_assert_str_eq(body_of(server, "/n"), "no");
	put_file(server, "bc", "f");
	ck_assert_str_eq(body_of(server, "/n?x=c"), "b");
	ck_assert_str_eq(body_of(server, "/n?x=/../f"), "no");
	ck_assert_str_eq(body_of(server, "/v/?r=html"), "yes");
	ck_assert_str_eq(body_of(server, "/v/?r=site/../html"), "no");
	server_stop(server);
}
END_TEST

START_TEST(steps_are_taken_in_order)
{
	struct server *server = inproc_with(
		"set $s a; if ($arg_s) { set $s \"$s-s\"; break; } set $s \"$s-end\";"
		"location /order { set $v \"$s,1\"; if ($arg_a) { set $v \"${v}a\"; }"
		" if ($v ~ (\\d)(a?)$) { set $v \"$v$2$1\"; } return 200 $v; }"
		"location /break { if ($arg_a) { break; } return 200 seen; }"
		"location /unset { return 200 \"($later)\"; set $later x; }"
		"location /args { set $args b=2; return 200 \"$args$is_args$arg_b\"; }"
		"location /page { set $v page; error_page 404 /order-none; return 404; }"
		"location = /order-none { return 200 $v; }"
		"location /outer { set $v outer; location /outer/in { return 200 \"($v)\"; } }");

	put_file(server, "break", "file");
	ck_assert_str_eq(body_of(server, "/order"), "a-end,11");
	ck_assert_str_eq(body_of(server, "/order?a=1"), "a-end,1aa1");
	ck_assert_str_eq(body_of(server, "/order?s=1"), "a-s,11");
	ck_assert_str_eq(body_of(server, "/break"), "seen");
	ck_assert_str_eq(body_of(server, "/break?a=1"), "file");
	ck_assert_str_eq(body_of(server, "/unset"), "()");
	ck_assert_str_eq(body_of(server, "/args"), "b=2?2");
	ck_assert_str_eq(body_of(server, "/page"), "page");
	ck_assert_str_eq(body_of(server, "/outer/in"), "()");
	server_stop(server);
}
END_TEST

/* Where no location matches, the steps of the server are taken once. */
START_TEST(steps_of_the_server_are_taken_once)
{
	struct server *server = inproc_with("set $v \"${v}1\"; add_header X-V $v;");

	put_file(server, "f", "f");

	struct reply reply = get(server, "/f");

	ck_assert_str_eq(reply_header(&reply, "X-V"), "1");
	server_stop(server);
}
END_TEST

START_TEST(settings_are_those_of_the_last_block)
{
	struct server *server = inproc_with(
		"location / { add_header X-Out 1; if ($arg_a) { root other; add_header X-A 1; }"
		" if ($arg_b) { add_header X-B 1; } }"
		"location /try { try_files /f =404; if ($arg_a) { set $x 1; } }"
		"location /hello { hello out; if ($arg_a) { hello in; }"
		" if ($arg_b) { add_header X-B 1; } }"
		"location /deny { if ($arg_a) { add_header X-A 1; } deny all; }"
		"location /page { if ($arg_a) { error_page 404 =200 /f; return 404; }"
		" return 404; }");

	put_file(server, "f", "file");
	put_file(server, "try", "tried");
	put_file(server, "/other/f", "other");

	struct reply reply = get(server, "/f?a=1");

	ck_assert_str_eq(reply.body, "other");
	ck_assert_str_eq(reply_header(&reply, "X-A"), "1");
	ck_assert_ptr_null(reply_header(&reply, "X-Out"));
	reply = get(server, "/f?a=1&b=1");
	ck_assert_str_eq(reply.body, "file");
	ck_assert_ptr_null(reply_header(&reply, "X-A"));
	ck_assert_str_eq(reply_header(&reply, "X-B"), "1");
	ck_assert_str_eq(body_of(server, "/try"), "file");
	ck_assert_str_eq(body_of(server, "/try?a=1"), "tried");
	ck_assert_str_eq(body_of(server, "/hello?b=1"), "out");
	reply = get(server, "/hello?a=1&b=1");
	ck_assert_str_eq(reply.body, "in");
	ck_assert_str_eq(reply_header(&reply, "X-B"), "1");
	ck_assert_int_eq(get(server, "/deny?a=1").status, 403);
	ck_assert_str_eq(body_of(server, "/page?a=1"), "file");
	ck_assert_int_eq(get(server, "/page").status, 404);
	server_stop(server);
}
END_TEST

START_TEST(an_expression_that_fails_is_an_error)
{
	struct server *server = inproc_with(
		"location / { if ($arg_a !~ \"^(x+x+)+y$\") { return 200 open; } }"
		"location /not { if ($arg_a ~ \"^(x+x+)+y$\") { return 403; } return 200 open; }");
	const char *many = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxyz";

	ck_assert_int_eq(get(server, memory_printf("/?a=%s", many)).status, 500);
	ck_assert_int_eq(get(server, memory_printf("/not?a=%s", many)).status, 500);
	server_forgive(server);
	server_stop(server);
}
END_TEST

/* Loads a configuration that is wrong, to see all that is said of it. */
static const char *messages_of(const char *directives)
{
	return inproc_fails(memory_printf("http { server { %s } nonsense; }", directives));
}

START_TEST(traps_are_warned_of)
{
	static const struct {
		const char *directives;
		bool warns;
	} cases[] = {
		{ "location / { try_files /a =404; if ($arg_a) { set $x 1; } }", true },
		{ "location / { if ($arg_a) { set $x 1; } try_files /a =404; }", true },
		{ "location / { try_files /a =404; if ($arg_a) { return 404; } }", false },
		{ "location / { if ($arg_a) { expires 1h; } if ($arg_b) { expires 2h; } }", true },
		{ "location / { if ($arg_a) { expires 1h; } if ($arg_b) { set $x 1; } }", true },
		{ "location / { if ($arg_a) { set $x 1; } if ($arg_b) { expires 2h; } }", false },
		{ "location / { if ($arg_a) { expires 1h; } if ($arg_b) { return 404; } }", false },
		{ "location / { hello x; if ($arg_a) { expires 1h; } }", false },
		{ "if ($arg_a) { set $x 1; } if ($arg_b) { set $x 2; } try_files /a =404;", false },
		{ "location / { return 200; if ($arg_a) { set $x 1; } }", true },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *output = messages_of(cases[i].directives);

		ck_assert_msg((strstr(output, "warning: ") != NULL) == cases[i].warns, "%s: %s",
			      cases[i].directives, output);
	}
}
END_TEST

START_TEST(mistakes_are_named)
{
	static const char *const cases[][2] = {
		{ "if $uri { }", "invalid condition \"$uri\"" },
		{ "if () { }", "invalid condition" },
		{ "if ( ) { }", "invalid condition" },
		{ "if (uri) { }", "invalid condition \"uri\"" },
		{ "if ($) { }", "invalid condition" },
		{ "if ($uri$args) { }", "invalid condition" },
		{ "if ($uri = ) { }", "invalid condition" },
		{ "if ($uri = a b) { }", "invalid condition" },
		{ "if ($uri == a) { }", "unexpected \"==\" in a condition" },
		{ "if ($uri !~~ a) { }", "unexpected \"!~~\"" },
		{ "if (-z /a) { }", "invalid condition \"-z\"" },
		{ "if (! -f /a) { }", "invalid condition" },
		{ "if (-f a) { }", "the path \"a\" is relative" },
		{ "if ($uri ~ \"a)\") { }", "the regular expression \"a)\" is wrong" },
		{ "if ($nosuch) { }", "unknown variable \"$nosuch\"" },
		{ "if ($uri) { root /a; }", "\"root\" is not allowed here" },
		{ "location / { if ($uri) { if ($uri) { } } }", "\"if\" is not allowed here" },
		{ "location / { if ($uri) { try_files /a =404; } }", "is not allowed here" },
		{ "location / { if ($uri) { deny all; } }", "\"deny\" is not allowed here" },
		{ "set x y;", "invalid variable name \"x\"" },
		{ "set $uri y;", "the variable \"$uri\" exists already" },
		{ "set $1 y;", "this has no effect: \"$1\" is what" },
		{ "set $a;", "takes 2 arguments" },
		{ "break x;", "takes no argument" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *output = messages_of(cases[i][0]);

		ck_assert_msg(strstr(output, cases[i][1]), "%s: %s", cases[i][0], output);
	}
}
END_TEST

TESTS("if, set and break", conditions,
      a_link_that_leads_out_is_not_followed, a_root_may_have_dots, steps_are_taken_in_order,
      steps_of_the_server_are_taken_once, settings_are_those_of_the_last_block,
      an_expression_that_fails_is_an_error, traps_are_warned_of, mistakes_are_named)
