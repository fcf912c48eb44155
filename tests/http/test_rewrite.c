/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The directives rewrite, return, set, if and break, without a socket. What is expected is what
 * nginx responds with, unless a comment says otherwise.
 */
#include "harness/memory.h"
#include "harness/test.h"
#include "http/inproc.h"

#include <string.h>

#define SHOW "location /t { return 200 \"$uri|$args\"; }"

struct rewrite_case {
	const char *server, *target, *response;
};

/*
 * What the target gets, in short: the status, and the Location of a redirect, or the body
 * unless that is the page of an error.
 */
static const char *response_for(struct server *server, const char *target)
{
	struct reply reply = ask(server, target, .host = "site");
	const char *location = reply_header(&reply, "Location");
	bool is_page = reply.status >= 300 && strstr(reply.body, "</h1>");
	const char *text = location ? location : is_page ? "" : reply.body;

	return memory_printf("%d%s%s", reply.status, *text ? " " : "", text);
}

static void check(const struct rewrite_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct server *server =
			inproc_with(memory_printf("server_name site; %s", cases[i].server));
		const char *expected = server_text(server, cases[i].response);
		const char *response = response_for(server, cases[i].target);

		ck_assert_msg(strcmp(response, expected) == 0, "%s\n%s: \"%s\", not \"%s\"",
			      cases[i].server, cases[i].target, response, expected);
		server_forgive(server);
		server_stop(server);
	}
}

#define CHECK(cases) check(cases, sizeof(cases) / sizeof((cases)[0]))

/* How many lines of the error log have this text. */
static size_t logged(struct server *server, const char *text)
{
	return file_count(server, "/error.log", text);
}

START_TEST(a_uri_becomes_another_one)
{
	static const struct rewrite_case cases[] = {
		{ "rewrite ^/a/(.*)$ /t/$1;" SHOW, "/a/b?x=1", "200 /t/b|x=1" },
		{ "rewrite ^/a/(.*)$ /t/$1?;" SHOW, "/a/b?x=1", "200 /t/b|" },
		{ "rewrite ^/a/(.*)$ /t/$1?y=2;" SHOW, "/a/b?x=1", "200 /t/b|y=2&x=1" },
		{ "rewrite ^/a/(.*)$ /t/$1?y=2;" SHOW, "/a/b?", "200 /t/b|y=2" },
		{ "rewrite ^/a/(.*)$ /t?y=$1?;" SHOW, "/a/b?x=1", "200 /t|y=b" },
		{ "rewrite ^/a$ /t??;" SHOW, "/a?x=1", "200 /t|" },
		{ "rewrite ^/a$ /t?$arg_z;" SHOW, "/a?x=1", "200 /t|&x=1" },
		{ "rewrite ^/a/(?<n>.*)$ /t/$n;" SHOW, "/a/b", "200 /t/b|" },
		{ "rewrite ^/(a|(b))$ /t/$1$2x;" SHOW, "/a", "200 /t/ax|" },
		{ "rewrite ^/a /t/1; rewrite ^/t/(.*) /t/$1/2;" SHOW, "/a", "200 /t/1/2|" },
		{ "rewrite ^/a /t/1 last; rewrite ^ /x;" SHOW, "/a", "200 /t/1|" },
		{ "rewrite ^/a /t/1 break; rewrite ^ /x;" SHOW, "/a", "200 /t/1|" },
		{ "rewrite ^/no$ /x;" SHOW, "/t", "200 /t|" },
		{ "location /a { rewrite ^ /t last; return 403; }" SHOW, "/a", "200 /t|" },
		{ "location /a { rewrite ^ /t; return 403; }" SHOW, "/a", "403" },
		{ "location /a { rewrite ^ /t break; hello here; }" SHOW, "/a", "200 here" },
		{ "location /a { rewrite ^ /t; break; hello here; }" SHOW, "/a", "200 here" },
		{ "location /a { rewrite ^ /t; rewrite ^ /b break; hello here; }" SHOW, "/a",
		  "200 here" },
		{ "location /a { if ($args) { rewrite ^ /t last; } hello here; }" SHOW, "/a?b",
		  "200 /t|b" },
		{ "if ($args) { rewrite ^ /t last; } return 403;" SHOW, "/a?b", "200 /t|b" },
		{ "location = /t { internal; return 200 in; } rewrite ^/a /t;", "/a", "200 in" },
		{ "rewrite ^/a $arg_x;" SHOW, "/a", "500" }, /* the URI is empty */
	};

	CHECK(cases);
}
END_TEST

