/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One case of each subject of tests/http over a socket: that HTTP/1 brings the request to the
 * handlers and the response to the client. All others are asked without a socket there.
 */
#include "harness/client.h"
#include "harness/test.h"

#include <string.h>
#include <utime.h>

static struct server *server;

static void setup(void)
{
	server = server_with("expires 1h;");
	put_file(server, "a.txt", "hello");
	utime(file_path(server, "a.txt"), &(struct utimbuf){ 784111777, 784111777 });
}

static void teardown(void)
{
	server_stop(server);
}

START_TEST(conditional)
{
	struct reply reply =
		ask(server, "/a.txt", .fields = "If-None-Match: \"2ebc98a1-5\"\r\n");

	ck_assert_int_eq(reply.status, 304);
	ck_assert_uint_eq(reply.body_len, 0);
	ck_assert_str_eq(reply_header(&reply, "ETag"), "\"2ebc98a1-5\"");
	ck_assert_str_eq(reply_header(&reply, "Cache-Control"), "max-age=3600");
	ck_assert_ptr_null(reply_header(&reply, "Content-Length"));
	ck_assert_int_eq(ask(server, "/a.txt", .fields = "If-Match: \"x\"\r\n").status, 412);
}
END_TEST

TESTS_IN((&(struct test_suite){ .name = "semantics", .setup = setup, .teardown = teardown }),
	 conditional)
