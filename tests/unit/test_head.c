/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Heads of requests: where they end, which lines are refused, what they say
 * about the body.
 */
#include "harness/test.h"

#include <ctype.h>
#include <field.h>
#include <stdio.h>

#include "http/h1/head.h"
#include "http/request/request_private.h"
#include "http/field/status.h"

#define ck_assert_str(got, want) \
	ck_assert_msg(str_eq(got, str_from(want)), "\"%.*s\" instead of \"%s\"", STR_ARG(got), want)

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

/* Names and values of all lengths up to this one are read: some blocks and what is left of one. */
enum { LONGEST = 40 };

static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/* The text at the end of a room, where ASan sees each byte that is read behind it. */
static struct str at_the_end(struct str text)
{
	static char room[512];
	char *begin = room + sizeof(room) - text.len;

	memcpy(begin, text.data, text.len);
	return (struct str){ begin, text.len };
}

static enum head_state scan(struct head_scan *scan, const char *text)
{
	*scan = (struct head_scan){ 0 };
	return head_scan(scan, text, strlen(text));
}

START_TEST(finds_the_end)
{
	struct head_scan s;
	const char *head = "GET / HTTP/1.1\r\nHost: a\r\nLonger: value\r\n\r\nbody";

	ck_assert_int_eq(scan(&s, head), HEAD_COMPLETE);
	ck_assert_uint_eq(s.end, strlen(head) - 4);
	ck_assert_uint_eq(s.lines, 2);
	ck_assert_uint_eq(s.longest, strlen("Longer: value"));
	ck_assert_str(head_request_line(&s, head), "GET / HTTP/1.1");
	ck_assert_str(head_fields(&s, head), "Host: a\r\nLonger: value\r\n\r\n");
}
END_TEST

START_TEST(accepts_bare_line_feeds)
{
	struct head_scan s;
	const char *head = "GET / HTTP/1.1\nHost: a\n\n";
	struct field_line line;
	struct str rest;

	ck_assert_int_eq(scan(&s, head), HEAD_COMPLETE);
	rest = head_fields(&s, head);
	ck_assert(head_next_field(&rest, &line));
	ck_assert(line.is_valid);
	ck_assert_str(line.value, "a");
	ck_assert(!head_next_field(&rest, &line));
}
END_TEST

START_TEST(goes_on_with_every_byte)
{
	const char *head = "\r\n\nGET / HTTP/1.1\r\nHost: a\r\nA: b\r\n\r\n";
	size_t line_known = strlen("\r\n\nGET / HTTP/1.1\r\n");
	struct head_scan s = { 0 };

	for (size_t len = 0; len < strlen(head); len++) {
		ck_assert_int_eq(head_scan(&s, head, len), HEAD_MORE);
		ck_assert_int_eq(s.line_end != 0, len >= line_known);
	}
	ck_assert_int_eq(head_scan(&s, head, strlen(head)), HEAD_COMPLETE);
	ck_assert_uint_eq(s.end, strlen(head));
	ck_assert_str(head_request_line(&s, head), "GET / HTTP/1.1");
}
END_TEST

START_TEST(finds_lines_of_every_length)
{
	const char *ends[] = { "\n", "\r\n" };
	char text[4 * LONGEST];

	for (int len = 0; len < LONGEST * LONGEST; len++) {
		int first = len / LONGEST + 1, second = len % LONGEST;
		const char *end = ends[len % 2];

		snprintf(text, sizeof(text), "%.*s%s%.*s%s%s", first, letters, end, second, letters,
			 end, second ? end : "");

		struct str head = at_the_end(str_from(text));
		struct head_scan s = { 0 };

		ck_assert_int_eq(head_scan(&s, head.data, head.len), HEAD_COMPLETE);
		ck_assert_uint_eq(s.line_end, first);
		ck_assert_uint_eq(s.fields, (size_t)first + strlen(end));
		ck_assert_uint_eq(s.longest, second);
		ck_assert_uint_eq(s.lines, second > 0);
		ck_assert_uint_eq(s.end, head.len);
	}
}
END_TEST

