/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Access × handler: what a location guards is not reached around its guard, by whatever way a
 * request comes to it. Each way is tried without a guard first, so that it is one.
 */
#include "harness/memory.h"
#include "harness/test.h"
#include "http/inproc.h"

#include <string.h>

#include "config/modules.h"

#define SECRET "SECRET"

/* What guards /secret/ and @secret, and what is answered there. */
static const struct guard {
	const char *directives;
	int status;
} guards[] = {
	{ "deny all;", 403 },
	{ "deny 127.0.0.1; allow all;", 403 },
	{ "satisfy any; deny all; auth_request /no;", 403 },
	{ "auth_basic area; auth_basic_user_file users;", 401 },
	{ "auth_request /no;", 403 },
	{ "auth_request /unknown;", 401 },
	{ "satisfy any; deny all; auth_basic area; auth_basic_user_file users;", 401 },
	{ "limit_except POST { deny all; }", 403 },
	{ "internal; deny all;", 403 },
	/* With handlers and filters in the guarded location itself. */
	{ "deny all; autoindex on; ssi on; sub_filter R Q; gzip on; gzip_static on;", 403 },
	{ "deny all; add_before_body /secret/s.html; error_page 403 /secret/s.html;", 403 },
};

enum way_flags {
	IS_INTERNAL = 1 << 0, /* the server leads there: `internal` locations are open */
	IS_OWN = 1 << 1, /* the response is one of the way itself, as an error page's code is */
};

/* Each leads to a response with the secret in it. */
static const struct way {
	const char *target, *fields;
	unsigned flags;
} ways[] = {
	/* The path itself, however it is written. */
	{ "/secret/s.html" },
	{ "/secret/s.html?x" },
	{ "/secret/%73.html" },
	{ "/%73ecret/s.html" },
	{ "/%73%65%63%72%65%74%2f%73%2e%68%74%6d%6c" },
	{ "/secret%2fs.html" },
	{ "//secret/s.html" },
	{ "//secret///s.html" },
	{ "/./secret/./s.html" },
	{ "/%2e/secret/s.html" },
	{ "/open/../secret/s.html" },
	{ "/open/%2e%2e/secret/s.html" },
	{ "/open/..%2fsecret/s.html" },
	{ "/open/.%2e//secret/x/../s.html" },
	{ "http://localhost/secret/s.html" },
	{ "/secret/s.html", "Range: bytes=0-5\r\n" },
	{ "/secret/s.html", "Accept-Encoding: gzip\r\n" },
	{ "/secret/s.html", "If-None-Match: \"x\"\r\n" },
	{ "/secret/s.html", "X-Original-URL: /open/a.html\r\nX-Rewrite-URL: /open/a.html\r\n" },
	/* By an alias, which has the guard as well. */
	{ "/aliased/s.html" },
	{ "/aliased/" },
	{ "/aliased/listed/../s.html" },
	{ "/open/..%2faliased%2fs.html" },
	{ "/rewrite/arg?to=/aliased/s.html", NULL, IS_INTERNAL },
	{ "/try-uri/aliased/s.html", NULL, IS_INTERNAL },
	/* Its directory. */
	{ "/secret/" },
	{ "/secret/listed/" },
	{ "/secret/random/" },
	/* The server goes there by itself. */
	{ "/rewrite/last", NULL, IS_INTERNAL },
	{ "/rewrite/twice", NULL, IS_INTERNAL },
	{ "/rewrite/none", NULL, IS_INTERNAL },
	{ "/rewrite/name/secret/s.html", NULL, IS_INTERNAL },
	{ "/rewrite/arg?to=/secret/s.html", NULL, IS_INTERNAL },
	{ "/server-rewrite", NULL, IS_INTERNAL },
	{ "/if?a", NULL, IS_INTERNAL },
	{ "/try", NULL, IS_INTERNAL },
	{ "/try-named", NULL, IS_INTERNAL },
	{ "/try-uri/secret/s.html", NULL, IS_INTERNAL },
	{ "/index/", NULL, IS_INTERNAL },
	{ "/error", NULL, IS_INTERNAL | IS_OWN },
	{ "/error-as-200", NULL, IS_INTERNAL },
	{ "/error-named", NULL, IS_INTERNAL },
	{ "/error-of-missing/x", NULL, IS_INTERNAL | IS_OWN },
	{ "/denied-with-page", NULL, IS_INTERNAL | IS_OWN },
};

