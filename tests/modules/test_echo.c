/* SPDX-License-Identifier: BSD-2-Clause */
/* The request as JSON. */
#include "harness/client.h"
#include "harness/test.h"

static struct server *server;

static void setup(void)
{
	server = server_with("location / { echo on; }");
}

static void teardown(void)
{
	server_stop(server);
}

START_TEST(says_what_was_asked)
{
	struct reply reply = raw(server, "GET /a%22b/../c%0a?x=1&y=a+b%2Bc%26&&z&=no&bad=%zz "
					 "HTTP/1.1\r\nHost: h\r\nX-Odd: \"\\\xff\r\n\r\n");

	ck_assert_int_eq(reply.status, 200);
	ck_assert_str_eq(reply_header(&reply, "Content-Type"), "application/json");
	ck_assert_str_eq(reply.body,
			 "{\"method\":\"GET\",\"uri\":\"/c\\n\",\"args\":{\"x\":\"1\","
			 "\"y\":\"a b+c&\",\"z\":\"\",\"bad\":\"%zz\"},"
			 "\"fields\":{\"Host\":\"h\",\"X-Odd\":\"\\\"\\\\\\\\xFF\"}}\n");
}
END_TEST

START_TEST(any_method_without_arguments)
{
	struct reply reply = raw(server, "PURGE / HTTP/1.0\r\n\r\n");

	ck_assert_str_eq(reply.body,
			 "{\"method\":\"PURGE\",\"uri\":\"/\",\"args\":{},\"fields\":{}}\n");
}
END_TEST

TESTS_IN((&(struct test_suite){ .name = "echo", .setup = setup, .teardown = teardown }),
	 says_what_was_asked, any_method_without_arguments)
