/* SPDX-License-Identifier: BSD-2-Clause */
/* The test of the smallest module: copy it, too. */
#include "http/inproc.h"
#include "harness/test.h"

START_TEST(says_hello)
{
	struct server *server = inproc_with("location /hi { hello \"Good morning\"; }");
	ck_assert_str_eq(get(server, "/hi").body, "Good morning");
	server_stop(server);
}
END_TEST

TESTS("hello", says_hello)