static const char doors[] =
	"location /open/ { }"
	"location /rewrite/last { rewrite ^ /secret/s.html last; }"
	"location /rewrite/twice { rewrite ^ /rewrite/last last; }"
	"location /rewrite/none { rewrite ^ /secret/s.html; }"
	"location /rewrite/name/ { rewrite ^/rewrite/name(.*) $1 last; }"
	"location /rewrite/arg { rewrite ^ $arg_to? last; }"
	"rewrite ^/server-rewrite /secret/s.html;"
	"location /if { if ($args) { rewrite ^ /secret/s.html last; } }"
	"location /try { try_files /none /secret/s.html; }"
	"location /try-named { try_files /none @secret; }"
	"location ~ ^/try-uri(/.*) { try_files /none $1; }"
	"location /index/ { index none.html /secret/s.html; }"
	"location /error { error_page 404 /secret/s.html; return 404; }"
	"location /error-as-200 { error_page 404 = /secret/s.html; return 404; }"
	"location /error-named { error_page 404 = @secret; return 404; }"
	"location /error-of-missing/ { error_page 404 /secret/s.html; }"
	"location /denied-with-page { deny all; error_page 403 /secret/s.html; }"
	"location = /no { internal; return 403; }"
	"location = /unknown { internal; return 401; }";

static struct server *start(const char *guard)
{
	/* The locations within have no guard of their own; they inherit all but limit_except. */
	const char *inner = strstr(guard, "limit_except") ? guard : "";
	struct server *server = inproc_with(memory_printf(
		"%s location /secret/ { %s"
		"  location /secret/listed/ { %s autoindex on; }"
		"  location /secret/random/ { %s random_index on; } }"
		"location /aliased/ { alias %%DIR%%/html/secret/; %s }"
		"location @secret { root %%DIR%%/html/secret/named; try_files /s.html =404;"
		"  %s }",
		doors, guard, inner, inner, guard, guard));

	put_file(server, "../conf/users", "user:{PLAIN}password\n");
	put_file(server, "open/a.html", "open");
	put_file(server, "index/a.html", "open");
	put_file(server, "secret/s.html", SECRET);
	put_file(server, "secret/index.html", SECRET);
	put_file(server, "secret/listed/" SECRET, "");
	put_file(server, "secret/random/r.html", SECRET);
	put_file(server, "secret/named/s.html", SECRET);
	return server;
}

static struct reply go(struct server *server, const struct way *way, const char *method)
{
	return ask(server, way->target, .method = method, .fields = way->fields);
}

static bool shows_secret(const struct reply *reply)
{
	return strstr(reply->body, SECRET) || strstr(reply->head, SECRET);
}

START_TEST(each_way_leads_to_the_secret_without_a_guard)
{
	struct server *server = start("");

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		struct reply reply = go(server, &ways[i], "GET");

		ck_assert_msg(shows_secret(&reply), "%s: %s%s", ways[i].target, reply.head,
			      reply.body);
	}
	server_stop(server);
}
END_TEST

START_TEST(no_way_leads_around_a_guard)
{
	static const char *const methods[] = { "GET", "HEAD", "PUT" };

	for (size_t g = 0; g < sizeof(guards) / sizeof(guards[0]); g++) {
		struct server *server = start(guards[g].directives);
		bool is_internal = strstr(guards[g].directives, "internal") != NULL;

		for (size_t i = 0; i < 3 * sizeof(ways) / sizeof(ways[0]); i++) {
			const struct way *way = &ways[i / 3];
			struct reply reply = go(server, way, methods[i % 3]);
			int status = guards[g].status;

			if (is_internal && !(way->flags & IS_INTERNAL))
				status = 404;
			ck_assert_msg(!shows_secret(&reply), "%s: %s %s", guards[g].directives,
				      methods[i % 3], way->target);
			/* The page of an error keeps its code; a handler may refuse to write. */
			if (way->flags & IS_OWN || (i % 3 == 2 && reply.status == 405))
				status = reply.status >= 400 ? reply.status : 400;
			ck_assert_msg(reply.status == status, "%s: %s %s: %d", guards[g].directives,
				      methods[i % 3], way->target, reply.status);
		}
		server_stop(server);
	}
}
END_TEST

/* --- each handler of CONTENT ------------------------------------------------------------ */

