/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The harness itself: a server starts, answers, and is ended; also the shortest
 * example of a functional test.
 */
#include "harness/client.h"
#include "harness/test.h"

#include <string.h>

START_TEST(serves_a_file)
{
	struct server *server = server_with("");
	put_file(server, "a.html", "hello");

	struct reply reply = get(server, "/a.html");
	ck_assert_int_eq(reply.status, 200);
	ck_assert_str_eq(reply.body, "hello");
	ck_assert_str_eq(reply_header(&reply, "content-length"), "5");
	server_stop(server);
}
END_TEST

START_TEST(fills_in_ports_and_the_folder)
{
	struct server *server =
		server_start("http { access_log off;"
			     "server { listen 127.0.0.1:%PORT%; return 200 one; }"
			     "server { listen 127.0.0.1:%PORT2%; root %DIR%/two; } }");
	put_file(server, "/two/a", "two");

	ck_assert_str_eq(get(server, "/").body, "one");
	ck_assert_str_eq(ask(server, "/a", .port = 1).body, "two");
	server_stop(server);
}
END_TEST

START_TEST(tells_why_a_server_does_not_start)
{
	const char *output;

	ck_assert_int_eq(server_fails("http { server { nonsense; } }", &output), 1);
	ck_assert_ptr_nonnull(strstr(output, "nonsense"));
}
END_TEST

TESTS("harness", serves_a_file, fills_in_ports_and_the_folder, tells_why_a_server_does_not_start)
