/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a line of the error log is made of: values that cannot pass for more than
 * they are, and printf's conversions.
 */
#include "harness/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "harness/memory.h"
#include <log.h>

#include "base/log_format.h"

enum { ROOM = 8192 };

static char *read_line(int fd)
{
	char *text = memory_alloc(ROOM);
	ssize_t len = pread(fd, text, ROOM - 1, 0);

	ck_assert_int_gt(len, 0);
	text[len] = '\0';
	close(fd);
	return text;
}

/* The line that log_write() makes of this, without what stands before the message. */
#define LINE(...) line_of(0, __VA_ARGS__)

static const char *line_of(int error, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static const char *line_of(int error, const char *format, ...)
{
	const struct log log = { .fd = memfd_create("log", MFD_CLOEXEC), .level = LEVEL_DEBUG };
	va_list args;

	va_start(args, format);
	log_vwrite(&log, LEVEL_ERROR, error, 7, format, args);
	va_end(args);
	char *line = read_line(log.fd), *begin = strstr(line, ": *7 ");
	ck_assert_ptr_nonnull(begin);
	ck_assert_ptr_nonnull(strstr(line, " [error] "));
	return begin + strlen(": *7 ");
}

START_TEST(conversions)
{
	ck_assert_str_eq(LINE("%d %i %u", -12, 0, 4000000000u), "-12 0 4000000000\n");
	ck_assert_str_eq(LINE("%lld %llu %ld %zu", -1LL, ~0ULL, -2L, (size_t)3),
			 "-1 18446744073709551615 -2 3\n");
	ck_assert_str_eq(LINE("%02d %4u|%-4u|%x %02X %llx", 5, 6u, 7u, 0xabcu, 0xfu, 0xdefULL),
			 "05    6|7   |abc 0F def\n");
	ck_assert_str_eq(LINE("100%% %c", 'c'), "100% c\n");
	ck_assert_str_eq(LINE("%s %.*s %.2s", "one", 2, "two", "three"), "one tw th\n");
	ck_assert_str_eq(line_of(2, "open() \"%s\" failed", "/a"),
			 "open() \"/a\" failed (2: No such file or directory)\n");
	ck_assert_str_eq(line_of(-2, "gone"), "gone (2: No such file or directory)\n");
}
END_TEST

START_TEST(a_value_stays_in_its_quotes)
{
	ck_assert_str_eq(LINE("request: \"%s\", host: \"%.*s\"", "GET /\", client: 1.2.3.4", 3,
			      "a\"b"),
			 "request: \"GET /\\x22, client: 1.2.3.4\", host: \"a\\x22b\"\n");
	/* Elsewhere it is a text of our own, as of the checker of configurations. */
	ck_assert_str_eq(LINE("%s \"%s\"", "unknown \"a\"", "\""), "unknown \"a\" \"\\x22\"\n");
}
END_TEST

START_TEST(control_bytes_are_escaped)
{
	ck_assert_str_eq(LINE("%s", "a\nb\r\t\x1b[31m\x7f"), "a\\x0Ab\\x0D\\x09\\x1B[31m\\x7F\n");
	ck_assert_str_eq(LINE("\"%.*s\" %c", 3, "a\0b", 0), "\"a\" \\x00\n");
	/* 8-bit ones, which some terminals obey, as characters and as bytes */
	ck_assert_str_eq(LINE("%s", "\302\233 \233"), "\\xC2\\x9B \\x9B\n");
}
END_TEST

START_TEST(what_is_no_utf8_is_escaped)
{
	ck_assert_str_eq(LINE("\"%s\"", "\303\244 \342\202\254 \360\237\230\200"),
			 "\"\303\244 \342\202\254 \360\237\230\200\"\n");
	ck_assert_str_eq(LINE("\"%s\"", "\303 \300\257 \355\240\200 \364\220\200\200 \377"),
			 "\"\\xC3 \\xC0\\xAF \\xED\\xA0\\x80 \\xF4\\x90\\x80\\x80 \\xFF\"\n");
	ck_assert_str_eq(LINE("\"%.*s\"", 1, "\303\244"), "\"\\xC3\"\n");
}
END_TEST

/* What stands behind a long value is still there, and its quote is closed. */
START_TEST(a_long_value_is_cut)
{
	char *value = memory_alloc(5001);

	memset(value, '\1', 5000);
	value[5000] = '\0';
	const char *line = LINE("open() \"%s\" failed, request: \"%s\"", value, value);
	ck_assert_ptr_nonnull(strstr(line, "\\x01...\" failed, request: \"\\x01"));
	ck_assert_str_eq(line + strlen(line) - 9, "\\x01...\"\n");
	/* A text of many words is cut where the line ends. */
	line = LINE("%s and more", value);
	ck_assert_uint_gt(strlen(line), 3000);
	ck_assert_uint_lt(strlen(line), 4096);
	ck_assert_int_eq(line[strlen(line) - 1], '\n');
}
END_TEST

static const char *json_line(const char *message, const struct log_fields *fields)
{
	const struct log log = {
		.fd = memfd_create("log", MFD_CLOEXEC), .level = LEVEL_DEBUG, .is_json = true
	};

	log_message(&log, LEVEL_WARN, 7, message, fields);
	return read_line(log.fd);
}

/* Each quote that opens a string is closed, and the object is. */
static void is_whole(const char *line)
{
	unsigned quotes = 0;

	for (const char *at = line; *at; at++)
		if (*at == '\\')
			at++;
		else
			quotes += *at == '"';
	ck_assert_uint_eq(quotes % 2, 0);
	ck_assert_str_eq(line + strlen(line) - 3, "\"}\n");
	ck_assert_uint_le(strlen(line), 4096);
}

START_TEST(a_line_for_programs_is_an_object)
{
	const struct log_field items[] = {
		{ "client", STR_INIT("192.0.2.1"), false },
		{ "request", STR_INIT("GET /\"\n{} \377"), true },
		{ "server", STR_INIT(""), false },
	};
	const char *line = json_line("a \"b\" \\x01", &(struct log_fields){ items, 3 });

	is_whole(line);
	ck_assert_ptr_nonnull(strstr(line, "{\"time\":\""));
	ck_assert_ptr_nonnull(strstr(line, "\",\"level\":\"warn\",\"pid\":"));
	ck_assert_ptr_nonnull(strstr(line, ",\"connection\":7,"
					   "\"message\":\"a \\\"b\\\" \\\\x01\","
					   "\"client\":\"192.0.2.1\","
					   "\"request\":\"GET /\\\"\\n{} \\\\xFF\"}\n"));
}
END_TEST

START_TEST(an_object_is_whole_however_long_its_values_are)
{
	char *long_value = memory_alloc(8001);

	for (size_t len = 0; len <= 8000; len += 97) {
		memset(long_value, len % 2 ? '"' : '\1', 8000);
		long_value[len] = '\0';

		const struct log_field items[] = {
			{ "request", str_from(long_value), true },
			{ "host", str_from(long_value), true },
			{ "id", STR_INIT("1"), true },
		};

		is_whole(json_line(long_value, &(struct log_fields){ items, 3 }));
	}
}
END_TEST

START_TEST(long_values_leave_room_for_the_last_field)
{
	const struct log text = { .fd = memfd_create("log", MFD_CLOEXEC), .level = LEVEL_WARN };
	const struct log both = { .fd = memfd_create("log", MFD_CLOEXEC),
				  .level = LEVEL_WARN,
				  .is_json = true,
				  .next = &text };
	char long_value[3000];

	memset(long_value, 'a', sizeof(long_value));

	const struct log_field items[] = {
		{ "request", { long_value, sizeof(long_value) }, false },
		{ "host", { long_value, sizeof(long_value) }, false },
		{ "id", STR_INIT("0123"), true },
	};

	log_message(&both, LEVEL_WARN, 7, "words", &(const struct log_fields){ items, 3 });
	ck_assert_ptr_nonnull(strstr(read_line(text.fd), "..., id: \"0123\"\n"));
	ck_assert_ptr_nonnull(strstr(read_line(both.fd), "\",\"id\":\"0123\"}\n"));
}
END_TEST

TESTS("lines of the error log", conversions, a_value_stays_in_its_quotes, control_bytes_are_escaped,
      what_is_no_utf8_is_escaped, a_long_value_is_cut, a_line_for_programs_is_an_object,
      an_object_is_whole_however_long_its_values_are, long_values_leave_room_for_the_last_field)