START_TEST(a_redirect_is_sent)
{
	static const struct rewrite_case cases[] = {
		{ "rewrite ^/a/(.*)$ /new/$1 redirect;", "/a/b?x=1",
		  "302 %SCHEME%://site:%PORT%/new/b?x=1" },
		{ "rewrite ^/a/(.*)$ /new/$1? permanent;", "/a/b?x=1",
		  "301 %SCHEME%://site:%PORT%/new/b" },
		{ "rewrite ^/a/(.*)$ /n?z=$1 permanent;", "/a/b?x=1",
		  "301 %SCHEME%://site:%PORT%/n?z=b&x=1" },
		{ "rewrite ^/a/(.*)$ http://h/$1;", "/a/b", "302 http://h/b" },
		{ "rewrite ^/a/(.*)$ https://h/$1 permanent;", "/a/b", "301 https://h/b" },
		{ "rewrite ^/a/(.*)$ https://h/$1 break;", "/a/b", "302 https://h/b" },
		{ "rewrite ^/a/(.*)$ $scheme://$host/$1 last;", "/a/b", "302 %SCHEME%://site/b" },
		{ "location / { if ($args) { rewrite ^ /new? redirect; } }", "/?x",
		  "302 %SCHEME%://site:%PORT%/new" },
	};

	CHECK(cases);
}
END_TEST

/* Of a decoded path: encoded again where it would have a meaning, if the client encoded any. */
START_TEST(captures_are_encoded_as_by_nginx)
{
	static const struct rewrite_case cases[] = {
		{ "rewrite ^/a/(.*)$ /t?y=$1;" SHOW, "/a/b%20c%26d%3F%23?x",
		  "200 /t|y=b%20c%26d%3F%23&x" },
		{ "rewrite ^/a/(.*)$ /t?y=$1;" SHOW, "/a/b+c", "200 /t|y=b%2Bc" },
		{ "rewrite ^/a/(.*)$ /t?y=$1;" SHOW, "/a/b&c", "200 /t|y=b&c" },
		{ "rewrite (?s)^/a/(.*)$ /t?y=$1;" SHOW, "/a/%0d%0aX:%20y",
		  "200 /t|y=%0D%0AX:%20y" },
		{ "rewrite ^/a/(.*)$ /t?$1;" SHOW, "/a/%22%3c%5b%5e%60%7b%7f%ff",
		  "200 /t|%22%3C[%5E%60%7B%7F%FF" },
		{ "rewrite ^/a/(?<n>.*)$ /t?$n;" SHOW, "/a/b%20c", "200 /t|b c" },
		{ "rewrite ^/a/(.*)$ /n/$1 redirect;", "/a/%20%23%25%41%26%2b",
		  "302 %SCHEME%://site:%PORT%/n/%20%23%25A&+" },
		{ "rewrite ^/a/(.*)$ /n/$1 redirect;", "/a/b%3fc%26?x",
		  "302 %SCHEME%://site:%PORT%/n/b?c%26?x" },
		{ "rewrite ^ $request_uri/x? redirect;", "/a%41%2fb%20?c=%41",
		  "302 %SCHEME%://site:%PORT%/aA/b%20?c=%41/x" },
		{ "location ~ ^/(.*)$ { set $x $1; return 200 \"$x $1\"; }", "/a%26",
		  "200 a%26 a&" },
		{ "location ~ ^/(.*)$ { rewrite ^/(.*)$ /x$1; set $x $1; return 200 $x; }", "/a%26",
		  "200 a&" },
		{ "location ~ ^/(.*)$ { rewrite ^/b /c; set $x $1; return 200 \"$x\"; }", "/a%26",
		  "200" }, /* an expression that does not match forgets $1 */
		{ "location ~ ^/(.*)$ { if ($uri !~ z) { return 200 \"$1\"; } }", "/a", "200" },
		{ "location ~ ^/(.*)$ { if ($arg_x = \"x$1\") { return 200 yes; } return 200 no; }",
		  "/%20?x=x%20", "200 yes" },
	};

	CHECK(cases);
}
END_TEST

