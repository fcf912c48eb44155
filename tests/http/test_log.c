/* SPDX-License-Identifier: BSD-2-Clause */
/* The access log: formats, escaping, conditions, inheritance; and what hello responds with. */
#include "http/inproc.h"
#include "harness/memory.h"
#include "harness/test.h"

#include <string.h>

START_TEST(hello_answers_with_its_text)
{
	struct server *server = inproc_with("location = /ping { hello \"pong\\n\"; }");
	struct reply reply = get(server, "/ping");

	ck_assert_int_eq(reply.status, 200);
	ck_assert_str_eq(reply.body, "pong\n");
	ck_assert_str_eq(reply_header(&reply, "Content-Type"), "text/plain");
	server_stop(server);
}
END_TEST

/* A server with further directives at http level, and some places to ask for. */
static struct server *logging(const char *http)
{
	return inproc_start(
		memory_printf("http { %s\n server { listen 127.0.0.1:%%PORT%%; root html;\n"
			      "  location = /a { return 200 abc; }\n"
			      "  location = /quiet { access_log off; return 200 q; }\n"
			      "  location = /own { access_log own.log uri; return 200 o; } } }",
			      http));
}

START_TEST(formats)
{
	struct server *server = logging("log_format uri '$uri $status '\n'$body_bytes_sent';"
					"log_format empty ''; access_log all.log uri;"
					"log_format parts '$status' 'x' $request_method _y;"
					"log_format captures '$12' 'x';"
					"access_log empty.log empty; access_log parts.log parts;");

	get(server, "/a");
	file_becomes(server, "/all.log", "/a 200 3\n");
	file_becomes(server, "/empty.log", "\n");
	file_becomes(server, "/parts.log", "200xGET_y\n");
	ask(server, "/a", .method = "HEAD");
	file_becomes(server, "/all.log", "/a 200 3\n/a 200 0\n");
	server_stop(server);
}
END_TEST

START_TEST(combined_is_built_in)
{
	struct server *server = logging("log_format uri $uri; access_log all.log;");

	ask(server, "/a?b", .fields = "Referer: there\r\nUser-Agent: \"quoted\"\r\n");

	struct deadline p = { 0 };

	while (file_count(server, "/all.log", "\n") == 0)
		deadline_wait(&p, "a line in the log");

	const char *line = file_text(server, "/all.log"), *time = strchr(line, '[');

	ck_assert_msg(time && strncmp(line, "127.0.0.1 - - [", 15) == 0, "%s", line);
	ck_assert_str_eq(strchr(time, ']'),
			 memory_printf("] \"GET /a?b %s\" 200 3 \"there\" \"\\x22quoted\\x22\"\n",
				       inproc_protocol_name()));
	server_stop(server);
}
END_TEST

START_TEST(levels_replace_each_other)
{
	struct server *server =
		logging("log_format uri $uri; access_log one.log uri; access_log two.log uri;");

	get(server, "/quiet");
	get(server, "/own");
	get(server, "/a");
	file_becomes(server, "/one.log", "/a\n");
	file_becomes(server, "/two.log", "/a\n");
	file_becomes(server, "/own.log", "/own\n");
	server_stop(server);
}
END_TEST

START_TEST(conditions)
{
	struct server *server = logging("log_format uri $uri$is_args$args;"
					"access_log all.log uri if=$arg_log;");

	get(server, "/a");
	get(server, "/a?log=0");
	get(server, "/a?log=1");
	file_becomes(server, "/all.log", "/a?log=1\n");
	server_stop(server);
}
END_TEST

/* Each byte at each place of an eight byte word, and behind it. */
START_TEST(escaping)
{
	struct server *server = logging("log_format uri $http_x; log_format n escape=none $http_x;"
					"log_format j escape=json '{\"x\":\"$http_x\"}';"
					"access_log default.log uri; access_log none.log n;"
					"access_log json.log j;");
	static const char *const values[] = { "\"1234567",  "1234567\\",
					      "12345678\"", "\303\244 2345678",
					      "123\t567",   "plain text of some length" };
	char *fields[3] = { "", "", "" };
	static const char *const shown[] = { "\\x221234567",  "1234567\\x5C",
					     "12345678\\x22", "\\xC3\\xA4 2345678",
					     "123\\x09567",   "plain text of some length" };
	static const char *const json[] = { "\\\"1234567",  "1234567\\\\",
					    "12345678\\\"", "\303\244 2345678",
					    "123\\t567",    "plain text of some length" };

	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
		ask(server, "/a", .fields = memory_printf("X: %s\r\n", values[i]));
		fields[0] = memory_printf("%s%s\n", fields[0], shown[i]);
		fields[1] = memory_printf("%s%s\n", fields[1], values[i]);
		fields[2] = memory_printf("%s{\"x\":\"%s\"}\n", fields[2], json[i]);
	}
	get(server, "/a");
	file_becomes(server, "/default.log", memory_printf("%s-\n", fields[0]));
	file_becomes(server, "/none.log", memory_printf("%s\n", fields[1]));
	file_becomes(server, "/json.log", memory_printf("%s{\"x\":\"\"}\n", fields[2]));
	server_stop(server);
}
END_TEST

