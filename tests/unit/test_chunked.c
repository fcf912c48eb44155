/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Chunked bodies: what is read, what is refused, however it arrives.
 */
#include "harness/test.h"

#include "http/h1/chunked.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

/* Reads the input in pieces of `step` bytes; the data is collected in `data`. */
static enum chunked_event read_all(struct str input, size_t step, char *data, size_t *rest)
{
	struct chunked body = { 0 };
	enum chunked_event event = CHUNKED_MORE;
	struct str span;

	*data = 0;
	while (input.len > 0 && event != CHUNKED_END && event != CHUNKED_BAD) {
		struct str piece = str_head(input, step);

		input = str_skip(input, piece.len);
		while ((event = chunked_read(&body, &piece, &span)) == CHUNKED_DATA)
			strncat(data, span.data, span.len);
		*rest = piece.len + input.len;
	}
	return event;
}

static const struct {
	const char *input;
	enum chunked_event event;
	const char *data;
	size_t rest;
} bodies[] = {
	{ "5\r\nhello\r\n0\r\n\r\n", CHUNKED_END, "hello", 0 },
	{ "5\r\nhello\r\n0\r\n\r\nGET /", CHUNKED_END, "hello", 5 },
	{ "2\r\nab\r\n00001\r\nc\r\nA\r\n0123456789\r\n0\r\n\r\n", CHUNKED_END,
	  "abc0123456789", 0 },
	{ "0\r\n\r\n", CHUNKED_END, "", 0 },
	{ "1;a=b\r\nx\r\n0;c\r\n\r\n", CHUNKED_END, "x", 0 },
	{ "1 ; a=\"b\"\r\nx\r\n0\r\n\r\n", CHUNKED_END, "x", 0 },
	{ "0\r\nTrailer: a\r\nOther: b\r\n\r\nrest", CHUNKED_END, "", 4 },
	{ "5\r\nhel", CHUNKED_MORE, "hel", 0 },
	{ "0\r\n", CHUNKED_MORE, "", 0 },
	{ "7fffffffffffffff\r\na", CHUNKED_MORE, "a", 0 },
	{ "8000000000000000\r\na", CHUNKED_BAD, "", 3 },
	{ "fffffffffffffffff\r\na", CHUNKED_BAD, "", 4 },
	{ "\r\n", CHUNKED_BAD, "", 1 },
	{ "5\nhello\n0\n\n", CHUNKED_BAD, "", 9 },
	{ "5\r\nhello\n0\r\n\r\n", CHUNKED_BAD, "hello", 5 },
	{ "5\r\nhelloX", CHUNKED_BAD, "hello", 0 },
	{ "5\rX", CHUNKED_BAD, "", 0 },
	{ "0x5\r\n", CHUNKED_BAD, "", 3 },
	{ "+5\r\n", CHUNKED_BAD, "", 3 },
	{ " 5\r\n", CHUNKED_BAD, "", 3 },
	{ "5 \r\n", CHUNKED_BAD, "", 1 },
	{ "5 5\r\n", CHUNKED_BAD, "", 2 },
	{ ";a\r\n", CHUNKED_BAD, "", 3 },
	{ "0;a\n\r\n", CHUNKED_BAD, "", 2 },
	{ "0\r\n folded\r\n\r\n", CHUNKED_BAD, "", 10 },
	{ "0\r\na: b\n\r\n", CHUNKED_BAD, "", 2 },
	{ "0\r\na: b\r\n\rX", CHUNKED_BAD, "", 0 },
};

START_TEST(reads_bodies)
{
	char data[64];
	size_t rest = 0;

	for (size_t i = 0; i < COUNT(bodies); i++) {
		struct str input = str_from(bodies[i].input);

		for (size_t step = 1; step <= input.len; step++) {
			ck_assert_msg(read_all(input, step, data, &rest) == bodies[i].event,
				      "row %zu by %zu bytes", i, step);
			ck_assert_str_eq(data, bodies[i].data);
			ck_assert_uint_eq(rest, bodies[i].rest);
		}
	}
}
END_TEST

START_TEST(says_the_end_again)
{
	struct chunked body = { 0 };
	struct str input = STR("0\r\n\r\nmore"), data;

	ck_assert_int_eq(chunked_read(&body, &input, &data), CHUNKED_END);
	ck_assert_int_eq(chunked_read(&body, &input, &data), CHUNKED_END);
	ck_assert_uint_eq(input.len, 4);
}
END_TEST

/* Feeds `text` until the decoder has had enough; how many times it took it. */
static int feed(struct chunked *body, struct str text, int times)
{
	struct str data;

	for (int i = 0; i < times; i++) {
		struct str input = text;
		enum chunked_event event;

		while ((event = chunked_read(body, &input, &data)) == CHUNKED_DATA)
			;
		if (event != CHUNKED_MORE)
			return i;
	}
	return times;
}

START_TEST(bounds_what_is_no_data)
{
	struct chunked digits = { 0 }, extension = { 0 }, extensions = { 0 }, trailers = { 0 };

	ck_assert_int_eq(feed(&digits, STR("0"), 100000), CHUNKED_LINE_MAX);
	feed(&extension, STR("1;"), 1);
	ck_assert_int_eq(feed(&extension, STR("x"), 100000), CHUNKED_LINE_MAX - 2);
	ck_assert_int_eq(feed(&extensions, STR("1;16 bytes in each\r\nx\r\n"), 100000),
			 CHUNKED_EXTENSION_MAX / 16);
	feed(&trailers, STR("0\r\n"), 1);
	ck_assert_int_eq(feed(&trailers, STR("a: 8byte\r\n"), 100000), CHUNKED_TRAILER_MAX / 8);
}
END_TEST

TESTS("chunked", reads_bodies, says_the_end_again, bounds_what_is_no_data)