START_TEST(an_encoded_mark_divides_nothing)
{
	static const struct rewrite_case cases[] = {
		{ "rewrite ^/a/(.*)$ /t/$1;" SHOW, "/a/b%3Fc=1%23d", "200 /t/b?c=1#d|" },
		{ "rewrite ^/a$ /t$arg_x;" SHOW, "/a?x=?y", "200 /t?y|x=?y" },
		{ "rewrite ^/a$ /t?$arg_x;" SHOW, "/a?x=?y", "200 /t|?y&x=?y" },
	};

	CHECK(cases);
}
END_TEST

START_TEST(a_redirect_stays_on_this_host)
{
	static const struct rewrite_case cases[] = {
		{ "rewrite ^/a(.*)$ $1 redirect;", "/a//evil/",
		  "302 %SCHEME%://site:%PORT%/evil/" },
		{ "rewrite ^/a(.*)$ /$1 redirect;", "/a/evil/",
		  "302 %SCHEME%://site:%PORT%//evil/" },
		{ "rewrite ^/a(.*)$ $1 redirect;", "/a/%5Cevil/",
		  "302 %SCHEME%://site:%PORT%/\\evil/" },
		{ "absolute_redirect off; rewrite ^/a(.*)$ /$1 redirect;", "/a/evil/",
		  "302 /.//evil/" },
		{ "absolute_redirect off; rewrite ^/a(.*)$ $1 redirect;", "/a/%5Cevil/",
		  "302 /./\\evil/" },
		{ "absolute_redirect off; rewrite ^/a(.*)$ $1 redirect;", "/a/%09/evil/",
		  "302 /%09/evil/" },
		{ "absolute_redirect off; return 301 $uri;", "/%5Cevil/", "301 /./\\evil/" },
		{ "absolute_redirect off; return 301 /$arg_x;", "/?x=/evil/", "301 /.//evil/" },
		/* It is what the configuration says. */
		{ "absolute_redirect off; return 301 //h/$arg_x;", "/?x=y", "301 //h/y" },
		{ "absolute_redirect off; rewrite ^ //h/x redirect;", "/", "302 //h/x" },
		{ "return 301 //h/x;", "/", "301 %SCHEME%://site:%PORT%//h/x" },
	};

	CHECK(cases);
}
END_TEST

/* nginx sends them. */
START_TEST(no_line_of_the_head_is_split)
{
	static const struct rewrite_case cases[] = {
		{ "rewrite (?s)^/a/(.*)$ /n/$1 redirect;", "/a/%0d%0aX-Injected:y",
		  "302 %SCHEME%://site:%PORT%/n/%0D%0AX-Injected:y" },
		{ "rewrite (?s)^/a/(.*)$ /n$uri redirect;", "/a/%0d%0aX-Injected:y",
		  "302 %SCHEME%://site:%PORT%/n/a/%0D%0AX-Injected:y" },
		{ "location ~ (?s)^/a/(.*)$ { return 301 https://h/$1; }", "/a/%0aX-Injected:y",
		  "301 https://h/%0AX-Injected:y" },
		{ "rewrite (?s)^/a/(?<n>.*)$ https://h/$n;", "/a/%0aX:y", "302 https://h/%0AX:y" },
	};
	struct server *server = inproc_with("location ~ (?s)^/(.*)$ { set $x $uri;"
					    " rewrite (?s)^/(.*)$ /t?$uri;"
					    " add_header X-1 $1; add_header X-2 $args;"
					    " add_header X-3 $x; return 200 ok; }");
	struct reply reply = get(server, "/a%0d%0aX-Injected:y");

	ck_assert_int_eq(reply.status, 200);
	ck_assert_ptr_null(strstr(reply.head, "X-"));
	ck_assert_uint_eq(logged(server, "is not sent"), 3);
	server_stop(server);
	CHECK(cases);
}
END_TEST

