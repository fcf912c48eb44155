/* SPDX-License-Identifier: BSD-2-Clause */
/* add_before_body and add_after_body. What is expected is what nginx does. */
#include "harness/memory.h"
#include "harness/test.h"
#include "http/inproc.h"

#include <string.h>

START_TEST(bodies_are_added)
{
	static const struct {
		const char *directives, *target, *body;
	} cases[] = {
		{ "add_before_body /b.html;", "/a.html", "before <body>" },
		{ "add_after_body /c.html;", "/a.html", "<body> after" },
		{ "add_before_body /b.html; add_after_body /c.html;", "/a.html",
		  "before <body> after" },
		{ "add_before_body /b.html;", "/b.html", "before before " },
		{ "add_before_body /b.html;", "/e.html", "before " },
		{ "add_before_body /e.html; add_after_body /e.html;", "/a.html", "<body>" },
		{ "add_before_body /b.html;", "/a.txt", "text" },
		{ "add_before_body /b.html; addition_types text/plain;", "/a.txt", "before text" },
		{ "add_before_body /b.html; addition_types *;", "/a.txt", "before text" },
		{ "add_before_body /b.html; location /a { add_before_body \"\"; }", "/a.html",
		  "<body>" },
		{ "location /a { add_before_body /i; } location /i { internal; return 200 int; }",
		  "/a.html", "int<body>" },
		{ "location /a { add_before_body /d; } location /d { deny all; return 200 d; }",
		  "/a.html", "d<body>" },
		{ "location /a { add_before_body /n; } location /n { return 204; }", "/a.html",
		  "<body>" },
		{ "location /a { add_after_body /r; } location /r { rewrite ^ /c.html last; }",
		  "/a.html", "<body> after" },
		{ "location /a { add_after_body /q?x; } location /q { return 200 \"$uri|$args\"; }",
		  "/a.html?y", "<body>/q?x|" },
		{ "location /a { add_after_body /c.html; return 404 t; }", "/a.html", "t" },
		{ "location /a { add_after_body /../c.html; }", "/a.html", "<body>" },
		{ "location /a { add_after_body /a.html; }", "/a.html", "<body><body>" },
		{ "location /a { add_after_body /x; } location /x { return 444; }", "/a.html",
		  "<body>" },
		{ "sub_filter e X; sub_filter_once off; add_after_body /c.html;", "/a.html",
		  "<body> aftXr" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct server *server = inproc_with(cases[i].directives);

		put_file(server, "a.html", "<body>");
		put_file(server, "b.html", "before ");
		put_file(server, "c.html", " after");
		put_file(server, "e.html", "");
		put_file(server, "a.txt", "text");

		const char *body = get(server, cases[i].target).body;

		ck_assert_msg(!strcmp(body, cases[i].body), "%s: \"%s\"", cases[i].directives,
			      body);
		server_stop(server);
	}
}
END_TEST

/* The page of an error, too. */
START_TEST(whatever_the_status_of_a_part_is)
{
	struct server *server = inproc_with("location /a { add_before_body /none; }");

	put_file(server, "a.html", "<body>");

	struct reply reply = get(server, "/a.html");

	ck_assert_int_eq(reply.status, 200);
	ck_assert_ptr_nonnull(strstr(reply.body, "404 Not Found"));
	ck_assert_ptr_nonnull(strstr(reply.body, "<body>"));
	server_stop(server);
}
END_TEST

START_TEST(what_describes_the_bytes_is_gone)
{
	struct server *server = inproc_with("add_after_body /c.html;");

	put_file(server, "a.html", "<body>");
	put_file(server, "c.html", " after");

	struct reply reply = ask(server, "/a.html", .fields = "Range: bytes=0-1\r\n");

	ck_assert_int_eq(reply.status, 200);
	ck_assert_int_eq(strncmp(reply_header(&reply, "ETag"), "W/", 2), 0);
	ck_assert_ptr_null(reply_header(&reply, "Content-Length"));
	ck_assert_int_eq(
		ask(server, "/a.html",
		    .fields = memory_printf("If-None-Match: %s\r\n", reply_header(&reply, "ETag")))
			.status,
		304);
	server_stop(server);
}
END_TEST

START_TEST(large_parts_are_added)
{
	struct server *server = inproc_with("location /a { add_before_body /b.html;"
					    " add_after_body /b.html; }");
	char *text = memory_alloc(200001);

	memset(text, 'x', 200000);
	text[200000] = '\0';
	put_file(server, "a.html", text);
	put_file(server, "b.html", text);
	ck_assert_uint_eq(get(server, "/a.html").body_len, 600000);
	server_stop(server);
}
END_TEST

TESTS("addition", bodies_are_added, whatever_the_status_of_a_part_is,
      what_describes_the_bytes_is_gone, large_parts_are_added)