/* A byte alone, a character cut short, a surrogate, a character, an overlong form. */
START_TEST(json_is_utf8)
{
	struct server *server = logging("log_format uri $uri; log_format j escape=json '$http_x';"
					"access_log json.log j;");

	ask(server, "/a",
	    .fields = "X: \377 \303 \303\244 \355\240\200 \360\237\230\200 \300\257 \342\202\r\n");
	file_becomes(
		server, "/json.log",
		"\\\\xFF \\\\xC3 \303\244 \\\\xED\\\\xA0\\\\x80 \360\237\230\200 \\\\xC0\\\\xAF "
		"\\\\xE2\\\\x82\n");
	server_stop(server);
}
END_TEST

/* A path of `len` letters, `what` in place of the one at `place`. */
static const char *path_with(int len, int place, const char *what)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz";

	return memory_printf("/%.*s%s%.*s", place, letters, what, len - place - 1, letters);
}

/* Many of them: only the first that differs is shown. */
static void check_lines(struct server *server, size_t count, const char *expected)
{
	struct deadline p = { 0 };

	while (file_count(server, "/all.log", "\n") < count)
		deadline_wait(&p, "all lines in the access log");

	const char *logged = file_text(server, "/all.log");

	for (; *expected; expected = strchr(expected, '\n') + 1) {
		size_t len = strcspn(expected, "\n");

		ck_assert_str_eq(memory_printf("%.*s", (int)strcspn(logged, "\n"), logged),
				 memory_printf("%.*s", (int)len, expected));
		logged += len + 1;
	}
}

START_TEST(escaping_at_every_place)
{
	enum { LONGEST = 36, LINES = LONGEST * (LONGEST + 1) / 2 };
	struct server *server = logging("log_format uri $uri; access_log all.log uri;");
	char *expected = memory_alloc(LINES * (LONGEST + 6)), *end = expected;

	for (int len = 1; len <= LONGEST; len++)
		for (int place = 0; place < len; place++) {
			get(server, path_with(len, place, "%22"));
			end = stpcpy(stpcpy(end, path_with(len, place, "\\x22")), "\n");
		}
	check_lines(server, LINES, expected);
	server_stop(server);
}
END_TEST

START_TEST(escaping_of_every_byte)
{
	struct server *server = logging("log_format uri $uri; access_log all.log uri;");
	char *expected = memory_alloc(256 * 64), *end = expected;

	for (int byte = 1; byte < 256; byte++) {
		bool escaped = byte < 0x20 || byte > 0x7e || byte == '"' || byte == '\\';
		const char *shown = memory_printf(escaped ? "\\x%02X" : "%c", byte);

		get(server, path_with(22, 9, memory_printf("%%%02x", byte)));
		end = stpcpy(stpcpy(end, path_with(22, 9, shown)), "\n");
	}
	check_lines(server, 255, expected);
	server_stop(server);
}
END_TEST

/* The second request is delayed, which the line says. */
START_TEST(slow_requests_have_a_log)
{
	struct server *server = inproc_start(
		"http { access_log off; limit_req_zone $server_port zone=z:64k rate=5r/s;"
		"slow_log slow.log 100ms; log_format times $request_times;"
		"slow_log times.log 0 times;"
		"server { listen 127.0.0.1:%PORT%; location = /off { slow_log off; hello ok; }"
		"location = /a { limit_req zone=z burst=5; hello ok; } } }");
	struct deadline p = { 0 };

	get(server, "/a");
	get(server, "/a");
	get(server, "/off");
	while (file_count(server, "/times.log", "\n") < 2 ||
	       file_count(server, "/slow.log", "\n") < 1)
		deadline_wait(&p, "lines in both logs");
	ck_assert_uint_eq(file_count(server, "/slow.log", "\n"), 1);
	ck_assert_uint_eq(file_count(server, "/slow.log", "\"GET /a "), 1);
	ck_assert_uint_eq(file_count(server, "/slow.log", " head=0."), 1);
	ck_assert_uint_eq(file_count(server, "/slow.log", " limit_req=0."), 1);
	ck_assert_uint_eq(file_count(server, "/slow.log", " limit_req=0.0"), 0);
	ck_assert_uint_eq(file_count(server, "/times.log", "head=0."), 2);
	ck_assert_uint_eq(file_count(server, "/times.log", "limit_req="), 1);
	server_stop(server);
}
END_TEST

START_TEST(slow_log_refuses_what_it_cannot_do)
{
	static const char *const bad[][2] = {
		{ "off 5ms", "nothing may stand behind \"off\"" },
		{ "logs/$host.log 5ms", "the path of slow_log cannot have variables" },
		{ "logs/slow.log", "the time is missing" },
		{ "logs/slow.log 5ms none", "there is no log format \"none\" above" },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const char *output =
			inproc_fails(memory_printf("http { slow_log %s; server { } }", bad[i][0]));

		ck_assert_msg(strstr(output, bad[i][1]) != NULL, "%s: %s", bad[i][0], output);
	}
}
END_TEST

TESTS("access log", hello_answers_with_its_text, formats, combined_is_built_in,
      levels_replace_each_other, conditions, escaping, json_is_utf8, escaping_at_every_place,
      escaping_of_every_byte, slow_requests_have_a_log, slow_log_refuses_what_it_cannot_do)