/* With its directives, the target gets the status; the guards that come first go before it. */
static const struct handler {
	const char *module, *directives, *target;
	int status;
} handlers[] = {
	{ "autoindex", "autoindex on;", "/h/", 200 },
	{ "brotli", "brotli_static always;", "/h/b.css", 200 },
	{ "empty_gif", "empty_gif;", "/h/", 200 },
	{ "forwarding", "forwarding 502; proxy_pass http://127.0.0.1;", "/h/", 502 },
	{ "gzip", "gzip_static always;", "/h/g.css", 200 },
	{ "health", "health;", "/h/", 200 },
	{ "hello", "hello " SECRET ";", "/h/", 200 },
	{ "index", "index i.html;", "/h/", 200 },
	{ "metrics", "metrics;", "/h/", 200 },
	{ "random_index", "random_index on;", "/h/", 200 },
	{ "static", "", "/h/i.html", 200 },
	{ "stub_status", "stub_status;", "/h/", 200 },
	{ "zstd", "zstd_static always;", "/h/z.css", 200 },
};

enum { HANDLERS = sizeof(handlers) / sizeof(handlers[0]), PLAIN_GUARDS = 8 };

static bool has_module(const char *name)
{
	for (size_t i = 0; i < module_count(); i++)
		if (strcmp(module_at(i)->name, name) == 0)
			return true;
	return false;
}

static int status_of_handler(const struct handler *handler, const char *guard, const char *method)
{
	struct server *server = inproc_with(
		memory_printf("%s location /h/ { %s %s }", doors, guard, handler->directives));

	put_file(server, "../conf/users", "user:{PLAIN}password\n");
	put_file(server, "h/i.html", SECRET);
	put_file(server, "h/b.css.br", SECRET);
	put_file(server, "h/g.css.gz", SECRET);
	put_file(server, "h/z.css.zst", SECRET);

	int status = ask(server, handler->target, .method = method).status;

	server_stop(server);
	return status;
}

START_TEST(no_handler_goes_before_a_guard)
{
	for (size_t i = 0; i < HANDLERS; i++) {
		const struct handler *handler = &handlers[i];

		if (!has_module(handler->module))
			continue;
		ck_assert_msg(status_of_handler(handler, "", "GET") == handler->status, "%s",
			      handler->module);
		for (size_t g = 0; g < PLAIN_GUARDS; g++) {
			ck_assert_msg(status_of_handler(handler, guards[g].directives, "GET") ==
					      guards[g].status,
				      "%s: %s", handler->module, guards[g].directives);
			ck_assert_msg(status_of_handler(handler, guards[g].directives, "HEAD") ==
					      guards[g].status,
				      "HEAD, %s: %s", handler->module, guards[g].directives);
		}
	}
}
END_TEST

START_TEST(the_table_has_each_handler)
{
	for (size_t i = 0; i < module_count(); i++) {
		const struct module *module = module_at(i);
		size_t at = 0;

		while (at < HANDLERS && strcmp(handlers[at].module, module->name) != 0)
			at++;
		ck_assert_msg(!module->on[PHASE_CONTENT] || at < HANDLERS, "%s", module->name);
	}
}
END_TEST

/* Names that are no ways: no file has them, or they do not lead below the location's own root. */
START_TEST(other_names_lead_nowhere)
{
	static const char *const targets[] = {
		"/SECRET/s.html",
		"/Secret/S.html",
		"/secret/s.html/",
		"/secret/s.html/.",
		"/secret;/s.html",
		"/secret/s.html;x",
		"/secret\\s.html",
		"/secret%5cs.html",
		"/secret/s.html%00",
		"/secret%00/s.html",
		"/secret/s.html%20",
		"/secret/s.html.",
		"/open/%252e%252e/secret/s.html",
		"/%2573ecret/s.html",
		"/alias../secret/s.html",
		"/alias/..%5csecret/s.html",
		"/alias%2e%2e/secret/s.html",
		"/secret%c0%afs.html",
		"/s%C5%BFecret/s.html",
		"/secret%u002fs.html",
		"/\xef\xbc\x8fsecret/s.html",
		"/index/?x=/secret/s.html",
		"/rewrite?x=/open/../secret/s.html",
		"/rewrite?x=/secret/s.html",
	};
	struct server *server = inproc_with("location /secret/ { deny all; }"
					    "location /alias { alias %DIR%/html/open/; }"
					    "location /index/ { index $arg_x; }"
					    "location /rewrite { rewrite ^ $arg_x? last; }");

	put_file(server, "secret/s.html", SECRET);
	put_file(server, "open/a.html", "open");
	put_file(server, "index/a.html", "open");
	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
		struct reply reply = get(server, targets[i]);

		ck_assert_msg(!shows_secret(&reply) && reply.status != 200, "%s: %d", targets[i],
			      reply.status);
	}
	server_stop(server);
}
END_TEST

