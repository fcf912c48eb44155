/* SPDX-License-Identifier: BSD-2-Clause */
/* limit_req and limit_conn without a second process: who waits, who is refused, who is not. */
#include "http/inproc.h"
#include "harness/memory.h"
#include "harness/test.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define HTTP "http { access_log off; "

static struct server *start(const char *zones, const char *directives)
{
	struct server *server = inproc_start(memory_printf(
		HTTP "%s server { listen 127.0.0.1:%%PORT%%; add_header X-Status $limit_req_status "
		"always; error_page 404 = @none; location @none { return 204; } %s } }",
		zones, directives));

	put_file(server, "a", "in");
	put_file(server, "b/a", "in");
	put_file(server, "c/a", "in");
	return server;
}

static void gets(struct server *server, const char *target, int status, const char *expected)
{
	struct reply reply = get(server, target);
	const char *said = reply_header(&reply, "X-Status");

	ck_assert_msg(reply.status == status, "%s: %d", target, reply.status);
	ck_assert_msg(strcmp(said ? said : "", expected) == 0, "%s: %s", target, said);
}

/* One request in an hour: none of these tests lives to see the second one. */
#define SLOW "limit_req_zone $arg_key zone=slow:64k rate=1r/m; "

START_TEST(requests_beyond_the_rate)
{
	struct server *server = start(SLOW, "limit_req zone=slow; limit_req_status 429;"
					    "location /b/ { }");

	gets(server, "/a?key=1", 200, "PASSED");
	gets(server, "/a?key=1", 429, "REJECTED");
	gets(server, "/b/a?key=1", 429, "REJECTED");
	ck_assert(log_has(server, "[error]"));
	ck_assert(log_has(server, "limiting requests, excess: "));
	ck_assert(log_has(server, " by zone \"slow\""));
	gets(server, "/a?key=2", 200, "PASSED");
	/* Without a key there is no limit. */
	for (int i = 0; i < 3; i++)
		gets(server, "/a", 200, "");
	server_stop(server);
}
END_TEST

START_TEST(a_burst_without_delay)
{
	struct server *server = start(SLOW, "limit_req zone=slow burst=3 nodelay;"
					    "limit_req_log_level info;");

	for (int i = 0; i < 4; i++)
		gets(server, "/a?key=1", 200, "PASSED");
	gets(server, "/a?key=1", 503, "REJECTED");
	/* What was refused has not counted, or this one would exceed by more. */
	gets(server, "/a?key=1", 503, "REJECTED");
	ck_assert(!log_has(server, "excess: 5."));
	ck_assert(!log_has(server, "[error]"));
	server_stop(server);
}
END_TEST

START_TEST(a_burst_waits)
{
	struct server *server =
		start("limit_req_zone $arg_key zone=quick:64k rate=3r/s; ",
		      "limit_req zone=quick burst=5;"
		      "location /b/ { limit_req zone=quick burst=5 delay=1; }");
	long began = now_ms();

	gets(server, "/a?key=1", 200, "PASSED");
	gets(server, "/a?key=1", 200, "DELAYED");
	gets(server, "/a?key=1", 200, "DELAYED");
	ck_assert_int_ge(now_ms() - began, 600);
	ck_assert(log_has(server, "[warn]"));
	ck_assert(log_has(server, ", by zone \"quick\""));
	gets(server, "/b/a?key=2", 200, "PASSED");
	gets(server, "/b/a?key=2", 200, "PASSED");
	server_stop(server);
}
END_TEST

/* A request that one of the limits refuses counts for none. */
START_TEST(several_limits)
{
	struct server *server = start(
		"limit_req_zone $arg_one zone=one:64k rate=1r/m; "
		"limit_req_zone $arg_two zone=two:64k rate=1r/m; ",
		"limit_req zone=one burst=2 nodelay; limit_req zone=two burst=1 nodelay;");

	gets(server, "/a?one=1&two=1", 200, "PASSED");
	gets(server, "/a?one=1&two=1", 200, "PASSED");
	for (int i = 0; i < 5; i++)
		gets(server, "/a?one=1&two=1", 503, "REJECTED");
	ck_assert(log_has(server, "by zone \"two\""));
	gets(server, "/a?one=1&two=2", 200, "PASSED");
	gets(server, "/a?one=1&two=3", 503, "REJECTED");
	ck_assert(log_has(server, "by zone \"one\""));
	/* Those that "one" has refused have not counted in "two". */
	gets(server, "/a?two=3", 200, "PASSED");
	gets(server, "/a?two=3", 200, "PASSED");
	gets(server, "/a?two=3", 503, "REJECTED");
	server_stop(server);
}
END_TEST

/* Once in a request: neither a redirect nor the page of an error is limited again. */
START_TEST(once_in_a_request)
{
	struct server *server = start(SLOW, "limit_req zone=slow burst=1 nodelay;"
					    "error_page 403 /b/a; location /c/ { deny all; }"
					    "location /d/ { try_files /none /b/a; }");

	gets(server, "/c/a?key=1", 403, "PASSED");
	gets(server, "/d/?key=1", 200, "PASSED");
	gets(server, "/d/?key=1", 503, "REJECTED");
	server_stop(server);
}
END_TEST