START_TEST(bounds_empty_lines)
{
	char head[2 * HEAD_EMPTY_LINES + 3] = "";
	struct head_scan s;

	for (int i = 0; i < HEAD_EMPTY_LINES; i++)
		memcpy(head + strlen(head), "\r\n", 3);
	ck_assert_int_eq(scan(&s, head), HEAD_MORE);
	memcpy(head + strlen(head), "\r\n", 3);
	ck_assert_int_eq(scan(&s, head), HEAD_BAD);
}
END_TEST

static const struct {
	const char *line;
	int status;
} request_lines[] = {
	{ "GET / HTTP/1.1", 0 },
	{ "GET / HTTP/1.0", 0 },
	{ "GET / HTTP/1.7", 0 },
	{ "M-SEARCH / HTTP/1.1", 0 },
	{ "GET  /   HTTP/1.1  ", 0 },
	{ "GET /\xc3\xa4 HTTP/1.1", 0 },
	{ "GET /", 400 },
	{ "GET / ", 400 },
	{ "GET", 400 },
	{ " GET / HTTP/1.1", 400 },
	{ "GET\t/ HTTP/1.1", 400 },
	{ "GET /\tHTTP/1.1", 400 },
	{ "GET /a b HTTP/1.1", 400 },
	{ "GET /a\rb HTTP/1.1", 400 },
	{ "GET / HTTP/1.1\r", 400 },
	{ "GET /a\x7f HTTP/1.1", 400 },
	{ "G(T / HTTP/1.1", 400 },
	{ "GET / HTTP/0.9", 400 },
	{ "GET / HTTP/1", 400 },
	{ "GET / HTTP/1.", 400 },
	{ "GET / HTTP/1.11", 400 },
	{ "GET / http/1.1", 400 },
	{ "GET / HTTP/11", 400 },
	{ "PRI * HTTP/2.0", 505 },
	{ "GET / HTTP/3.0", 505 },
	{ "\x16\x03\x01\x02", 400 },
};

START_TEST(parses_request_lines)
{
	struct request_line line;

	for (size_t i = 0; i < sizeof(request_lines) / sizeof(request_lines[0]); i++)
		ck_assert_msg(request_line_parse(str_from(request_lines[i].line), &line) ==
				      request_lines[i].status,
			      "%s", request_lines[i].line);

	ck_assert_int_eq(request_line_parse(STR("HEAD /a?b HTTP/1.0"), &line), 0);
	ck_assert_int_eq(line.method, METHOD_HEAD);
	ck_assert_int_eq(line.version, HTTP_1_0);
	ck_assert_str(line.target, "/a?b");
	ck_assert_int_eq(request_line_parse(STR("get / HTTP/1.9"), &line), 0);
	ck_assert_int_eq(line.method, METHOD_OTHER);
	ck_assert_int_eq(line.version, HTTP_1_1);
}
END_TEST

START_TEST(judges_each_byte_of_a_target)
{
	char text[LONGEST + sizeof("GET  HTTP/1.1")];
	struct request_line line;

	for (int len = 1; len <= LONGEST; len++) {
		size_t text_len =
			(size_t)snprintf(text, sizeof(text), "GET %.*s HTTP/1.1", len, letters);

		for (int place = 0; place < len; place++) {
			for (int c = 0; c < 256; c++) {
				bool good = c > ' ' && c != 0x7f;

				text[4 + place] = (char)c;
				/* The first or the last space is one of two then. */
				if (c == ' ' && (place == 0 || place == len - 1))
					good = len > 1;

				struct str whole = at_the_end((struct str){ text, text_len });
				int status = request_line_parse(whole, &line);

				ck_assert_msg(status == (good ? 0 : 400), "byte %d at %d of %d", c,
					      place, len);
				if (good && c != ' ')
					ck_assert_uint_eq(line.target.len, len);
			}
			text[4 + place] = 'a';
		}
	}
}
END_TEST

