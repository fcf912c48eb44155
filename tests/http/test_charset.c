/* SPDX-License-Identifier: BSD-2-Clause */
/* charset and its kin. What is expected is what nginx does, unless a comment says otherwise. */
#include "harness/memory.h"
#include "harness/test.h"
#include "http/inproc.h"

#include <string.h>

static const char *type_of(struct server *server, const char *target)
{
	struct reply reply = get(server, target);
	const char *type = reply_header(&reply, "Content-Type");

	return type ? type : "none";
}

START_TEST(texts_have_a_charset)
{
	static const char *const cases[][3] = {
		{ "charset utf-8;", "/a.html", "text/html; charset=utf-8" },
		{ "charset utf-8;", "/a.txt", "text/plain; charset=utf-8" },
		{ "charset utf-8;", "/a.js", "application/javascript; charset=utf-8" },
		{ "charset utf-8;", "/a.css", "text/css" },
		{ "charset utf-8;", "/none", "text/html; charset=utf-8" },
		{ "charset utf-8; charset_types text/css;", "/a.css", "text/css; charset=utf-8" },
		{ "charset utf-8; charset_types text/css;", "/a.html", "text/html; charset=utf-8" },
		{ "charset utf-8; charset_types text/css;", "/a.txt", "text/plain" },
		{ "charset utf-8; charset_types *;", "/a.css", "text/css; charset=utf-8" },
		{ "charset utf-8; location / { charset off; }", "/a.txt", "text/plain" },
		{ "location / { if ($arg_c) { charset utf-8; } }", "/a.txt", "text/plain" },
		{ "location / { if ($arg_c) { charset utf-8; } }", "/a.txt?c=1",
		  "text/plain; charset=utf-8" },
		{ "charset $arg_c;", "/a.txt?c=x", "text/plain; charset=x" },
		{ "charset $arg_c;", "/a.txt", "text/plain" },
		{ "charset utf-8; return 200 x;", "/a.txt", "text/plain; charset=utf-8" },
		{ "charset utf-8; return 301 /x;", "/", "text/html" },
		{ "charset utf-8; return 302 /x;", "/", "text/html" },
		{ "charset utf-8; return 307 /x;", "/", "text/html; charset=utf-8" },
		{ "charset utf-8; source_charset UTF-8;", "/a.txt", "text/plain; charset=utf-8" },
		{ "charset $arg_c; source_charset x;", "/a.txt?c=y", "text/plain" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct server *server = inproc_with(
			memory_printf("types { text/html html; text/css css; text/plain txt;"
				      " application/javascript js; } default_type text/plain; %s",
				      cases[i][0]));

		put_file(server, "a.html", "a");
		put_file(server, "a.txt", "a");
		put_file(server, "a.js", "a");
		put_file(server, "a.css", "a");

		const char *type = type_of(server, cases[i][1]);

		ck_assert_msg(!strcmp(type, cases[i][2]), "%s %s: %s", cases[i][0], cases[i][1],
			      type);
		server_stop(server);
	}
}
END_TEST

#define MAPS                                                        \
	"charset_map koi8-r utf-8 { C1 D0B0; C2 D0B1; FE E282AC; }" \
	"charset_map koi8-r windows-1251 { C1 E0; C2 E1; }"

static struct server *converting(const char *from, const char *to)
{
	return inproc_start(memory_printf("http { " MAPS " server { listen 127.0.0.1:%%PORT%%;"
					  " source_charset %s; charset %s; } }",
					  from, to));
}

START_TEST(texts_are_converted)
{
	static const struct {
		const char *from, *to, *text, *result;
	} cases[] = {
		{ "koi8-r", "utf-8", "a\xc1\xc2 \xfe\xff.", "a\u0430\u0431 \u20ac?." },
		{ "utf-8", "koi8-r", "a\u0430\u0431 \u20ac.", "a\xc1\xc2 \xfe." },
		{ "UTF-8", "KOI8-R", "\u044f \u4e2d \U0001f600", "&#1103; &#20013; &#128512;" },
		{ "koi8-r", "windows-1251", "a\xc1\xc2\xff", "a\xe0\xe1?" },
		{ "windows-1251", "koi8-r", "a\xe0\xe1\xff", "a\xc1\xc2?" },
		{ "utf-8", "koi8-r", "a\xd0", "a?" },
		{ "utf-8", "koi8-r", "a\xd0z\xb0z", "a?z?z" }, /* nginx loses what follows */
		{ "utf-8", "koi8-r", "\xc0\x80\xed\xa0\x80\xff\xf8\x88",
		  "??"
		  "???" },
		{ "utf-8", "koi8-r", "", "" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct server *server = converting(cases[i].from, cases[i].to);

		put_file(server, "a.txt", cases[i].text);

		struct reply reply = get(server, "/a.txt");

		ck_assert_int_eq(reply.status, 200);
		ck_assert_ptr_nonnull(strstr(reply_header(&reply, "Content-Type"), cases[i].to));
		ck_assert_msg(i == 7 || !strcmp(reply.body, cases[i].result),
			      "%zu: \"%s\", not \"%s\"", i, reply.body, cases[i].result);
		for (const char *c = reply.body; i == 7 && *c; c++)
			ck_assert_int_eq(*c, '?');
		server_stop(server);
	}
}
END_TEST

/* In pieces, whose ends lie within characters. */
START_TEST(a_large_text_is_converted)
{
	enum { LENGTH = 100000 };
	char *text = memory_alloc(3 * LENGTH + 1), *result = memory_alloc(3 * LENGTH + 1);

	for (int i = 0; i < LENGTH; i++) {
		memcpy(text + 3 * i, "x\u0430", 3);
		memcpy(result + 2 * i, "x\xc1", 2);
	}
	text[3 * LENGTH] = result[2 * LENGTH] = '\0';

	struct server *server = converting("utf-8", "koi8-r");

	put_file(server, "a.txt", text);
	ck_assert(strcmp(get(server, "/a.txt").body, result) == 0);
	server_stop(server);
	server = converting("koi8-r", "utf-8");
	put_file(server, "a.txt", result);
	ck_assert(strcmp(get(server, "/a.txt").body, text) == 0);
	server_stop(server);
}
END_TEST

/* The bytes that it has are not those of the file. */
START_TEST(a_converted_text_has_a_weak_tag_and_no_ranges)
{
	struct server *server = converting("koi8-r", "windows-1251");

	put_file(server, "a.txt", "a\xc1");

	struct reply reply = ask(server, "/a.txt", .fields = "Range: bytes=0-0\r\n");

	ck_assert_int_eq(reply.status, 200);
	ck_assert_int_eq(strncmp(reply_header(&reply, "ETag"), "W/", 2), 0);
	ck_assert_str_eq(reply_header(&reply, "Content-Length"), "2");
	reply = ask(server, "/a.txt", .method = "HEAD");
	ck_assert_str_eq(reply_header(&reply, "Content-Length"), "2");
	server_stop(server);
	server = converting("koi8-r", "utf-8");
	put_file(server, "a.txt", "a\xc1");
	reply = ask(server, "/a.txt", .method = "HEAD");
	ck_assert_ptr_null(reply_header(&reply, "Content-Length"));
	server_stop(server);
}
END_TEST

START_TEST(a_charset_splits_no_field)
{
	struct server *server = inproc_with("location ~ (?s)^/(.*)$ { charset $1; return 200 x; }");
	struct reply reply = get(server, "/a%0d%0aX-Injected:y");

	ck_assert_int_eq(reply.status, 200);
	ck_assert_ptr_null(reply_header(&reply, "X-Injected"));
	server_stop(server);
}
END_TEST

START_TEST(mistakes_are_named)
{
	static const char *const cases[][2] = {
		{ "charset utf-8; source_charset koi8-r;", "there is no \"charset_map\" between" },
		{ "charset_map a A { }", "both charsets are \"A\"" },
		{ "charset_map utf-8 a { }", "utf-8 stands first" },
		{ "charset_map a b { } charset_map a b { }", "there is a map between" },
		{ "charset_map a b { } charset_map b a { }", "there is a map between" },
		{ "charset_map a b { 80; }", "expected two characters" },
		{ "charset_map a b { 80 81 82; }", "expected two characters" },
		{ "charset_map a b { 808 81; }", "\"808\" is not a character" },
		{ "charset_map a b { 80 8G; }", "\"8G\" is not a character" },
		{ "charset_map a b { 8081 80; }", "has one byte" },
		{ "charset_map a b { 80 8081; }", "has one byte" },
		{ "charset_map a utf-8 { 80 D0; }", "\"D0\" is not a character in UTF-8" },
		{ "charset_map a utf-8 { 80 D0B0D0B0; }", "is not a character in UTF-8" },
		{ "charset_map a utf-8 { 80 0102030405; }", "is not a character" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *conf = memory_printf(
			"http { %s server { listen 127.0.0.1:%%PORT%%; } }", cases[i][0]);
		const char *output = inproc_fails(conf);

		ck_assert_msg(strstr(output, cases[i][1]), "%s: %s", cases[i][0], output);
	}
}
END_TEST

TESTS("charset", texts_have_a_charset, texts_are_converted, a_large_text_is_converted,
      a_converted_text_has_a_weak_tag_and_no_ranges, a_charset_splits_no_field, mistakes_are_named)