START_TEST(a_dry_run)
{
	struct server *server = start(SLOW, "limit_req zone=slow burst=1; limit_req_dry_run on;");

	gets(server, "/a?key=1", 200, "PASSED");
	gets(server, "/a?key=1", 200, "DELAYED_DRY_RUN");
	gets(server, "/a?key=1", 200, "REJECTED_DRY_RUN");
	ck_assert(log_has(server, "limiting requests, dry run, excess: "));
	ck_assert(log_has(server, "delaying request, dry run, excess: "));
	server_stop(server);
}
END_TEST

/* Ever new keys take no more than the zone has; each of them is served. */
START_TEST(many_keys)
{
	struct server *server = start("limit_req_zone $arg_key zone=few:4k rate=1r/m; "
				      "limit_conn_zone $arg_key zone=few_too:4k; ",
				      "limit_req zone=few; limit_conn few_too 1;");

	for (int i = 0; i < 300; i++)
		gets(server, memory_printf("/a?key=%d", i), 200, "PASSED");
	gets(server, "/a?key=299", 503, "REJECTED");
	server_stop(server);
}
END_TEST

static void is_refused(const char *text, const char *message)
{
	const char *output = inproc_fails(memory_printf(HTTP "%s }", text));

	ck_assert_msg(strstr(output, message), "%s: %s", text, output);
}

#define REQ  "limit_req_zone $uri zone=a:64k; "
#define CONN "limit_conn_zone $uri zone=a:64k; "

START_TEST(mistakes_are_named)
{
	is_refused("limit_req_zone $uri zone=a;", "expected a name and a size");
	is_refused("limit_req_zone $uri zone=:1m;", "expected a name and a size");
	/* Messages point at the part of a word that is wrong. */
	is_refused("limit_req_zone $uri zone=a:1x;", " ^~ expected a size");
	is_refused("limit_conn_zone $uri zone=a:1x;", " ^~ expected a size");
	is_refused("limit_req_zone $uri zone=a:1m rate=9x;", " ^~ expected one like 10r/s");
	is_refused("limit_req_zone $uri zone=a:100;", "too small");
	is_refused("limit_req_zone $uri rate=1r/s;", "zone=name:size is missing");
	is_refused("limit_req_zone $uri zone=a:1m rate=1;", "expected one like 10r/s");
	is_refused("limit_req_zone $uri zone=a:1m rate=0r/s;", "expected one like 10r/s");
	is_refused("limit_req_zone $uri zone=a:1m rate=99999999999r/s;", "expected one like 10r/s");
	is_refused("limit_req_zone $uri zone=a:1m x=1;", "expected zone=name:size");
	is_refused(REQ REQ, "declared twice");
	is_refused(REQ "limit_conn_zone $uri zone=a:64k;", "declared before");
	is_refused("limit_req zone=b; server { location / { } }", "is not declared");
	is_refused(REQ "limit_req burst=1; server { }", "zone=name is missing");
	is_refused(REQ "limit_req zone=a burst=x; server { }", "invalid number");
	is_refused(REQ "limit_req zone=a nodelay=1; server { }", "invalid parameter");
	is_refused(REQ "limit_req zone=a; limit_req zone=a; server { }", "already");
	is_refused("limit_req_status 200;", "200");
	is_refused("limit_req_log_level debug;", "debug");
	is_refused("limit_conn_zone $uri a:1m;", "expected zone=name:size");
	is_refused("limit_conn_zone $uri zone=a;", "expected a name and a size");
	is_refused(CONN CONN, "declared twice");
	is_refused("limit_conn b 1; server { location / { } }", "is not declared");
	is_refused(CONN "limit_conn a 0; server { }", "0");
	is_refused(CONN "limit_conn a 65536; server { }", "65536");
	is_refused(CONN "limit_conn a 1; limit_conn a 2; server { }", "already");
	is_refused("limit_rate x;", "invalid size");
	is_refused("limit_rate_after 1x;", "invalid size");
}
END_TEST

/* A limit may stand before its zone, as in nginx. */
START_TEST(in_any_order)
{
	struct server *server = inproc_start(
		HTTP "limit_req zone=late; server { listen 127.0.0.1:%PORT%; }"
		"limit_req_zone $uri zone=late:64k rate=1r/m; }");

	put_file(server, "a", "in");
	ck_assert_int_eq(get(server, "/a").status, 200);
	ck_assert_int_eq(get(server, "/a").status, 503);
	server_stop(server);
}
END_TEST

TESTS("limits", requests_beyond_the_rate, a_burst_without_delay, a_burst_waits, several_limits,
      once_in_a_request, a_dry_run, many_keys, mistakes_are_named, in_any_order)
