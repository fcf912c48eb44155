/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * add_header, expires, and the pixel of empty_gif.
 */
#include "http/inproc.h"
#include "harness/test.h"

#include <date.h>
#include <stdlib.h>
#include <string.h>
#include <utime.h>

static const char *field(struct server *server, const char *target, const char *name)
{
	struct reply reply = get(server, target);
	const char *value = reply_header(&reply, name);

	return value ? value : "none";
}

START_TEST(adds_fields)
{
	struct server *server =
		inproc_with("add_header X-A one; add_header X-A two; add_header X-Uri \"is $uri\";"
			    "add_header X-Empty \"\"; location = /text { return 200 text; }");
	struct reply reply = get(server, "/text");

	ck_assert_int_eq(reply_headers(&reply, "X-A"), 2);
	ck_assert_str_eq(reply_header(&reply, "X-Uri"), "is /text");
	ck_assert_ptr_null(reply_header(&reply, "X-Empty"));
	server_stop(server);
}
END_TEST

START_TEST(adds_by_status)
{
	struct server *server = inproc_with(
		"add_header X-Some s; add_header X-Always a always;"
		"location = /moved { return 301 /a; } location = /gone { return 410; }");

	ck_assert_str_eq(field(server, "/moved", "X-Some"), "s");
	ck_assert_str_eq(field(server, "/gone", "X-Some"), "none");
	ck_assert_str_eq(field(server, "/gone", "X-Always"), "a");
	server_stop(server);
}
END_TEST

START_TEST(inherits_all_or_nothing)
{
	struct server *server =
		inproc_with("add_header X-Outer o; location = /same { return 200 text; }"
			    "location = /own { add_header X-Inner i; return 200 text; }");

	ck_assert_str_eq(field(server, "/same", "X-Outer"), "o");
	ck_assert_str_eq(field(server, "/own", "X-Outer"), "none");
	ck_assert_str_eq(field(server, "/own", "X-Inner"), "i");
	server_stop(server);
}
END_TEST

START_TEST(replaces_validators)
{
	struct server *server = inproc_with("add_header ETag '\"mine\"';"
					    "add_header Last-Modified '';");
	struct reply reply;

	put_file(server, "a.txt", "hello");
	reply = get(server, "/a.txt");
	ck_assert_int_eq(reply_headers(&reply, "ETag"), 1);
	ck_assert_str_eq(reply_header(&reply, "ETag"), "\"mine\"");
	ck_assert_ptr_null(reply_header(&reply, "Last-Modified"));
	server_stop(server);
}
END_TEST

START_TEST(sets_cache_control)
{
	struct server *server = inproc_with("location = /day { expires 1d; return 200 text; }"
					    "location = /past { expires -1; return 200 text; }"
					    "location = /epoch { expires epoch; return 200 text; }"
					    "location = /max { expires max; return 200 text; }"
					    "location = /off { expires off; return 200 text; }"
					    "location = /error { expires 1d; return 404; }");

	ck_assert_str_eq(field(server, "/day", "Cache-Control"), "max-age=86400");
	ck_assert_str_eq(field(server, "/past", "Cache-Control"), "no-cache");
	ck_assert_str_eq(field(server, "/epoch", "Cache-Control"), "no-cache");
	ck_assert_str_eq(field(server, "/epoch", "Expires"), "Thu, 01 Jan 1970 00:00:01 GMT");
	ck_assert_str_eq(field(server, "/max", "Cache-Control"), "max-age=315360000");
	ck_assert_str_eq(field(server, "/max", "Expires"), "Thu, 31 Dec 2037 23:55:55 GMT");
	ck_assert_str_eq(field(server, "/off", "Cache-Control"), "none");
	ck_assert_str_eq(field(server, "/error", "Cache-Control"), "none");
	server_stop(server);
}
END_TEST

START_TEST(counts_from_the_date)
{
	struct server *server = inproc_with("expires 90m; location = /text { return 200 text; }");
	struct reply reply = get(server, "/text");
	time_t date = 0, expires = 0;

	ck_assert_int_eq(date_parse_http(str_from(reply_header(&reply, "Date")), &date), 0);
	ck_assert_int_eq(date_parse_http(str_from(reply_header(&reply, "Expires")), &expires), 0);
	ck_assert_int_eq(expires - date, 5400);
	server_stop(server);
}
END_TEST