START_TEST(the_access_of_the_new_location_applies)
{
	static const struct rewrite_case cases[] = {
		{ "location /s { deny all; hello s; } location /a { rewrite ^/a(.*)$ /s$1 last; }",
		  "/a/x", "403" },
		{ "location /s { deny all; hello s; } rewrite ^/a(.*)$ /s$1;", "/a/x", "403" },
		{ "location /s { deny all; hello s; } rewrite ^/a(.*)$ $1;", "/a/s", "403" },
		{ "location /s { deny all; hello s; } rewrite ^/a(.*)$ $1;", "/a%2F%2e/s", "403" },
		{ "location /s { deny all; hello s; } location / { try_files /none @n; }"
		  "location @n { rewrite ^ /s last; }",
		  "/", "403" },
		{ "location /s { deny all; hello s; } location / { error_page 404 /a; return 404; }"
		  "location /a { rewrite ^ /s; }",
		  "/", "403" },
		{ "location /a { deny all; hello a; rewrite ^/a(.*)$ /b$1 break; }", "/a/x",
		  "403" },
		{ "location /a { deny all; hello a; if ($args) { set $x 1; } }", "/a/x?1", "403" },
		{ "location /s { internal; hello s; } location /a { hello a; }", "/s", "404" },
	};

	CHECK(cases);
}
END_TEST

/* nginx takes the path as it is, and opens what it leads to. */
START_TEST(a_value_brings_no_dots)
{
	static const struct rewrite_case cases[] = {
		{ "location /a { rewrite ^ /p/$arg_f break; hello a; }", "/a?f=../x", "404" },
		{ "location /a { rewrite ^ /p$arg_f break; hello a; }", "/a?f=/..", "404" },
		{ "location /a { rewrite ^ /p/$arg_f./x break; hello a; }", "/a?f=.", "404" },
		{ "location /a { rewrite ^/a(.*)$ /p/.$1 break; hello a; }", "/a./x", "404" },
		{ "location /a { rewrite ^ /p/../t; } " SHOW, "/a", "200 /t|" },
		{ "location /a { rewrite ^ /../t; } " SHOW, "/a", "404" },
		{ "rewrite ^/a(.*)$ $1;" SHOW, "/at", "404" }, /* it does not begin with a slash */
	};

	CHECK(cases);
}
END_TEST

static const char *const explosive =
	"/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!";

/* What it guards stays shut, and the error log has one line. */
START_TEST(an_expression_that_is_given_up_is_a_500)
{
	static const char *const servers[] = {
		"rewrite ^/(a+)+$ /x;",
		"location / { rewrite ^/(a+)+$ /x break; hello open; }",
		"location / { if ($uri ~ ^/(a+)+$) { return 403; } hello open; }",
		"location / { if ($uri !~ ^/(a+)+$) { return 200 open; } }",
		"if ($uri ~ ^/(a+)+$) { return 403; } return 200 open;",
		"error_page 500 /ok; location = /ok { return 200 ok; } rewrite ^/(a+)+$ /x;",
	};

	for (size_t i = 0; i < sizeof(servers) / sizeof(servers[0]); i++) {
		struct server *server = inproc_with(servers[i]);
		int status = get(server, explosive).status;

		ck_assert_msg(status == 500, "%s: %d", servers[i], status);
		ck_assert_uint_eq(logged(server, "was given up"), 1);
		ck_assert_uint_eq(logged(server, "client: "), 1);
		server_forgive(server);
		server_stop(server);
	}
}
END_TEST

