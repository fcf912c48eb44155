/* SPDX-License-Identifier: BSD-2-Clause */
/* The decoder of field blocks (RFC 7541), in which some fields do not come from nghttp2. */
#include "harness/test.h"

#include <errno.h>
#include <stdio.h>

#include "http/frames/hpack.h"

static struct hpack_decoder *decoder;
static char fields[400];
static size_t fields_len;

static void setup(void)
{
	if (hpack_is_there())
		decoder = hpack_decoder_create();
}

static void teardown(void)
{
	hpack_decoder_destroy(decoder);
	decoder = NULL;
}

/* Decodes a part of a block, and adds its fields to `fields`. */
static int take(struct str part, bool is_last)
{
	struct hpack_field field;
	int result;

	while ((result = hpack_decode(decoder, &part, is_last, &field)) == 1)
		fields_len += (size_t)snprintf(fields + fields_len, sizeof(fields) - fields_len,
					       "%.*s=%.*s;", STR_ARG(field.name),
					       STR_ARG(field.value));
	return result;
}

/* Decodes a block that comes in two parts, with all ways to cut it. */
static void check_block(struct str block, int expected, const char *expected_fields)
{
	for (size_t cut = 0; cut <= block.len; cut++) {
		teardown();
		setup();
		fields_len = 0;
		fields[0] = '\0';

		int result = take(str_head(block, cut), false);

		if (result == 0)
			result = take(str_skip(block, cut), false);
		if (result == 0)
			result = take(STR(""), true);
		ck_assert_msg(result == expected, "%s, cut at %zu: %d", expected_fields, cut,
			      result);
		ck_assert_str_eq(fields, expected_fields);
	}
}

START_TEST(fields_of_the_tables)
{
	if (!decoder)
		return;
	check_block(STR("\x82\x87"), 0, ":method=GET;:scheme=https;");
	check_block(STR("\x82\x44\x02/a\xbe\x82\xbe"), 0,
		    ":method=GET;:path=/a;:path=/a;:method=GET;:path=/a;");
	check_block(STR("\x7e\x01\x62"), -EBADMSG, "");
	check_block(STR("\x40\x01\x61\x01\x62\x40\x01\x63\x01\x64\xbf\xbe"), 0, "a=b;c=d;a=b;c=d;");
}
END_TEST

START_TEST(no_field)
{
	if (!decoder)
		return;
	check_block(STR("\x80"), -EBADMSG, "");
	check_block(STR("\xbe"), -EBADMSG, "");
	check_block(STR("\xff"), -EBADMSG, ""); /* the rest of the number is missing */
	check_block(STR("\xff\x7f"), -EBADMSG, "");
	check_block(STR("\x82\x80"), -EBADMSG, ":method=GET;");
}
END_TEST

/* Section 4.2: the size of the table changes at the beginning of a block only. */
START_TEST(sizes)
{
	if (!decoder)
		return;
	check_block(STR("\x20\x82"), 0, ":method=GET;");
	check_block(STR("\x20\x3f\xe1\x1f\x82"), 0, ":method=GET;");
	check_block(STR("\x82\x20"), -EBADMSG, ":method=GET;");
	check_block(STR("\x82\x3f\xe1\x1f"), -EBADMSG, ":method=GET;");
	check_block(STR("\x44\x02/a\x20"), -EBADMSG, ":path=/a;");
}
END_TEST

START_TEST(blocks_that_follow)
{
	if (!decoder)
		return;
	fields_len = 0;
	ck_assert_int_eq(take(STR("\x82\x44\x02/a"), true), 0);
	ck_assert_int_eq(take(STR("\x20\x3f\xe1\x1f\x82"), true), 0); /* a size at its beginning */
	ck_assert_int_eq(take(STR("\x82"), true), 0);
	ck_assert_int_eq(take(STR("\xbe"), true), -EBADMSG); /* the table was emptied */
	ck_assert_str_eq(fields, ":method=GET;:path=/a;:method=GET;:method=GET;");
}
END_TEST

static const struct test_suite suite = { .name = "hpack", .setup = setup, .teardown = teardown };

TESTS_IN(&suite, fields_of_the_tables, no_field, sizes, blocks_that_follow)