START_TEST(counts_from_the_last_change)
{
	struct server *server =
		inproc_with("expires modified 1d; location /off { return 200 text; }");

	put_file(server, "old", "text");
	utime(file_path(server, "old"), &(struct utimbuf){ 784111777, 784111777 });
	ck_assert_str_eq(field(server, "/old", "Expires"), "Mon, 07 Nov 1994 08:49:37 GMT");
	ck_assert_str_eq(field(server, "/old", "Cache-Control"), "no-cache");
	ck_assert_str_eq(field(server, "/off", "Cache-Control"), "max-age=86400");
	server_stop(server);
}
END_TEST

START_TEST(waits_for_a_time_of_day)
{
	setenv("TZ", "XXX-1", 1);
	struct server *server =
		inproc_with("expires @15h30m; location = /text { return 200 text; }");
	struct reply reply = get(server, "/text");
	const char *expires = reply_header(&reply, "Expires");
	long age = atol(strstr(reply_header(&reply, "Cache-Control"), "max-age=") + 8);

	ck_assert_ptr_nonnull(strstr(expires, " 14:30:00 GMT"));
	ck_assert(age > 0 && age <= 86400);
	server_stop(server);

	server = inproc_with("expires @24h; location = /text { return 200 text; }");
	reply = get(server, "/text");
	ck_assert_ptr_nonnull(strstr(reply_header(&reply, "Expires"), " 23:00:00 GMT"));
	server_stop(server);
}
END_TEST

START_TEST(reads_a_time_from_variables)
{
	struct server *server =
		inproc_with("expires $arg_t; location = /text { return 200 text; }");

	ck_assert_str_eq(field(server, "/text?t=2d", "Cache-Control"), "max-age=172800");
	ck_assert_str_eq(field(server, "/text?t=epoch", "Cache-Control"), "no-cache");
	ck_assert_str_eq(field(server, "/text?t=rubbish", "Cache-Control"), "none");
	ck_assert_str_eq(field(server, "/text", "Cache-Control"), "none");
	server_stop(server);

	/* With `modified` only a time counts, as in nginx. */
	server = inproc_with("expires modified $arg_e;");
	put_file(server, "f", "text");
	ck_assert_str_eq(field(server, "/f?e=max", "Cache-Control"), "none");
	ck_assert_str_eq(field(server, "/f?e=@15h", "Cache-Control"), "none");
	ck_assert_str_ne(field(server, "/f?e=1h", "Cache-Control"), "none");
	server_stop(server);
}
END_TEST

START_TEST(folds_line_breaks_of_the_configuration)
{
	struct server *server =
		inproc_with("default_type 'text/x-odd\r\n ; a=b';"
			    "types { 'text/x-list\n' list; }"
			    "add_header Content-Security-Policy \"\n\tdefault-src 'self';\r\n"
			    "\timg-src  *;\n\n\n\tframe-src $scheme:\n\t\";"
			    "add_header X-Escape 'a\\nb'; add_header X-Kept 'a\t  b'; "
			    "location = /blank { add_header X-Blank \"\n \n\"; return 200 text; }"
			    "location = /a.list { return 200 text; }"
			    "location / { return 200 text; }");

	ck_assert_str_eq(field(server, "/", "Content-Security-Policy"),
			 server_text(server,
				     "default-src 'self'; img-src  *; frame-src %SCHEME%:"));
	ck_assert_str_eq(field(server, "/", "X-Escape"), "a b");
	ck_assert_str_eq(field(server, "/", "X-Kept"), "a\t  b");
	ck_assert_str_eq(field(server, "/blank", "X-Blank"), "none");
	ck_assert_str_eq(field(server, "/", "Content-Type"), "text/x-odd ; a=b");
	ck_assert_str_eq(field(server, "/a.list", "Content-Type"), "text/x-list");
	server_stop(server);
}
END_TEST

START_TEST(warns_of_line_breaks)
{
	const char *output;

	/* Messages are printed together with those of the mistake that keeps it from starting. */
	output = inproc_fails("http { add_header X-A \"a\n b\"; server { nonsense; } }");
	ck_assert_msg(strstr(output, "warning: "), "%s", output);
	ck_assert_msg(strstr(output, "a field of a response is one line"), "%s", output);
	output = inproc_fails("http { add_header X-A 'a  b'; server { nonsense; } }");
	ck_assert_msg(!strstr(output, "warning: "), "%s", output);
}
END_TEST

