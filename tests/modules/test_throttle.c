/* SPDX-License-Identifier: BSD-2-Clause */
/* A handler that lets requests wait for a time. */
#include "harness/client.h"
#include "harness/test.h"

static struct server *start(void)
{
	return server_with("location / { return 200 now; }"
			   "location /short { throttle 50ms; hello short; }"
			   "location /long { throttle 1h; hello long; }");
}

START_TEST(a_request_waits)
{
	struct server *server = start();
	long before = now_ms();

	ck_assert_str_eq(get(server, "/short").body, "short");
	ck_assert_int_ge(now_ms() - before, 45);
	server_stop(server);
}
END_TEST

START_TEST(its_client_may_go)
{
	struct server *server = start();

	for (int i = 0; i < 20; i++) {
		struct client *client = client_open(server);

		client_send(client, "GET /long HTTP/1.1\r\nHost: a\r\n\r\n");
		ck_assert_str_eq(get(server, "/").body, "now");
		client_reset(client);
	}
	ck_assert_str_eq(get(server, "/").body, "now");
	server_stop(server);
}
END_TEST

TESTS("throttle", a_request_waits, its_client_may_go)