START_TEST(guards_of_names_hold_in_any_case_and_coding)
{
	static const char *const targets[] = {
		"/a.key",      "/A.KEY",  "/%61.key", "/a%2ekey",    "/a.%6Bey",
		"/x/../a.key", "//a.key", "/a.key?x", "/sub//A.key", "/re/a.key",
	};
	struct server *server = inproc_with("location ~* \\.key$ { deny all; }"
					    "location /re/ { rewrite ^/re(.*) $1 last; }");

	put_file(server, "a.key", SECRET);
	put_file(server, "A.KEY", SECRET);
	put_file(server, "sub/A.key", SECRET);
	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++)
		ck_assert_msg(get(server, targets[i]).status == 403, "%s", targets[i]);
	server_stop(server);
}
END_TEST

/* The rules of the location that a rewrite leads to apply, and not those of the one it left. */
START_TEST(the_last_location_decides)
{
	static const struct {
		const char *directives;
		int status;
	} cases[] = {
		{ "location /a { deny all; rewrite ^ /b last; } location /b { return 200; }", 200 },
		{ "location /a { deny all; rewrite ^ /open/a.html last; }", 200 },
		{ "location /a { allow all; rewrite ^ /secret/s.html last; }", 403 },
		{ "location /a { satisfy any; allow all; rewrite ^ /secret/s.html last; }", 403 },
		/* With `break` the request stays, and so do the rules. */
		{ "location /a { deny all; rewrite ^ /open/a.html break; }", 403 },
		{ "location /a { rewrite ^ /open/a.html break; }", 200 },
		{ "location /a { deny all; try_files /open/a.html =404; }", 403 },
		{ "location /a { deny all; index open/a.html; }", 403 },
		{ "location /a { deny all; if ($uri) { add_header X-A a; } }", 403 },
		{ "location /a { limit_except POST { deny all; } rewrite ^ /open/a.html break; }",
		  403 },
		{ "location /a { try_files /none @b; } location @b { deny all; hello secret; }",
		  403 },
		{ "location /a { error_page 404 = @b; return 404; } location @b { deny all; }",
		  403 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct server *server = inproc_with(
			memory_printf("%s location /secret/ { deny all; }", cases[i].directives));

		put_file(server, "open/a.html", "open");
		put_file(server, "secret/s.html", SECRET);

		int status = get(server, "/a").status;

		ck_assert_msg(status == cases[i].status, "%s: %d", cases[i].directives, status);
		server_stop(server);
	}
}
END_TEST

/*
 * Subrequests skip ACCESS, as in nginx: who writes the document or the configuration may see
 * all. Nothing that a client sends becomes an include: neither what echo shows, nor what
 * sub_filter puts in, nor what addition adds.
 */
START_TEST(clients_write_no_includes)
{
	struct server *server =
		inproc_with("ssi on; location /secret/ { deny all; }"
			    "location /sub/ { sub_filter NAME $arg_x; sub_filter_once off; }"
			    "location /error { return 404; }"
			    "location /add/ { add_after_body /text; }"
			    "location = /text { return 200 $arg_x; }"
			    "error_page 404 /404.html;");
	static const char include[] = "<!--#include%20virtual=\"/secret/s.html\"%20-->";
	static const char *const targets[] = {
		"/echo.html?x=%s", "/sub/a.html?x=%s", "/error?x=%s", "/add/a.html?x=%s", "/%s",
		"/echo.html?%s",
	};
	struct reply reply;

	put_file(server, "secret/s.html", SECRET);
	put_file(server, "echo.html",
		 "<!--#echo var=\"arg_x\" encoding=\"none\" --><!--#echo var=\"uri\" -->"
		 "<!--#echo var=\"http_x\" --><!--#echo var=\"args\" --><!--#echo var=\"x\" -->");
	put_file(server, "404.html", "<!--#echo var=\"request_uri\" encoding=\"none\" -->");
	put_file(server, "sub/a.html", "NAME");
	put_file(server, "add/a.html", "a");
	put_file(server, "author.html", "<!--#include virtual=\"/secret/s.html\" -->");
	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
		reply = ask(server, memory_printf(targets[i], include),
			    .fields = "X: <!--#include virtual=\"/secret/s.html\" -->\r\n");
		ck_assert_msg(!shows_secret(&reply), "%s: %s", targets[i], reply.body);
	}
	reply = get(server, "/author.html");
	ck_assert(shows_secret(&reply));
	server_stop(server);
}
END_TEST

TESTS("ways around access", each_way_leads_to_the_secret_without_a_guard,
      no_way_leads_around_a_guard, no_handler_goes_before_a_guard, the_table_has_each_handler,
      other_names_lead_nowhere, guards_of_names_hold_in_any_case_and_coding,
      the_last_location_decides, clients_write_no_includes)