/* Each of these targets would add a field X-Injected, or end the head. */
START_TEST(never_splits_an_answer)
{
	static const char *const ends[] = { "%0d%0aX-Injected:%20b", "%0aX-Injected:%20b",
					    "%0d%0a%0d%0aX-Injected:%20b", "%0d" };
	struct server *server = inproc_with(
		"add_header X-Path $uri; location / { return 200 text; }"
		"location /etag/ { add_header ETag '\"$uri\"'; return 200 text; }"
		"location /date/ { add_header Last-Modified '$uri'; return 200 text; }"
		"location /moved/ { return 301 http://other$uri; }"
		"location /page/ { error_page 404 =302 http://other$uri; return 404; }");
	static const char *const places[] = { "/", "/etag/", "/date/", "/moved/", "/page/" };

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		for (size_t j = 0; j < sizeof(ends) / sizeof(ends[0]); j++) {
			char target[100];
			strcat(strcpy(target, places[i]), ends[j]);
			struct reply reply = get(server, target);
			ck_assert_ptr_null(strstr(reply.head, "\nX-Injected"));
			ck_assert_ptr_null(reply_header(&reply, "X-Path"));
			ck_assert_ptr_null(reply_header(&reply, "ETag"));
			ck_assert_int_eq(reply.status, i < 3 ? 200 : i == 3 ? 301 : 302);
		}
	ck_assert_str_eq(field(server, "/moved/%0d%0aX-Injected:%20b", "Location"),
			 "http://other/moved/%0D%0AX-Injected: b");
	ck_assert_str_eq(field(server, "/page/%0a", "Location"), "http://other/page/%0A");
	server_stop(server);
}
END_TEST

static const char *const mistakes[][2] = {
	{ "add_header X-A b sometimes;", "sometimes" },
	{ "set_header \"X A\" b;", "invalid field name" },
	{ "add_trailer X-A: b;", "invalid field name" },
	{ "add_header X-A: b; nonsense;", "write the name without the colon" },
	{ "add_header \"X A\" b; nonsense;", "letters, digits and hyphens" },
	{ "set_header Content-Length 5;", "cannot be set" },
	{ "add_trailer Content-Length 5;", "cannot be" },
	{ "add_header X-A;", "takes 2 to 3 arguments" },
	{ "expires soon;", "invalid time" },
	{ "expires 1m1h;", "invalid time" },
	{ "expires 1h1h;", "invalid time" },
	{ "expires @24h1s;", "invalid time" },
	{ "expires 99999999999999999999y;", "invalid time" },
	{ "expires modified epoch;", "goes with a time only" },
	{ "expires after 1d;", "expected \"modified\"" },
	{ "max_ranges many;", "many" },
	{ "if_modified_since sometimes;", "sometimes" },
};

/* nginx sends "X-Frame-Options:: DENY", which no browser obeys. */
START_TEST(a_wrong_name_is_not_sent)
{
	struct server *server = inproc_with(
		"add_header X-Outer outer; location / { return 200 text; }"
		"location /colon { add_header X-Frame-Options: DENY; return 200 text; }"
		"location /both { add_header X-A: a; add_header X-B b; return 200 text; }"
		"location /own { add_header Server mine; return 200 text; }"
		"location /merge { add_header X-A: a; add_header_inherit merge;"
		"  return 200 text; }");
	struct reply reply = get(server, "/colon");

	ck_assert_int_eq(reply.status, 200);
	ck_assert_ptr_null(strcasestr(reply.head, "X-Frame-Options"));
	ck_assert_ptr_null(reply_header(&reply, "X-Outer"));
	ck_assert_str_eq(field(server, "/", "X-Outer"), "outer");
	ck_assert_str_eq(field(server, "/both", "X-B"), "b");
	ck_assert_str_eq(field(server, "/merge", "X-Outer"), "outer");
	reply = get(server, "/own");
	ck_assert_ptr_null(reply_header(&reply, "X-Outer"));
	server_stop(server);
}
END_TEST

