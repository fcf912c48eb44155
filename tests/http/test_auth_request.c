/* SPDX-License-Identifier: BSD-2-Clause */
/* auth_request: the status of a subrequest says who may. */
#include "http/inproc.h"
#include "harness/memory.h"
#include "harness/test.h"

#include <string.h>

static struct server *start(const char *directives)
{
	struct server *server = inproc_with(directives);

	put_file(server, "a", "in");
	put_file(server, "off/a", "in");
	put_file(server, "auth-file", "yes");
	return server;
}

START_TEST(the_status_decides)
{
	static const struct {
		int auth, expected;
	} cases[] = {
		{ 200, 200 }, { 204, 200 }, { 299, 200 }, { 401, 401 }, { 403, 403 },
		{ 404, 500 }, { 301, 500 }, { 500, 500 }, { 444, 500 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct server *server = start(memory_printf(
			"auth_request /auth; location /auth { internal; return %d; }"
			"location /off/ { auth_request off; }", cases[i].auth));

		ck_assert_int_eq(get(server, "/a").status, cases[i].expected);
		ck_assert_int_eq(get(server, "/off/a").status, 200);
		ck_assert_int_eq(get(server, "/auth").status, 404);
		ck_assert(log_has(server, "auth request unexpected status: ") ==
			  (cases[i].expected == 500));
		server_stop(server);
	}
}
END_TEST

/* What may respond: a file, a file that is not there, another redirect, a location with rules. */
START_TEST(what_responds)
{
	struct server *server = start(
		"location /file/ { alias %DIR%/html/; auth_request /auth-file; }"
		"location /none/ { alias %DIR%/html/; auth_request /auth-none; }"
		"location /rules/ { alias %DIR%/html/; auth_request /closed; }"
		"location /chain/ { alias %DIR%/html/; auth_request /chain-auth; }"
		"location /above/ { alias %DIR%/html/; auth_request /../x; }"
		"location /itself/ { alias %DIR%/html/; auth_request /itself/a; }"
		"location = /closed { deny all; alias %DIR%/html/auth-file; }"
		"location = /chain-auth { auth_request /refused; try_files /none /again; }"
		"location = /refused { return 403; }"
		"location = /again { return 204; }");

	ck_assert_int_eq(get(server, "/file/a").status, 200);
	ck_assert_str_eq(get(server, "/file/a").body, "in");
	ck_assert_int_eq(get(server, "/none/a").status, 500);
	ck_assert_int_eq(get(server, "/closed").status, 403);
	ck_assert_int_eq(get(server, "/rules/a").status, 200);
	ck_assert_int_eq(get(server, "/chain/a").status, 200);
	ck_assert_int_eq(get(server, "/above/a").status, 500);
	ck_assert_int_eq(get(server, "/itself/a").status, 200);
	server_stop(server);
}
END_TEST

START_TEST(variables_and_challenges)
{
	struct server *server = start(
		"location / { auth_request /auth; auth_request_set $code $status;"
		"  auth_request_set $who \"$remote_user:$uri:$sent_http_content_type\";"
		"  add_header X-Who \"$who $code $uri\"; }"
		"location = /auth { default_type text/x; return 202 yes; }"
		"location = /ask { return 200 \"ask $code\"; }"
		"location /no/ { auth_request /users; auth_request_set $code $status;"
		"  error_page 401 /ask; }"
		"location = /users { return 401; }");
	struct reply reply = ask(server, "/a", .fields = "Authorization: Basic YW5uOng=\r\n");

	ck_assert_str_eq(reply_header(&reply, "X-Who"), "ann:/auth:text/x 202 /a");
	reply = get(server, "/no/a");
	ck_assert_int_eq(reply.status, 401);
	ck_assert_str_eq(reply.body, "ask 401");
	server_stop(server);
}
END_TEST

START_TEST(together_with_other_rules)
{
	struct server *server = start(
		"location /all/ { alias %DIR%/html/; auth_request /yes; deny all; }"
		"location /any/ { alias %DIR%/html/; satisfy any; auth_request /yes; deny all; }"
		"location /neither/ { alias %DIR%/html/; satisfy any; auth_request /no; deny all; }"
		"location /rule/ { alias %DIR%/html/; satisfy any; auth_request /no; allow all; }"
		"location = /yes { return 204; } location = /no { return 401; }");

	ck_assert_int_eq(get(server, "/all/a").status, 403);
	ck_assert_int_eq(get(server, "/any/a").status, 200);
	ck_assert_int_eq(get(server, "/neither/a").status, 401);
	ck_assert_int_eq(get(server, "/rule/a").status, 200);
	server_stop(server);
}
END_TEST

/* The subrequest is a GET without conditions and range, whatever was asked. */
/* For example a preflight of CORS, which has no credentials, is let in by the method. */
START_TEST(the_subrequest_knows_the_method)
{
	struct server *server = start(
		"location /pass/ { auth_request /auth; proxy_pass http://b; }"
		"location /files/ { auth_request /auth; alias %DIR%/html/; } forwarding 502;"
		"location = /auth { if ($request_method = POST) { return 204; } return 401; }");

	ck_assert_int_eq(get(server, "/files/a").status, 401);
	ck_assert_int_eq(ask(server, "/files/a", .method = "POST").status, 405);
	ck_assert_int_eq(ask(server, "/pass/a", .method = "POST").status, 502);
	ck_assert_int_eq(ask(server, "/pass/a", .method = "PUT").status, 401);
	server_stop(server);
}
END_TEST

START_TEST(the_request_is_not_the_subrequest)
{
	struct server *server = start("auth_request /auth-file;");
	struct reply reply = ask(server, "/a", .fields = "Range: bytes=1-1\r\n");

	ck_assert_int_eq(reply.status, 206);
	ck_assert_str_eq(reply.body, "n");
	ck_assert_int_eq(ask(server, "/a", .fields = "If-None-Match: *\r\n").status, 304);
	ck_assert_int_eq(ask(server, "/a", .method = "HEAD").status, 200);
	ck_assert_int_eq(ask(server, "/a", .method = "POST", .body = "x").status, 405);
	server_stop(server);
}
END_TEST

START_TEST(mistakes_are_named)
{
	ck_assert_ptr_nonnull(strstr(inproc_fails("http { server { auth_request auth; } }"),
				     "invalid URI \"auth\""));
	ck_assert_ptr_nonnull(strstr(inproc_fails("http { server { auth_request_set user x; } }"),
				     "\"user\""));
	ck_assert_ptr_nonnull(strstr(inproc_fails("http { server { auth_request_set $uri x; } }"),
				     "exists already"));
}
END_TEST

TESTS("auth_request", the_status_decides, what_responds, variables_and_challenges,
      together_with_other_rules, the_subrequest_knows_the_method,
      the_request_is_not_the_subrequest, mistakes_are_named)
