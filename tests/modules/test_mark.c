/* SPDX-License-Identifier: BSD-2-Clause */
/* Which handlers a location has: those of modules that its configuration speaks of. */
#include "harness/client.h"
#include "harness/test.h"

#include <string.h>

/* The field of the filter ("" where it is not called), and how often REWRITE has called. */
static void is_marked(struct server *server, const char *target, const char *mark, int came_by)
{
	struct reply reply = get(server, target);
	const char *field = reply_header(&reply, "X-Mark");

	ck_assert_str_eq(field ? field : "", mark);
	ck_assert_int_eq(reply_headers(&reply, "X-Mark"), *mark != '\0');
	ck_assert_int_eq(reply_headers(&reply, "X-Came-By"), came_by);
}

START_TEST(only_where_it_is_configured)
{
	struct server *server = server_with("location /plain { hello a; }"
					    "location /a { mark a; hello a; }"
					    "location /b { mark b; location /b/in { hello a; }"
					    " location /b/own { mark own; hello a; } }");

	is_marked(server, "/plain", "", 0);
	is_marked(server, "/a", "a", 1);
	is_marked(server, "/b/in", "b", 1);
	is_marked(server, "/b/own", "own", 1);
	is_marked(server, "/missing", "", 0);
	server_stop(server);
}
END_TEST

START_TEST(all_locations_of_a_server)
{
	struct server *server = server_with("mark all; location /a { mark a; hello a; }"
					    "location /b { hello b; }");

	is_marked(server, "/a", "a", 1);
	is_marked(server, "/b", "all", 1);
	is_marked(server, "/missing", "all", 1);
	ck_assert_ptr_null(strstr(raw_all(server, "GET / HTTP/1.1\r\n\r\n"), "X-Came-By"));
	ck_assert_ptr_nonnull(strstr(raw_all(server, "GET / HTTP/1.1\r\n\r\n"), "X-Mark: all"));
	server_stop(server);
}
END_TEST

/* What counts is where the request has come to, and where it has been. */
START_TEST(redirects_change_them)
{
	struct server *server = server_with(
		"location /plain { hello a; }"
		"location /a { mark a; hello a; }"
		"location /to-plain { mark x; try_files /none /plain; }"
		"location /to-a { try_files /none /a; }"
		"location /a-to-a { mark x; try_files /none /a; }"
		"location @named { mark named; hello n; }"
		"location /to-named { try_files /none @named; }"
		"location /error-to-plain { mark x; error_page 404 /plain; return 404; }"
		"location /error-to-a { error_page 404 = /a; return 404; }");

	is_marked(server, "/to-plain", "", 1);
	is_marked(server, "/to-a", "a", 1);
	is_marked(server, "/a-to-a", "a", 2);
	is_marked(server, "/to-named", "named", 1);
	is_marked(server, "/error-to-plain", "", 0);
	is_marked(server, "/error-to-a", "a", 1);
	server_stop(server);
}
END_TEST

TESTS("handlers of a location", only_where_it_is_configured, all_locations_of_a_server,
      redirects_change_them)