/* How many bytes have come when it is refused, if they come one by one; 0: it is not. */
static size_t refused_at(struct str text)
{
	struct head_scan s = { 0 };

	for (size_t len = 1; len <= text.len; len++) {
		head_scan(&s, text.data, len);
		if (!head_is_possible(&s, text.data))
			return len;
	}
	return 0;
}

START_TEST(refuses_what_becomes_no_request_line)
{
	ck_assert_uint_eq(refused_at(STR("\x16\x03\x01")), 1);
	ck_assert_uint_eq(refused_at(STR("\0\0\0\x2f")), 1);
	ck_assert_uint_eq(refused_at(STR("{\"a\":1}")), 1);
	ck_assert_uint_eq(refused_at(STR(" GET")), 1);
	ck_assert_uint_eq(refused_at(STR("GET\t/")), 4);
	ck_assert_uint_eq(refused_at(STR("\r\n\r\nG(T")), 6);
	ck_assert_uint_eq(refused_at(STR("\rGET")), 2);
	ck_assert_uint_eq(refused_at(STR("GET /a\0b")), 7);
	ck_assert_uint_eq(refused_at(STR("GET /a\rb")), 8);

	ck_assert_uint_eq(refused_at(STR("\n\r\nM-SEARCH  /a\xff(  HTTP/1.1  \r\nA: \0")), 0);
	for (size_t i = 0; i < COUNT(request_lines); i++)
		if (request_lines[i].status == 0)
			ck_assert_uint_eq(refused_at(str_from(request_lines[i].line)), 0);
}
END_TEST

/* However many pieces there are, no byte is looked at twice. */
START_TEST(judges_each_byte_once)
{
	struct head_scan s = { 0 };
	char text[] = "GET /aaaa";

	head_scan(&s, text, sizeof(text) - 2);
	ck_assert(head_is_possible(&s, text));
	memset(text, 0, sizeof(text) - 2);
	head_scan(&s, text, sizeof(text) - 1);
	ck_assert(head_is_possible(&s, text));
}
END_TEST

START_TEST(refuses_nul_in_the_request_line)
{
	struct request_line line;

	ck_assert_int_eq(request_line_parse(STR("GET /\0 HTTP/1.1"), &line), 400);
}
END_TEST

/* Whether the first line is; `text` lacks the last LF. */
static bool is_valid(struct str text, struct field_line *line)
{
	char lines[256];
	struct str whole = { lines, text.len + 1 };

	*str_put(lines, text) = '\n';
	whole = at_the_end(whole);
	return head_next_field(&whole, line) && line->is_valid;
}

START_TEST(parses_fields)
{
	struct field_line line;

	ck_assert(is_valid(STR("Host:\t a b \t"), &line));
	ck_assert_str(line.name, "Host");
	ck_assert_str(line.value, "a b");
	ck_assert(!line.is_unusual);
	ck_assert(is_valid(STR("Empty:"), &line));
	ck_assert_str(line.value, "");
	ck_assert_ptr_nonnull(line.value.data);
	ck_assert(is_valid(STR("X: a\tb\xff\x80\xe4"), &line));
	ck_assert(is_valid(STR("X_Y: a"), &line));
	ck_assert(line.is_unusual);
}
END_TEST

START_TEST(takes_field_after_field)
{
	struct str rest = STR("A: 1\r\nBlank: \t \r\nC:\tlong\tand 1234567890 \nD: 4\r\n\r\nno");
	const char *values[] = { "1", "", "long\tand 1234567890", "4" };
	struct field_line line;

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		ck_assert(head_next_field(&rest, &line));
		ck_assert(line.is_valid);
		ck_assert_str(line.value, values[i]);
	}
	ck_assert(!head_next_field(&rest, &line));
}
END_TEST

START_TEST(refuses_fields)
{
	const struct str lines[] = {
		STR(" folded"),	       STR("\tfolded: x"), STR("Host : a"),    STR(": a"),
		STR("no colon"),       STR("H\xe4st: a"),  STR("Host\t: a"),   STR("X: a\rb"),
		STR("X: 12345678\0z"), STR("X: a\x7f"),	   STR("X: \x01"),     STR("X: a\r\r"),
		STR("X: a\r\r\n"),     STR("\rX: a\r\n"),  STR("no\n: colon"),
	};
	struct field_line line;

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		ck_assert_msg(!is_valid(lines[i], &line), "%.*s", STR_ARG(lines[i]));
}
END_TEST

