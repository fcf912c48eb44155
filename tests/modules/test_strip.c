/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A filter that gives out parts of what it has read. The page comes in pieces that end
 * everywhere, also within the marks of a comment.
 */
#include "harness/client.h"
#include "harness/memory.h"
#include "harness/test.h"

#include <string.h>

static const struct {
	const char *page, *stripped;
} pages[] = {
	{ "plain", "plain" },
	{ "a<!-- b -->c", "ac" },
	{ "<!---->x<!-- - -- -> --->y", "xy" },
	{ "a<!-b<!--c-->d", "a<!-bd" },
	{ "<<!<!-<!-- > -->", "<<!<!-" },
	{ "end<!-", "end<!-" },
	{ "open<!-- never closed", "open" },
	{ "<!--a--><!--b-->", "" },
};

enum { PAGES = sizeof(pages) / sizeof(pages[0]) };

static struct server *server;

static void setup(void)
{
	server =
		server_start("http { server { listen 127.0.0.1:%PORT%; default_type text/html;"
			     "strip on; types { text/plain txt; }"
			     "location /by1/ { pieces 1; } location /by2/ { pieces 2; }"
			     "location /by3/ { pieces 3; } } }");
	for (int i = 0; i < PAGES; i++) {
		put_file(server, memory_printf("%d", i), pages[i].page);
		put_file(server, memory_printf("by1/%d", i), pages[i].page);
		put_file(server, memory_printf("by2/%d", i), pages[i].page);
		put_file(server, memory_printf("by3/%d", i), pages[i].page);
	}
	put_file(server, "a.txt", "<!-- stays -->");
}

static void teardown(void)
{
	server_stop(server);
}

START_TEST(comments_are_taken_out)
{
	static const char *const places[] = { "", "by1/", "by2/", "by3/" };

	for (int i = 0; i < PAGES; i++)
		for (int place = 0; place < 4; place++) {
			const char *path = memory_printf("/%s%d", places[place], i);
			struct reply reply = get(server, path);

			ck_assert_msg(strcmp(reply.body, pages[i].stripped) == 0,
				      "%s: \"%s\" became \"%s\"", path, pages[i].page, reply.body);
			ck_assert(reply.is_whole);
		}
	ck_assert_str_eq(get(server, "/a.txt").body, "<!-- stays -->");
}
END_TEST

START_TEST(what_described_the_file_is_gone)
{
	struct reply page = get(server, "/1"), text = get(server, "/a.txt");

	ck_assert_ptr_null(reply_header(&page, "ETag"));
	ck_assert_ptr_null(reply_header(&page, "Last-Modified"));
	ck_assert_ptr_null(reply_header(&page, "Accept-Ranges"));
	ck_assert_ptr_nonnull(reply_header(&text, "ETag"));
	ck_assert_int_eq(ask(server, "/1", .fields = "Range: bytes=0-1\r\n").status, 200);
	ck_assert_int_eq(ask(server, "/a.txt", .fields = "Range: bytes=0-1\r\n").status, 206);
}
END_TEST

TESTS_IN((&(struct test_suite){ .name = "strip", .setup = setup, .teardown = teardown }),
	 comments_are_taken_out, what_described_the_file_is_gone)
