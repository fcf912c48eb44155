/* SPDX-License-Identifier: BSD-2-Clause */
/* sub_filter. What is expected is what nginx does. */
#include "harness/memory.h"
#include "harness/test.h"
#include "http/inproc.h"

#include <string.h>

START_TEST(texts_are_replaced)
{
	static const struct {
		const char *directives, *target, *text;
	} cases[] = {
		{ "sub_filter ab X;", "/a.html", "XcabxabcdABC xabab" },
		{ "sub_filter ab X; sub_filter_once off;", "/a.html", "XcXxXcdXC xXX" },
		{ "sub_filter ab <0>; sub_filter abc <1>;", "/a.html", "<0>cabx<1>dABC xabab" },
		{ "sub_filter abc <0>; sub_filter ab <1>; sub_filter_once off;", "/a.html",
		  "<0><1>x<0>d<0> x<1><1>" },
		{ "sub_filter bc <0>; sub_filter abc <1>; sub_filter_once off;", "/a.html",
		  "<1>abx<1>d<1> xabab" },
		{ "sub_filter ab X; sub_filter ab Y;", "/a.html", "XcYxabcdABC xabab" },
		{ "sub_filter ab \"\"; sub_filter_once off;", "/a.html", "cxcdC x" },
		{ "sub_filter ab \"$uri$arg_x$1\"; sub_filter_once off;", "/a.html?x=ab",
		  "/a.htmlabc/a.htmlabx/a.htmlabcd/a.htmlabC x/a.htmlab/a.htmlab" },
		{ "sub_filter $arg_p X; sub_filter_once off;", "/a.html?p=AB", "XcXxXcdXC xXX" },
		{ "sub_filter $arg_p X;", "/a.html", "abcabxabcdABC xabab" },
		{ "sub_filter abcabxabcdABCy X;", "/a.html", "abcabxabcdABC xabab" },
		{ "sub_filter xabab X;", "/a.html", "abcabxabcdABC X" },
		{ "sub_filter b X; location / { sub_filter a Y; }", "/a.html",
		  "YbcabxabcdABC xabab" },
		{ "sub_filter ab X;", "/a.txt", "abc" },
		{ "sub_filter ab X; sub_filter_types text/plain;", "/a.txt", "Xc" },
		{ "sub_filter ab X; sub_filter_types *;", "/a.txt", "Xc" },
		{ "sub_filter ab X; location / { return 200 \"\"; }", "/", "" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct server *server = inproc_with(cases[i].directives);

		put_file(server, "a.html", "abcabxabcdABC xabab");
		put_file(server, "a.txt", "abc");

		const char *body = get(server, cases[i].target).body;

		ck_assert_msg(!strcmp(body, cases[i].text), "%s: \"%s\"", cases[i].directives,
			      body);
		server_stop(server);
	}
}
END_TEST

/* The text lies at each place around the ends of the pieces in which a file is read. */
START_TEST(a_text_may_lie_in_two_pieces)
{
	enum { LENGTH = 100000 };
	struct server *server = inproc_with("sub_filter 0123456789 X; sub_filter_once off;");
	char *text = memory_alloc(LENGTH + 1);
	const int pieces[] = { 16384, 32768, 65536, LENGTH - 10 };

	for (int i = 0; i < 44; i++) {
		int at = pieces[i / 12] - (i < 36 ? 11 - i % 12 : 8 - i % 12);

		memset(text, 'y', LENGTH);
		memcpy(text, "0123456789", 10);
		memcpy(text + at, "0123456789", 10);
		text[LENGTH] = '\0';
		put_file(server, "a.html", text);

		const char *body = get(server, "/a.html").body;
		size_t len = strlen(body);

		if (at + 10 <= LENGTH)
			ck_assert_msg(len == LENGTH - 18 && body[at - 9] == 'X', "at %d", at);
	}
	server_stop(server);
}
END_TEST

/* Behind the last text that is looked for. */
START_TEST(the_rest_passes_unchanged)
{
	enum { LENGTH = 100000 };
	struct server *server = inproc_with("sub_filter ab X; sub_filter cd Y;");
	char *text = memory_alloc(LENGTH + 1);

	for (int i = 0; i < LENGTH; i++)
		text[i] = "abcdefg"[i % 7];
	text[LENGTH] = '\0';
	put_file(server, "a.html", text);

	const char *body = get(server, "/a.html").body;

	ck_assert_int_eq(strncmp(body, "XYefg", 5), 0);
	ck_assert(strcmp(body + 5, text + 7) == 0);
	server_stop(server);
}
END_TEST

START_TEST(a_replacement_may_be_much_longer)
{
	struct server *server = inproc_with("sub_filter x $arg_x; sub_filter_once off;");
	char *text = memory_alloc(40001);

	memset(text, 'x', 40000);
	text[40000] = '\0';
	put_file(server, "a.html", text);

	const char *target = memory_printf("/a.html?x=%0200d", 0);

	ck_assert_uint_eq(get(server, target).body_len, 40000 * 200);
	server_stop(server);
}
END_TEST

START_TEST(what_describes_the_bytes_is_gone)
{
	struct server *server =
		inproc_with("sub_filter a b; location /kept/ { sub_filter_last_modified on; }");

	put_file(server, "a.html", "aaa");
	put_file(server, "kept/a.html", "aaa");

	struct reply reply = ask(server, "/a.html", .fields = "Range: bytes=0-1\r\n");

	ck_assert_int_eq(reply.status, 200);
	ck_assert_ptr_null(reply_header(&reply, "ETag"));
	ck_assert_ptr_null(reply_header(&reply, "Last-Modified"));
	ck_assert_ptr_null(reply_header(&reply, "Content-Length"));
	ck_assert_ptr_null(reply_header(&reply, "Accept-Ranges"));
	reply = get(server, "/kept/a.html");
	ck_assert_int_eq(strncmp(reply_header(&reply, "ETag"), "W/", 2), 0);
	ck_assert_ptr_nonnull(reply_header(&reply, "Last-Modified"));
	reply = ask(server, "/a.html", .method = "HEAD");
	ck_assert_ptr_null(reply_header(&reply, "Content-Length"));
	server_stop(server);
}
END_TEST

START_TEST(mistakes_are_named)
{
	ck_assert_ptr_nonnull(strstr(inproc_fails("http { sub_filter \"\" x; }"),
				     "the text to look for is empty"));
	ck_assert_ptr_nonnull(strstr(inproc_fails("http { sub_filter x; }"), "takes 2 arguments"));
}
END_TEST

TESTS("sub_filter", texts_are_replaced, a_text_may_lie_in_two_pieces,
      the_rest_passes_unchanged,
      a_replacement_may_be_much_longer, what_describes_the_bytes_is_gone, mistakes_are_named)