START_TEST(ten_searches_are_allowed)
{
	struct server *server = inproc_with("location /a { rewrite ^(/a+)$ ${1}a last; }"
					    "location = /aaaaaaaaaaaa { return 200 there; }"
					    "location /loop { rewrite ^ /loop last; }");

	ck_assert_str_eq(response_for(server, "/aa"), "200 there");
	ck_assert_uint_eq(logged(server, "client: "), 0);
	ck_assert_str_eq(response_for(server, "/a"), "500");
	ck_assert_uint_eq(logged(server, "more than 10 redirects"), 1);
	ck_assert_str_eq(response_for(server, "/loop"), "500");
	server_stop(server);
}
END_TEST

/* Each round makes the text several times as long. */
START_TEST(texts_do_not_grow_without_end)
{
	static const char *const servers[] = {
		"location / { set $x $x$uri$x$x$x; rewrite ^ /a last; }",
		"location / { set $args $args$args$args$args; rewrite ^ /a last; }",
		"location / { rewrite ^(.*)$ $1$1$1$1 last; }",
		"location / { rewrite ^ /a?$args&$args&$args&$args last; }",
		"location / { if ($uri = $uri$uri$uri) { } rewrite ^(.*)$ $1$1 last; }",
		"set $a 0123456789; set $b $a$a$a$a$a$a$a$a$a$a; set $a $b$b$b$b$b$b$b$b$b$b;"
		" set $b $a$a$a$a$a$a$a$a$a$a; set $a $b$b$b$b$b$b$b$b$b$b;"
		" set $b $a$a$a$a$a$a$a$a$a$a; set $a $b$b$b$b$b$b$b$b$b$b; return 200 $a;",
	};
	const char *target = memory_printf("/%0400d?%0400d", 0, 0);

	for (size_t i = 0; i < sizeof(servers) / sizeof(servers[0]); i++) {
		struct server *server = inproc_with(servers[i]);
		int status = get(server, target).status;

		ck_assert_msg(status == 500, "%s: %d", servers[i], status);
		ck_assert_uint_eq(logged(server, "more than 1048576 bytes"), 1);
		server_stop(server);
	}
}
END_TEST

START_TEST(rewrite_log_says_what_is_done)
{
	struct server *server =
		inproc_with("rewrite_log on; rewrite ^/no /x; rewrite ^/a/(.*) /b/$1?c;"
			    "location /b { rewrite ^/b/(.*) /t/$1 redirect; }"
			    "location /q { rewrite_log off; if ($uri ~ q) { return 200 q; } }");

	get(server, "/a/x?y");
	ck_assert_uint_eq(logged(server, "\"^/no\" does not match \"/a/x\""), 1);
	ck_assert_uint_eq(logged(server, "\"^/a/(.*)\" matches \"/a/x\""), 1);
	ck_assert_uint_eq(logged(server, "rewritten data: \"/b/x\", args: \"c&y\""), 1);
	ck_assert_uint_eq(logged(server, "\"^/b/(.*)\" matches \"/b/x\""), 1);
	ck_assert_uint_eq(logged(server, "rewritten redirect: \"/t/x?c&y\""), 1);
	ck_assert_uint_eq(logged(server, "client: "), 5);
	get(server, "/q");
	ck_assert_uint_eq(logged(server, "client: "), 7); /* those of the server */
	server_stop(server);
}
END_TEST

START_TEST(a_variable_without_a_value_is_warned_of)
{
	struct server *server =
		inproc_with("location /a { return 200 \"($x)$x\"; }"
			    "location /b { set $x 1; return 200 $x; }"
			    "location /c { uninitialized_variable_warn off; return 200 \"($x)\"; }"
			    "location /d { set $http_y 1; return 200 $http_y; }"
			    "location /e { return 200 \"($http_y)\"; }");

	ck_assert_str_eq(get(server, "/a").body, "()");
	ck_assert_uint_eq(logged(server, "using uninitialized \"x\" variable"), 1);
	ck_assert_str_eq(get(server, "/b").body, "1");
	ck_assert_str_eq(get(server, "/c").body, "()");
	ck_assert_str_eq(get(server, "/d").body, "1");
	ck_assert_str_eq(ask(server, "/e", .fields = "Y: 2\r\n").body, "(2)");
	ck_assert_uint_eq(logged(server, "client: "), 1);
	server_stop(server);
}
END_TEST