/* nginx sends these twice. */
START_TEST(no_field_is_sent_twice)
{
	struct server *server = inproc_with(
		"add_header Server mine; add_header date never; add_header Connection x;"
		"add_header Keep-Alive x; add_header Content-Type text/x-other;"
		"add_header 'Content-Length' 0; add_header Transfer-Encoding gzip;"
		"location /moved { return 302 /there; add_header Location /elsewhere; }");
	struct reply reply;

	put_file(server, "a.txt", "text");
	reply = get(server, "/a.txt");
	ck_assert_int_eq(reply_headers(&reply, "Server"), 1);
	ck_assert_int_eq(reply_headers(&reply, "Date"), 1);
	ck_assert_int_eq(reply_headers(&reply, "Connection"),
			 inproc_has_sockets() && strcmp(inproc_protocol_name(), "HTTP/1.1") == 0);
	ck_assert_int_eq(reply_headers(&reply, "Keep-Alive"), 0);
	ck_assert_int_eq(reply_headers(&reply, "Content-Type"), 1);
	ck_assert_str_eq(reply_header(&reply, "Content-Type"), "text/x-other");
	reply = get(server, "/moved");
	ck_assert_int_eq(reply_headers(&reply, "Location"), 1);
	ck_assert_ptr_nonnull(strstr(reply_header(&reply, "Location"), "/elsewhere"));
	ck_assert(!log_has(server, "[alert]"));
	server_stop(server);
}
END_TEST

START_TEST(set_header_replaces)
{
	struct server *server = inproc_with(
		"location /a { expires 1h; set_header Cache-Control no-store; set_header X-A 1;"
		" set_header X-A 2; add_header X-A 3; set_header X-Empty \"\"; return 200 text; }"
		"location /type { set_header Content-Type text/x; return 200 text; }"
		"location /server { set_header Server \"my $uri\" always; return 404; }"
		"location /some { set_header X-A 1; return 404; }"
		"location /f { set_header ETag '\"1\"'; set_header Last-Modified $arg_date; }");
	struct reply reply = get(server, "/a");

	put_file(server, "f", "text");
	ck_assert_int_eq(reply_headers(&reply, "Cache-Control"), 1);
	ck_assert_str_eq(reply_header(&reply, "Cache-Control"), "no-store");
	ck_assert_int_eq(reply_headers(&reply, "X-A"), 2);
	ck_assert_str_eq(reply_header(&reply, "X-A"), "2");
	ck_assert_ptr_null(reply_header(&reply, "X-Empty"));
	ck_assert_str_eq(field(server, "/type", "Content-Type"), "text/x");
	ck_assert_str_eq(field(server, "/server", "Server"), "my /server");
	ck_assert_str_eq(field(server, "/some", "X-A"), "none");
	ck_assert_str_eq(field(server, "/f", "ETag"), "\"1\"");
	ck_assert_str_eq(field(server, "/f", "Last-Modified"), "none");
	ck_assert_int_eq(ask(server, "/f", .fields = "If-None-Match: \"1\"\r\n").status, 304);
	server_stop(server);
}
END_TEST

START_TEST(remove_header_removes)
{
	struct server *server = inproc_with(
		"add_header X-A 1; location / { add_header X-A 1; add_header X-B 1;"
		" remove_header Server etag LAST-MODIFIED Accept-Ranges X-A X-Content-Type-Options"
		" Content-Type Cache-Control; expires 1h; add_header X-A 2; }"
		"location /a { remove_header X-A; } location /a/b { return 301 /; }");

	put_file(server, "f", "text\n");
	put_file(server, "a/f", "text\n");

	struct reply reply = get(server, "/f");
	const char *const gone[] = { "Server",
				     "ETag",
				     "Last-Modified",
				     "Accept-Ranges",
				     "X-Content-Type-Options",
				     "Content-Type",
				     "Cache-Control" };

	ck_assert_int_eq(reply.status, 200);
	for (size_t i = 0; i < sizeof(gone) / sizeof(gone[0]); i++)
		ck_assert_msg(!reply_header(&reply, gone[i]), "%s", gone[i]);
	ck_assert_int_eq(reply_headers(&reply, "X-A"), 2); /* they are added afterwards */
	reply = get(server, "/none");
	ck_assert_ptr_null(reply_header(&reply, "Server"));
	ck_assert_int_eq(ask(server, "/f", .fields = "If-None-Match: *\r\n").status, 304);
	server_stop(server);
}
END_TEST

