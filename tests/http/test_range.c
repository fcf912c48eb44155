/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ranges: one, several, none, past 4 GiB, and when they do not count.
 */
#include "http/inproc.h"
#include "harness/test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <utime.h>

static const char digits[] = "0123456789";

/* A file of 1000 bytes: "0123456789" a hundred times. */
static struct server *start(const char *directives)
{
	struct server *server = inproc_with(directives);
	char text[1001] = "";

	for (int i = 0; i < 1000; i++)
		text[i] = digits[i % 10];
	put_file(server, "a.txt", text);
	return server;
}

#define ask_range(server, range) ask(server, "/a.txt", .fields = "Range: " range "\r\n")

START_TEST(sends_one_range)
{
	struct server *server = start("");
	struct reply reply = ask_range(server, "bytes=5-7");

	ck_assert_int_eq(reply.status, 206);
	ck_assert_str_eq(reply.body, "567");
	ck_assert_str_eq(reply_header(&reply, "Content-Range"), "bytes 5-7/1000");
	ck_assert_str_eq(reply_header(&reply, "Content-Length"), "3");
	ck_assert_str_eq(ask_range(server, "bytes=998-").body, "89");
	ck_assert_str_eq(ask_range(server, "bytes=-3").body, "789");
	ck_assert_uint_eq(ask_range(server, "bytes=0-").body_len, 1000);
	server_stop(server);
}
END_TEST

START_TEST(offers_ranges)
{
	struct server *server = start("location /off/ { max_ranges 0; alias %DIR%/html/; }"
				      "location /text { return 200 text; }");
	struct reply off = ask(server, "/off/a.txt", .fields = "Range: bytes=0-0\r\n");
	struct reply text = ask(server, "/text", .fields = "Range: bytes=0-0\r\n");
	struct reply whole = get(server, "/a.txt");

	ck_assert_str_eq(reply_header(&whole, "Accept-Ranges"), "bytes");
	ck_assert_int_eq(off.status, 200);
	ck_assert_ptr_null(reply_header(&off, "Accept-Ranges"));
	ck_assert_int_eq(text.status, 200);
	ck_assert_ptr_null(reply_header(&text, "Accept-Ranges"));
	server_stop(server);
}
END_TEST

START_TEST(is_for_get_alone)
{
	struct server *server = start("");
	struct reply reply =
		ask(server, "/a.txt", .method = "HEAD", .fields = "Range: bytes=5-7\r\n");

	ck_assert_int_eq(reply.status, 200);
	ck_assert_ptr_null(reply_header(&reply, "Content-Range"));
	ck_assert_str_eq(reply_header(&reply, "Content-Length"), "1000");
	ck_assert_str_eq(reply_header(&reply, "Accept-Ranges"), "bytes");
	reply = ask(server, "/a.txt", .method = "HEAD", .fields = "Range: bytes=1000-\r\n");
	ck_assert_int_eq(reply.status, 200);
	server_stop(server);
}
END_TEST

START_TEST(sends_several_ranges)
{
	struct server *server = start("");
	struct reply reply = ask_range(server, "bytes=5-7, 990-, -2");
	const char *type = reply_header(&reply, "Content-Type");
	const char *mark = strstr(type, "boundary=") + strlen("boundary=");
	char expected[1024];

	ck_assert_int_eq(reply.status, 206);
	ck_assert_ptr_null(reply_header(&reply, "Content-Range"));
	ck_assert(strncmp(type, "multipart/byteranges; boundary=", 31) == 0);
	snprintf(expected, sizeof(expected),
		 "\r\n--%s\r\nContent-Type: text/plain\r\nContent-Range: bytes 5-7/1000\r\n\r\n567"
		 "\r\n--%s\r\nContent-Type: text/plain\r\nContent-Range: bytes 990-999/1000\r\n\r\n"
		 "0123456789"
		 "\r\n--%s\r\nContent-Type: text/plain\r\nContent-Range: bytes 998-999/1000\r\n\r\n"
		 "89\r\n--%s--\r\n",
		 mark, mark, mark, mark);
	ck_assert_str_eq(reply.body, expected);
	server_stop(server);
}
END_TEST

START_TEST(refuses_ranges_outside)
{
	struct server *server = start("add_header X-Some x; add_header X-Always a always;");
	struct reply reply = ask_range(server, "bytes=1000-");

	ck_assert_int_eq(reply.status, 416);
	ck_assert_str_eq(reply_header(&reply, "Content-Range"), "bytes */1000");
	ck_assert_ptr_null(reply_header(&reply, "X-Some"));
	ck_assert_int_eq(reply_headers(&reply, "X-Always"), 1);
	server_stop(server);
}
END_TEST

START_TEST(sends_the_whole_instead)
{
	struct server *server = start("location /two/ { max_ranges 2; alias %DIR%/html/; }");

	ck_assert_int_eq(ask_range(server, "lines=1-2").status, 200);
	ck_assert_int_eq(ask_range(server, "bytes=7-5").status, 200);
	ck_assert_int_eq(ask_range(server, "bytes=0-,0-,0-").status, 200);
	ck_assert_int_eq(
		ask(server, "/two/a.txt", .fields = "Range: bytes=0-0,2-2,4-4\r\n").status, 200);
	ck_assert_int_eq(ask(server, "/two/a.txt", .fields = "Range: bytes=0-0,2-2\r\n").status,
			 206);
	server_stop(server);
}
END_TEST

START_TEST(heeds_if_range)
{
	struct server *server = start("");
	char fields[512];

	utime(file_path(server, "a.txt"), &(struct utimbuf){ 784111777, 784111777 });
	struct reply whole = get(server, "/a.txt");
	snprintf(fields, sizeof(fields), "Range: bytes=0-1\r\nIf-Range: %s\r\n",
		 reply_header(&whole, "ETag"));
	ck_assert_int_eq(ask(server, "/a.txt", .fields = fields).status, 206);
	snprintf(fields, sizeof(fields), "Range: bytes=0-1\r\nIf-Range: %s\r\n",
		 reply_header(&whole, "Last-Modified"));
	ck_assert_int_eq(ask(server, "/a.txt", .fields = fields).status, 206);
	ck_assert_int_eq(ask(server, "/a.txt",
			     .fields = "Range: bytes=0-1\r\nIf-Range: \"other\"\r\n")
				 .status, 200);
	server_stop(server);
}
END_TEST

START_TEST(reaches_past_four_gigabytes)
{
	struct server *server = start("");
	const off_t size = 5000000000;

	put_file(server, "big", "");
	int fd = open(file_path(server, "big"), O_WRONLY);
	ck_assert_int_eq(pwrite(fd, "end", 3, size - 3), 3);
	close(fd);

	struct reply reply =
		ask(server, "/big", .fields = "Range: bytes=4999999997-4999999998, -1\r\n");
	ck_assert_int_eq(reply.status, 206);
	ck_assert_ptr_nonnull(strstr(reply.body, "4999999997-4999999998/5000000000\r\n\r\nen\r\n"));
	ck_assert_ptr_nonnull(strstr(reply.body, "4999999999-4999999999/5000000000\r\n\r\nd\r\n"));
	server_stop(server);
}
END_TEST

TESTS("range", sends_one_range, offers_ranges, is_for_get_alone, sends_several_ranges,
      refuses_ranges_outside, sends_the_whole_instead, heeds_if_range, reaches_past_four_gigabytes)