START_TEST(takes_fields_of_every_length)
{
	const char *ends[] = { "\n", "\r\n" }, *blanks[] = { "", " ", "\t ", "  \t" };
	char text[4 * LONGEST];
	struct field_line line;

	for (int name = 1; name <= LONGEST; name++) {
		for (int value = 0; value <= LONGEST; value++) {
			const char *end = ends[value % 2], *blank = blanks[(name + value) % 4];

			snprintf(text, sizeof(text), "%.*s:%s%.*s%s%s%s", name, letters, blank,
				 value, letters, blank, end, end);

			struct str rest = at_the_end(str_from(text));

			ck_assert(head_next_field(&rest, &line) && line.is_valid);
			ck_assert(str_eq(line.name, str_head(STR(letters), (size_t)name)));
			ck_assert(str_eq(line.value, str_head(STR(letters), (size_t)value)));
			ck_assert_str(rest, end);
			ck_assert(!head_next_field(&rest, &line));
		}
	}
}
END_TEST

static bool may_stand_in_name(int c)
{
	return c < 0x80 && (isalnum(c) || (c && strchr("!#$%&'*+-.^_`|~", c)));
}

START_TEST(judges_each_byte_of_a_name)
{
	char text[2 * LONGEST];
	struct field_line line;

	for (int len = 1; len <= LONGEST; len++) {
		size_t text_len = (size_t)snprintf(text, sizeof(text), "%.*s: a", len, letters);

		for (int place = 0; place < len; place++) {
			for (int c = 0; c < 256; c++) {
				bool good = may_stand_in_name(c) || (c == ':' && place > 0);

				text[place] = (char)c;
				ck_assert_msg(is_valid((struct str){ text, text_len }, &line) ==
						      good,
					      "byte %d at %d of %d", c, place, len);
				if (!good)
					continue;
				ck_assert_uint_eq(line.name.len, c == ':' ? place : len);
				ck_assert(line.is_unusual == (c != ':' && c != '-' && !isalnum(c)));
			}
			text[place] = 'a';
		}
	}
}
END_TEST

/* Every byte at every place of a value is judged as the byte alone is. */
START_TEST(judges_each_byte_of_a_value)
{
	char line[] = "X: v0123456789abcdefghijklmnopw";
	struct str text = { line, strlen(line) };
	struct field_line found;

	for (int c = 0; c < 256; c++) {
		bool good = c == '\t' || (c >= ' ' && c != 0x7f);

		for (size_t i = 4; i < text.len - 1; i++) {
			char kept = line[i];
			line[i] = (char)c;
			bool valid = is_valid(text, &found);
			ck_assert_msg(valid == (good || c == '\n'), "byte %d at %zu", c, i);
			if (valid && c == '\n')
				ck_assert_uint_eq(found.value.len, i - 3);
			line[i] = kept;
		}
	}
}
END_TEST

START_TEST(keeps_known_fields)
{
	struct request_known known = { 0 };

	ck_assert_int_eq(request_known_set(&known, STR("HOST"), STR("a")), 0);
	ck_assert_int_eq(request_known_set(&known, STR("If-Range"), STR("b")), 0);
	ck_assert_int_eq(request_known_set(&known, STR("if-match"), STR("c")), 0);
	ck_assert_int_eq(request_known_set(&known, STR("If-Match"), STR("d")), 0);
	ck_assert_int_eq(request_known_set(&known, STR("If-Unmodified-Since"), STR("e")), 0);
	ck_assert_int_eq(request_known_set(&known, STR("X-Something-Longer-Than-All"), STR("x")),
			 0);
	ck_assert_int_eq(request_known_set(&known, STR("hos\x54"), STR("x")), 400);
	ck_assert_str(known.host, "a");
	ck_assert_str(known.if_range, "b");
	ck_assert_str(known.if_match, "c");
	ck_assert_str(known.if_unmodified_since, "e");
	ck_assert_ptr_null(known.range.data);
}
END_TEST

