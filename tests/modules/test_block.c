/* SPDX-License-Identifier: BSD-2-Clause */
/* A block whose lines a module reads itself, and the variables it makes. */
#include "harness/client.h"
#include "harness/test.h"

#include <string.h>

START_TEST(its_lines_become_variables)
{
	struct server *server = server_with("block { apple red; pear \"green; {}\"; }"
					    "location / { return 200 \"$block_apple,$block_pear,"
					    "$block_plum\"; }");

	ck_assert_str_eq(get(server, "/").body, "red,green; {},");
	server_stop(server);
}
END_TEST

START_TEST(a_nested_one_replaces_it)
{
	struct server *server =
		server_with("block { apple red; pear green; }"
			    "location / { return 200 \"$block_apple,$block_pear\"; }"
			    "location /b { block { apple blue; }"
			    "return 200 \"$block_apple,$block_pear\"; }");

	ck_assert_str_eq(get(server, "/").body, "red,green");
	ck_assert_str_eq(get(server, "/b").body, "blue,");
	server_stop(server);
}
END_TEST

START_TEST(its_mistakes_have_a_place)
{
	const char *output;

	ck_assert_int_eq(server_fails("http { block {\n apple red green;\n pear;\n } }", &output),
			 1);
	ck_assert_ptr_nonnull(strstr(output, "one value is wanted"));
	ck_assert_ptr_nonnull(strstr(output, "as in \"pear red;\""));
	ck_assert_ptr_nonnull(strstr(output, "apple red green;"));
}
END_TEST

TESTS("block", its_lines_become_variables, a_nested_one_replaces_it, its_mistakes_have_a_place)