START_TEST(a_block_may_merge_what_it_inherits)
{
	static const struct {
		const char *target, *has; /* the values of X, joined by blanks */
	} cases[] = {
		{ "/", "s" },	      { "/own", "o" },		{ "/merge", "m s" },
		{ "/late", "l s" },   { "/merge/in", "i m s" }, { "/merge/none", "m s" },
		{ "/merge/on", "n" }, { "/off", "" },		{ "/off/in", "f" },
	};
	struct server *server = inproc_with(
		"add_header X s; location / { return 200; }"
		"location /own { add_header X o; return 200; }"
		"location /merge { add_header_inherit merge; add_header X m; return 200;"
		" location /merge/in { add_header X i; return 200; }"
		" location /merge/none { return 200; }"
		" location /merge/on { add_header_inherit on; add_header X n; return 200; } }"
		"location /late { add_header X l; add_header_inherit merge; return 200; }"
		"location /off { add_header_inherit off; return 200;"
		" location /off/in { add_header_inherit merge; add_header X f; return 200; } }");

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct reply reply = get(server, cases[i].target);
		char values[64] = "";

		for (const char *at = reply.head; (at = strstr(at, "\r\nX: ")); at += 5) {
			strcat(values, *values ? " " : "");
			strncat(values, at + 5, 1);
		}
		ck_assert_msg(!strcmp(values, cases[i].has), "%s: \"%s\"", cases[i].target, values);
	}
	server_stop(server);
}
END_TEST

START_TEST(the_server_has_a_name)
{
	struct server *server =
		inproc_with("location /off { server_tokens Off; return 404; }"
			    "location /text { server_tokens \"<my> $uri\"; return 404; }"
			    "location /none { server_tokens \"\"; return 404; }"
			    "location /split { server_tokens \"$arg_x$uri\"; return 200 ok; }");

	ck_assert_str_eq(field(server, "/off", "Server"), "skua");
	ck_assert_str_eq(field(server, "/text", "Server"), "<my> /text");
	ck_assert_ptr_nonnull(strstr(get(server, "/text").body, "<p>&lt;my&gt; /text</p>"));
	ck_assert_str_eq(field(server, "/none", "Server"), "none");
	ck_assert_ptr_null(strstr(get(server, "/none").body, "<p>"));
	ck_assert_str_eq(field(server, "/split%0d%0aX-Injected:y", "Server"), "none");
	ck_assert_str_eq(field(server, "/split%0d%0aX-Injected:y", "X-Injected"), "none");
	server_stop(server);
}
END_TEST

START_TEST(reports_mistakes)
{
	for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
		char conf[256] = "http { server { listen 127.0.0.1:%PORT%; ";
		const char *output;

		strcat(strcat(conf, mistakes[i][0]), " } }");
		output = inproc_fails(conf);
		ck_assert_msg(strstr(output, mistakes[i][1]), "%s: %s", mistakes[i][0], output);
	}
}
END_TEST

START_TEST(answers_with_a_pixel)
{
	struct server *server = inproc_with("location = /p.gif { empty_gif; }");
	struct reply reply = get(server, "/p.gif");

	ck_assert_int_eq(reply.status, 200);
	ck_assert_str_eq(reply_header(&reply, "Content-Type"), "image/gif");
	ck_assert_uint_eq(reply.body_len, 43);
	ck_assert(memcmp(reply.body, "GIF89a\1\0\1\0", 10) == 0);
	ck_assert_int_eq(ask(server, "/p.gif", .method = "POST", .body = "x").status, 405);
	ck_assert_int_eq(ask(server, "/p.gif",
			     .fields = "If-Modified-Since: Mon, 28 Sep 1970 06:00:00 GMT\r\n")
				 .status,
			 304);
	server_stop(server);
}
END_TEST

TESTS("headers", adds_fields, adds_by_status, inherits_all_or_nothing, replaces_validators,
      sets_cache_control, counts_from_the_date, counts_from_the_last_change,
      waits_for_a_time_of_day, reads_a_time_from_variables, folds_line_breaks_of_the_configuration,
      warns_of_line_breaks, never_splits_an_answer, no_field_is_sent_twice,
      a_wrong_name_is_not_sent, set_header_replaces, remove_header_removes,
      a_block_may_merge_what_it_inherits, the_server_has_a_name, reports_mistakes,
      answers_with_a_pixel)
