/* SPDX-License-Identifier: BSD-2-Clause */
/* forwarding 502: what becomes of requests that nginx would forward. */
#include "http/inproc.h"
#include "harness/test.h"

static void has_status(struct server *server, const char *target, int status)
{
	struct reply reply = get(server, target);

	ck_assert_msg(reply.status == status, "%s: %d", target, reply.status);
}

START_TEST(what_would_be_forwarded_is_502)
{
	struct server *server = inproc_with(
		"forwarding 502;"
		"location / { try_files $uri @app; }"
		"location @app { proxy_pass http://b; }"
		"location /api/ { proxy_pass http://b; proxy_set_header Host $host; }"
		"location ~ [.]php$ { fastcgi_pass unix:/p; fastcgi_param A b; }"
		"location /page { proxy_pass http://b; error_page 502 /502.html; }"
		"location /redirect { return 301 /a; proxy_pass http://b; }"
		"location /head { uwsgi_pass b; }");

	put_file(server, "a", "here");
	put_file(server, "api/a", "not for clients");
	put_file(server, "api/index.html", "not for clients");
	put_file(server, "x.php", "not for clients");
	put_file(server, "502.html", "page");
	has_status(server, "/a", 200);
	has_status(server, "/none", 502);
	has_status(server, "/api/a", 502);
	has_status(server, "/api/", 502);
	has_status(server, "/x.php", 502);
	has_status(server, "/redirect", 301);
	ck_assert_int_eq(ask(server, "/head", .method = "POST").status, 502);
	ck_assert_str_eq(get(server, "/page").body, "page");
	ck_assert(log_has(server, "\"proxy_pass http://b\" is not supported"));
	server_stop(server);
}
END_TEST

START_TEST(who_may_not_ask_gets_no_502)
{
	struct server *server = inproc_with(
		"forwarding 502;"
		"location /deny/ { deny all; proxy_pass http://b; }"
		"location /all/ { satisfy all; allow all; proxy_pass http://b; }"
		"location /internal/ { internal; proxy_pass http://b; }"
		"location /limit/ { proxy_pass http://b; limit_except GET { deny all; } }");

	has_status(server, "/deny/a", 403);
	has_status(server, "/all/a", 502);
	has_status(server, "/internal/a", 404);
	has_status(server, "/limit/a", 502);
	ck_assert_int_eq(ask(server, "/limit/a", .method = "POST").status, 403);
	server_stop(server);
}
END_TEST

/* As in nginx, a location inside does not inherit it. */
START_TEST(locations_inside_are_served)
{
	struct server *server = inproc_with(
		"forwarding 502; location /api/ { proxy_pass http://b; location /api/docs/ { } }");

	put_file(server, "api/docs/a", "docs");
	ck_assert_str_eq(get(server, "/api/docs/a").body, "docs");
	has_status(server, "/api/a", 502);
	server_stop(server);
}
END_TEST

TESTS("forwarding", what_would_be_forwarded_is_502, who_may_not_ask_gets_no_502,
      locations_inside_are_served)
