/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Regular expressions that need too many steps, in each place where a configuration may have one:
 * the request is answered with 500, what the expression decides is not done, and the error log has
 * one line.
 */
#include "http/inproc.h"
#include "harness/memory.h"
#include "harness/test.h"

#include <string.h>

#define HARD "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

/* Gives up at HARD with a "!" behind it. */
#define EXPRESSION "^/?(a+)+$"

#define MAP "map $arg_x $m { ~" EXPRESSION " yes; ~b also; default no; } "

static const struct place {
	const char *http, *server; /* what the blocks have */
	const char *target, *fields, *host;
} places[] = {
	{ "", "location ~ " EXPRESSION " { return 403; } location / { hello open; }",
	  "/" HARD "!" },
	{ "", "location ~* " EXPRESSION " { } location ~ a { hello open; }", "/" HARD "!" },
	{ "", "rewrite " EXPRESSION " /x; location / { hello open; }", "/" HARD "!" },
	{ "", "location / { rewrite " EXPRESSION " /x break; hello open; }", "/" HARD "!" },
	{ "", "location / { if ($arg_x ~ " EXPRESSION ") { return 403; } hello open; }",
	  "/?x=" HARD "!" },
	{ "", "location / { if ($arg_x !~* " EXPRESSION ") { return 200 open; } }",
	  "/?x=" HARD "!" },
	{ MAP, "if ($m = yes) { return 403; } location / { hello open; }", "/?x=" HARD "!" },
	{ MAP, "location / { return 200 open-$m; }", "/?x=" HARD "!" },
	{ MAP, "location / { root /srv/$m; }", "/?x=" HARD "!" },
	{ MAP, "location / { alias %DIR%/html/$m/; }", "/?x=" HARD "!" },
	{ MAP, "location / { try_files /$m /open; } location /open { hello open; }",
	  "/?x=" HARD "!" },
	{ MAP, "location / { add_header X $m; return 200 open; }", "/?x=" HARD "!" },
	{ MAP, "location / { auth_basic $m; auth_basic_user_file users; hello open; }",
	  "/?x=" HARD "!" },
	{ MAP "limit_req_zone $m zone=z:64k rate=1r/s; ",
	  "location / { limit_req zone=z; hello open; }", "/?x=" HARD "!" },
	{ MAP "map $m $n { no open; default shut; } ", "location / { return 200 $n; }",
	  "/?x=" HARD "!" },
	{ "", "location / { valid_referers ~z ~" EXPRESSION " ~" EXPRESSION ";"
	      " if ($invalid_referer) { return 403; } hello open; }",
	  "/", "Referer: http://" HARD "!\r\n" },
	{ "", "server_name a ~" EXPRESSION "; location / { valid_referers server_names ~aa;"
	      " if ($invalid_referer = '') { return 200 open; } hello open; }",
	  "/", "Referer: http://" HARD "!/\r\n", "a" },
	{ "", "server_name ~" EXPRESSION "; location / { hello open; }", "/", NULL,
	  HARD "!" },
};

START_TEST(each_place)
{
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		const struct place *place = &places[i];
		struct server *server = inproc_start(memory_printf(
			"http { access_log off; %s server { listen 127.0.0.1:%%PORT%%; %s } }",
			place->http, place->server));
		struct reply reply;

		put_file(server, "../conf/users", "");
		reply = ask(server, place->target, .fields = place->fields,
			    .host = place->host);
		ck_assert_msg(reply.status == 500, "%s: %d", place->server, reply.status);
		ck_assert_ptr_null(strstr(reply.body, "open"));
		log_once(server, "was given up: match limit exceeded");
		server_forgive(server);
		server_stop(server);
	}
}
END_TEST

/* One that only says how the response is encoded is no reason to refuse it. */
START_TEST(a_browser_without_compression)
{
	struct server *server = inproc_with("gzip on; gzip_min_length 1; gzip_disable "
					    EXPRESSION "; location / { return 200 text; }");
	struct reply reply = ask(server, "/", .fields = "Accept-Encoding: gzip\r\n"
							"User-Agent: " HARD "!\r\n");

	ck_assert_int_eq(reply.status, 200);
	server_forgive(server);
	server_stop(server);
}
END_TEST

TESTS("expressions that are given up", each_place, a_browser_without_compression)