/* Of a variable that a map defines, too; both are as in nginx. */
START_TEST(set_goes_before_map)
{
	struct server *server = inproc_start(
		"http { map $arg_m $m { default d; a x; } map $arg_m $v { volatile; a $arg_n; }"
		" server { listen 127.0.0.1:%PORT%;"
		" location /a { set $m set; return 200 $m; } location /b { return 200 $m; }"
		" location /c { set $v set; return 200 $v; }"
		" location /d { set $x $v; set $args m=a&n=2; return 200 $x$v; } } }");

	ck_assert_str_eq(get(server, "/a?m=a").body, "set");
	ck_assert_str_eq(get(server, "/b?m=a").body, "x");
	ck_assert_str_eq(get(server, "/b").body, "d");
	ck_assert_str_eq(get(server, "/c?m=a").body, "set");
	ck_assert_str_eq(get(server, "/d?m=a&n=1").body, "12");
	server_stop(server);
}
END_TEST

/* As in nginx: these, and no others of a module. */
START_TEST(some_variables_of_modules_are_set)
{
	struct server *server = inproc_with(
		"location /args { set $args x=1;"
		"  return 200 \"$args|$is_args|$arg_x|$query_string\"; }"
		"location /empty { set $args \"\"; return 200 \"$args|$is_args\"; }"
		"location /rate { set $limit_rate 2k; return 200 $limit_rate; }"
		"location /none { return 200 $limit_rate; }"
		"location /rated/ { set $limit_rate 2k; }"
		"location /if { if ($arg_a) { set $limit_rate 7; } return 200 $limit_rate; }"
		"location /later { set $limit_rate 3; rewrite ^ /none last; }"
		"location /over { limit_rate 5; set $limit_rate 0; return 200 $limit_rate; }"
		"location /bad { limit_rate 5; set $limit_rate x; return 200 $limit_rate; }"
		"location /msie { set $msie x; set $modern_browser y; set $ANCIENT_browser z;"
		"  return 200 \"$msie$modern_browser$ancient_browser\"; }"
		"location /other { return 200 \"$msie$modern_browser$ancient_browser\"; }"
		"location /referer { set $invalid_referer no; return 200 $invalid_referer; }");
	static const struct {
		const char *target, *body;
	} cases[] = {
		{ "/args?a=b", "x=1|?|1|x=1" }, { "/empty?a=b", "|" },	{ "/rate", "2048" },
		{ "/none", "0" },		{ "/if?a=1", "7" },	{ "/if", "0" },
		{ "/later", "3" },		{ "/over", "0" },	{ "/bad", "5" },
		{ "/msie", "xyz" },		{ "/other", "1" },	{ "/referer", "no" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ck_assert_str_eq(get(server, cases[i].target).body, cases[i].body);
	ck_assert(log_has(server, "invalid $limit_rate \"x\""));

	/* The first second's bytes are sent at once, the others at that rate. */
	char *text = memory_alloc(2049 + 512);
	long began_ms = now_ms();

	memset(text, 't', 2048 + 512);
	text[2048 + 512] = '\0';
	put_file(server, "rated/a.txt", text);
	ck_assert_uint_eq(get(server, "/rated/a.txt").body_len, 2048 + 512);
	ck_assert_int_ge(now_ms() - began_ms, 200);
	server_stop(server);
	ck_assert_ptr_nonnull(strstr(inproc_fails("http { server { set $uri /a; } }"),
				     "the variable \"$uri\" exists already"));
	ck_assert_ptr_nonnull(strstr(inproc_fails("http { map $uri $args { } }"),
				     "the variable \"$args\" exists already"));
}
END_TEST

START_TEST(an_alias_takes_no_other_uri)
{
	struct server *server =
		inproc_with("location /img/ { alias %DIR%/html/; rewrite ^/img/a$ /img/f break;"
			    " rewrite ^/img/(.*)$ /xyzt$1 break; }");

	put_file(server, "f", "f");
	put_file(server, "d", "d");
	ck_assert_str_eq(response_for(server, "/img/a"), "200 f");
	ck_assert_str_eq(response_for(server, "/img/d"), "404"); /* nginx: 500 */
	ck_assert_uint_eq(logged(server, "alias does not stand for its beginning"), 1);
	server_stop(server);
}
END_TEST

START_TEST(return_has_many_forms)
{
	static const struct rewrite_case cases[] = {
		{ "return 200 \"$arg_x\";", "/?x=y", "200 y" },
		{ "return 204;", "/", "204" },
		{ "return 404;", "/", "404" },
		{ "return 404 \"\";", "/", "404" },
		{ "return 404 gone;", "/", "404 gone" },
		{ "return 404 $arg_x;", "/", "404" },
		{ "return 999 odd;", "/", "999 odd" },
		{ "return 301 /a$arg_x;", "/?x=y", "301 %SCHEME%://site:%PORT%/ay" },
		{ "return 302 https://h$request_uri;", "/a%20b?c", "302 https://h/a%20b?c" },
		{ "return 303 x;", "/", "303 x" },
		{ "return 307 /a;", "/", "307 %SCHEME%://site:%PORT%/a" },
		{ "return 308 /a;", "/", "308 %SCHEME%://site:%PORT%/a" },
		{ "return http://h/;", "/", "302 http://h/" },
		{ "return $scheme://h/;", "/", "302 %SCHEME%://h/" },
		{ "location ~ ^/(.*)$ { return 301 /n/$1; }", "/a%20b%3Fc",
		  "301 %SCHEME%://site:%PORT%/n/a b?c" },
	};
	struct server *server = inproc_with("return 404 $arg_x;");
	struct reply reply = get(server, "/");

	ck_assert_int_eq(reply.status, 404);
	ck_assert_uint_eq(reply.body_len, 0); /* the text happens to be empty */
	server_stop(server);
	CHECK(cases);
}
END_TEST

START_TEST(mistakes_are_named)
{
	static const char *const cases[][2] = {
		{ "rewrite ^ \"\";", "the replacement is empty" },
		{ "rewrite ^ /x lost;", "\"lost\"" },
		{ "rewrite ^( /x;", "the regular expression \"^(\" is wrong" },
		{ "rewrite ^ /x$;", "a \"$\" without the name of a variable" },
		{ "rewrite ^ /x$?y;", "a \"$\" without the name of a variable" },
		{ "rewrite ^ /x?${y;", "the \"}\" of this variable is missing" },
		{ "rewrite ^ /x?$nosuch;", "unknown variable \"$nosuch\"" },
		{ "rewrite ^ ;", "takes 2 to 3 arguments" },
		{ "return 20x;", "\"20x\" is not a status" },
		{ "return 1000;", "\"1000\" is not a status" },
		{ "return /x;", "\"/x\" is not a status" },
		{ "location / { limit_except GET { rewrite ^ /x; } }", "is not allowed here" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *output =
			inproc_fails(memory_printf("http { server { %s } }", cases[i][0]));

		ck_assert_msg(strstr(output, cases[i][1]), "%s: %s", cases[i][0], output);
	}
}
END_TEST

TESTS("rewrite", some_variables_of_modules_are_set, a_uri_becomes_another_one,
      a_redirect_is_sent, captures_are_encoded_as_by_nginx,
      an_encoded_mark_divides_nothing, a_redirect_stays_on_this_host, no_line_of_the_head_is_split,
      the_access_of_the_new_location_applies, a_value_brings_no_dots,
      an_expression_that_is_given_up_is_a_500, ten_searches_are_allowed,
      texts_do_not_grow_without_end, rewrite_log_says_what_is_done, set_goes_before_map,
      an_alias_takes_no_other_uri, a_variable_without_a_value_is_warned_of, return_has_many_forms,
      mistakes_are_named)
