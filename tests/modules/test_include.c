/* SPDX-License-Identifier: BSD-2-Clause */
/* A body from a subrequest: that is there at once, that waits, that fails, that is left. */
#include "harness/client.h"
#include "harness/memory.h"
#include "harness/test.h"

#include <string.h>

static struct server *server;

static void setup(void)
{
	server = server_with("lingering_timeout 50ms;"
			     "location /page { include_from /part.txt; }"
			     "location /head { include_from /page; }"
			     "location /slow { include_from /waits/part.txt; }"
			     "location /stuck { include_from /forever; }"
			     "location /failing { include_from /missing; }"
			     "location /late { include_from /waits/missing; }"
			     "location /closing { include_from /silent; }"
			     "location /refused { include_from /private.txt; }"
			     "location /itself { include_from /itself; }"
			     "location /args { include_from /echo; }"
			     "location /capitals { include_from /lower; }"
			     "location /lower { upper on; include_from /part.txt; }"
			     "location /echo { return 200 $args; }"
			     "location /silent { return 444; }"
			     "location /private.txt { deny all; }"
			     "location /waits { wait 20ms; }"
			     "location /forever { wait 1h; }");
	put_file(server, "part.txt", "a part");
	put_file(server, "private.txt", "private");
	put_file(server, "waits/part.txt", "a late part");
}

static void teardown(void)
{
	server_stop(server);
}

START_TEST(answers_with_its_body)
{
	struct client *client = client_open(server);

	for (int i = 0; i < 3; i++) {
		ck_assert_str_eq(client_get(client, "/page").body, "a part");
		ck_assert_str_eq(client_get(client, "/head").body, "a part");
		ck_assert_str_eq(client_get(client, "/slow").body, "a late part");
		ck_assert_str_eq(client_get(client, "/args?a=b").body, "a=b");
		ck_assert_str_eq(client_get(client, "/capitals").body, "A PART");
	}
}
END_TEST

START_TEST(failures_are_told)
{
	ck_assert_str_eq(get(server, "/failing").body, "it says 404");
	ck_assert_str_eq(get(server, "/late").body, "it says 404");
	ck_assert_int_eq(get(server, "/closing").status, 502);
}
END_TEST

START_TEST(access_is_not_asked_in_it)
{
	ck_assert_int_eq(get(server, "/private.txt").status, 403);
	ck_assert_str_eq(get(server, "/refused").body, "private");
}
END_TEST

START_TEST(nesting_has_an_end)
{
	ck_assert_int_ge(get(server, "/itself").status, 500);
	ck_assert(log_has(server, "nested deeper"));
}
END_TEST

START_TEST(pipelined_with_others)
{
	struct client *client = client_open(server);

	client_send(client, "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n"
			    "GET /page HTTP/1.1\r\nHost: a\r\n\r\n"
			    "HEAD /slow HTTP/1.1\r\nHost: a\r\n\r\n"
			    "GET /part.txt HTTP/1.1\r\nHost: a\r\n\r\n");
	ck_assert_str_eq(client_reply(client).body, "a late part");
	ck_assert_str_eq(client_reply(client).body, "a part");
	ck_assert_int_eq(client_reply_head(client).status, 200);
	ck_assert_str_eq(client_reply(client).body, "a part");
}
END_TEST

START_TEST(a_client_that_leaves_ends_both)
{
	struct client *client = client_open(server);

	client_send(client, "GET /stuck HTTP/1.1\r\nHost: a\r\n\r\n");
	ck_assert_str_eq(get(server, "/slow").body, "a late part"); /* so /stuck waits by now */
	client_reset(client);
	log_wait(server, "include: cancelled");
	log_wait(server, "wait: cancelled");
}
END_TEST

TESTS_IN((&(struct test_suite){ .name = "include", .setup = setup, .teardown = teardown }),
	 answers_with_its_body, failures_are_told, access_is_not_asked_in_it, nesting_has_an_end,
	 pipelined_with_others, a_client_that_leaves_ends_both)