/* What is kept of a field with this name: an x, or nothing. */
static struct request_known keep(const char *name)
{
	struct request_known known = { 0 };

	ck_assert_int_eq(request_known_set(&known, at_the_end(str_from(name)), STR("x")), 0);
	return known;
}

START_TEST(knows_whole_names_only)
{
	static const char *names[] = {
		"Host",
		"Range",
		"Expect",
		"Referer",
		"If-Range",
		"If-Match",
		"Connection",
		"User-Agent",
		"If-None-Match",
		"Authorization",
		"Content-Length",
		"Accept-Encoding",
		"If-Modified-Since",
		"Transfer-Encoding",
		"If-Unmodified-Since",
	};
	const struct request_known none = { 0 };
	char name[32];

	for (size_t i = 0; i < COUNT(names); i++) {
		struct request_known kept = keep(names[i]);

		ck_assert(memcmp(&kept, &none, sizeof(none)) != 0);
		for (size_t at = 0; at < strlen(names[i]); at++) {
			char c = names[i][at];

			strcpy(name, names[i]);
			name[at] = (char)(islower(c) ? toupper(c) : tolower(c));
			struct request_known same = keep(name);
			name[at] = '0';
			struct request_known other = keep(name);

			ck_assert_msg(memcmp(&same, &kept, sizeof(kept)) == 0, "%s, %zu", name, at);
			ck_assert_msg(memcmp(&other, &none, sizeof(none)) == 0, "%s", name);
		}
	}
}
END_TEST

START_TEST(refuses_second_fields_of_framing)
{
	const struct str names[] = { STR("Host"), STR("Content-Length"), STR("Transfer-Encoding"),
				     STR("Expect") };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct request_known known = { 0 };

		ck_assert_int_eq(request_known_set(&known, names[i], STR("")), 0);
		ck_assert_int_eq(request_known_set(&known, names[i], STR("")), 400);
	}
}
END_TEST

static const struct {
	const char *length, *coding;
	enum http_version version;
	int status, kind;
	uint64_t bytes;
} framings[] = {
	{ NULL, NULL, HTTP_1_1, 0, FRAMING_NONE, 0 },
	{ "0", NULL, HTTP_1_1, 0, FRAMING_NONE, 0 },
	{ "17", NULL, HTTP_1_0, 0, FRAMING_LENGTH, 17 },
	{ "9223372036854775807", NULL, HTTP_1_1, 0, FRAMING_LENGTH, INT64_MAX },
	{ "9223372036854775808", NULL, HTTP_1_1, 400, 0, 0 },
	{ "99999999999999999999999", NULL, HTTP_1_1, 400, 0, 0 },
	{ "", NULL, HTTP_1_1, 400, 0, 0 },
	{ "-1", NULL, HTTP_1_1, 400, 0, 0 },
	{ "+1", NULL, HTTP_1_1, 400, 0, 0 },
	{ "5, 5", NULL, HTTP_1_1, 400, 0, 0 },
	{ "0x5", NULL, HTTP_1_1, 400, 0, 0 },
	{ NULL, "chunked", HTTP_1_1, 0, FRAMING_CHUNKED, 0 },
	{ NULL, "Chunked", HTTP_1_1, 0, FRAMING_CHUNKED, 0 },
	{ NULL, "chunked", HTTP_1_0, 400, 0, 0 },
	{ "5", "chunked", HTTP_1_1, 400, 0, 0 },
	{ NULL, "chunked, chunked", HTTP_1_1, 400, 0, 0 },
	{ NULL, "", HTTP_1_1, 400, 0, 0 },
	{ NULL, "gzip, chunked", HTTP_1_1, 501, 0, 0 },
	{ NULL, "identity", HTTP_1_1, 501, 0, 0 },
	{ NULL, "xchunked", HTTP_1_1, 501, 0, 0 },
	{ NULL, "chunked;q=1", HTTP_1_1, 501, 0, 0 },
	{ NULL, "chunked,", HTTP_1_1, 400, 0, 0 },
	{ NULL, ",chunked", HTTP_1_1, 400, 0, 0 },
	{ NULL, " , chunked ,, ", HTTP_1_1, 400, 0, 0 },
	{ NULL, ",", HTTP_1_1, 400, 0, 0 },
};

