/* SPDX-License-Identifier: BSD-2-Clause */
/* Parts of add_before_body that are not there at once. */
#include "harness/client.h"
#include "harness/test.h"

START_TEST(parts_that_wait)
{
	struct server *server = server_with(
		"default_type text/html; lingering_timeout 100ms;"
		"location /a { add_before_body /late; add_after_body /late; return 200 \" a \"; }"
		"location /late { wait 30ms; hello late; }"
		"location /b { add_before_body /never; return 200 b; }"
		"location /never { wait 1h; hello never; }");

	ck_assert_str_eq(get(server, "/a").body, "late a late");

	/* A client that leaves meanwhile takes nobody along, and leaves nothing behind. */
	for (int i = 0; i < 3; i++) {
		struct client *client = client_open(server);
		char bytes[16];

		client_send(client, "GET /b HTTP/1.1\r\nHost: a\r\n\r\n");
		ck_assert_uint_gt(client_read(client, bytes, sizeof(bytes)), 0);
		if (i == 0)
			client_reset(client);
		else
			client_close(client);
	}
	ck_assert_str_eq(get(server, "/a").body, "late a late");
	server_stop(server);
}
END_TEST

TESTS("addition with parts that wait", parts_that_wait)