START_TEST(finds_the_framing)
{
	for (size_t i = 0; i < sizeof(framings) / sizeof(framings[0]); i++) {
		struct request_known known = {
			.content_length = str_from(framings[i].length),
			.transfer_encoding = str_from(framings[i].coding),
		};
		struct framing framing;

		ck_assert_msg(framing_find(&known, framings[i].version, &framing) ==
				      framings[i].status,
			      "row %zu", i);
		if (framings[i].status != 0)
			continue;
		ck_assert_int_eq(framing.kind, framings[i].kind);
		ck_assert_uint_eq(framing.length, framings[i].bytes);
	}
}
END_TEST

START_TEST(knows_persistence)
{
	struct request_known none = { 0 };
	struct request_known closes = { .connection = STR("foo, Close") };
	struct request_known keeps = { .connection = STR("Keep-Alive") };

	ck_assert_int_eq(request_known_set(&keeps, STR("Connection"), STR("x, close")), 0);
	ck_assert(!head_keeps_alive(&keeps, HTTP_1_1));
	ck_assert_int_eq(request_known_set(&keeps, STR("Connection"), STR("Keep-Alive")), 0);
	ck_assert(!head_keeps_alive(&keeps, HTTP_1_1));
	keeps.connection = STR("Keep-Alive");
	ck_assert(head_keeps_alive(&none, HTTP_1_1));
	ck_assert(!head_keeps_alive(&none, HTTP_1_0));
	ck_assert(!head_keeps_alive(&closes, HTTP_1_1));
	ck_assert(head_keeps_alive(&keeps, HTTP_1_0));
	ck_assert(!head_expects_continue(&none, HTTP_1_1));
	none.expect = STR("100-Continue");
	ck_assert(head_expects_continue(&none, HTTP_1_1));
	ck_assert(!head_expects_continue(&none, HTTP_1_0));
}
END_TEST

START_TEST(reads_lists)
{
	struct str rest = STR(" a ,, \tb,"), element;

	ck_assert(list_next(&rest, &element));
	ck_assert_str(element, "a");
	ck_assert(list_next(&rest, &element));
	ck_assert_str(element, "b");
	ck_assert(!list_next(&rest, &element));
	ck_assert(list_has(STR("x, CLOSE"), STR("close")));
	ck_assert(!list_has(STR("closed"), STR("close")));
	ck_assert(!list_has(STR(""), STR("close")));
}
END_TEST

START_TEST(names_statuses)
{
	ck_assert_str(status_reason(200), "OK");
	ck_assert_str(status_reason(451), "Unavailable For Legal Reasons");
	ck_assert_str(status_reason(299), "");
	ck_assert_str(status_reason(-1), "");
	ck_assert_str(status_reason(100000), "");
	ck_assert_int_eq(status_on_wire(494), 400);
	ck_assert_int_eq(status_on_wire(404), 404);
	ck_assert(!status_has_body(304));
	ck_assert(status_has_body(404));
}
END_TEST

TESTS("head", finds_the_end, accepts_bare_line_feeds, goes_on_with_every_byte,
      finds_lines_of_every_length, bounds_empty_lines, parses_request_lines,
      judges_each_byte_of_a_target, refuses_what_becomes_no_request_line, judges_each_byte_once,
      refuses_nul_in_the_request_line, parses_fields, takes_field_after_field, refuses_fields,
      takes_fields_of_every_length, judges_each_byte_of_a_name, judges_each_byte_of_a_value,
      keeps_known_fields, knows_whole_names_only, refuses_second_fields_of_framing,
      finds_the_framing, knows_persistence, reads_lists, names_statuses)
