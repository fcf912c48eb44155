/* SPDX-License-Identifier: BSD-2-Clause */
/* HPACK (RFC 7541): the decoder, in which most fields do not come from nghttp2, and the encoder. */
#include "harness/test.h"

#include <config.h>
#include <errno.h>
#include <stdio.h>

#include "http/frames/hpack.h"
#include "http/frames/huffman.h"

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

/* Section 6.2.2 and 6.2.3, with strings of RFC 7541 appendix C.4 and C.6. */
START_TEST(literals_that_are_not_indexed)
{
	if (!decoder)
		return;
	check_block(STR("\x04\x02/a\x14\x02/b\x82"), 0, ":path=/a;:path=/b;:method=GET;");
	check_block(STR("\x01\x8c\xf1\xe3\xc2\xe5\xf2\x3a\x6b\xa0\xab\x90\xf4\xff"), 0,
		    ":authority=www.example.com;");
	check_block(STR("\x0f\x12\x96\xd0\x7a\xbe\x94\x10\x54\xd4\x44\xa8\x20\x05\x95\x04\x0b"
			"\x81\x66\xe0\x82\xa6\x2d\x1b\xff"),
		    0, "date=Mon, 21 Oct 2013 20:13:21 GMT;");
	check_block(STR("\x04\x00\x04\x80\x00\x01\x61\x01\x62"), 0, ":path=;:path=;a=b;");
	check_block(STR("\x04\x84\xff\xa3\x7f\xff"), -EBADMSG, ""); /* padding of 8 bits */
	check_block(STR("\x04\x81\x60"), -EBADMSG, ""); /* padding of zeros */
	check_block(STR("\x04\x84\xff\xff\xff\xff"), -EBADMSG, ""); /* the end of a string in it */
	check_block(STR("\x0f\x2f\x01\x61"), -EBADMSG, ""); /* no such name */
	check_block(STR("\x04\x7f\x00"), -EBADMSG, ""); /* 127 bytes, which are not there */
	check_block(STR("\x04\x02/a\x20"), -EBADMSG, ":path=/a;");
}
END_TEST

START_TEST(usual_characters)
{
	char text[HUFFMAN_MOST * 40];
	struct str encoded = STR("\xf1\xe3\xc2\xe5\xf2\x3a\x6b\xa0\xab\x90\xf4\xff");

	huffman_init();
	ck_assert_ptr_eq(huffman_put_usual(text, STR("")), text);
	ck_assert_ptr_eq(huffman_put_usual(text, encoded), text + 15);
	ck_assert_mem_eq(text, "www.example.com", 15);
	ck_assert_ptr_null(huffman_put_usual(text, str_head(encoded, 11)));
	ck_assert_ptr_null(huffman_put_usual(text, STR("\xff\xa3"))); /* $ has a longer code */
}
END_TEST

#ifdef HAVE_NGHTTP2

#include <nghttp2/nghttp2.h>

static uint32_t next_random(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 8;
}

/* A literal of nghttp2, which usually is Huffman-coded; sometimes with a wrong bit. */
static struct str random_literal(nghttp2_hd_deflater *deflater, uint32_t *random, uint8_t *block)
{
	static const char *const names[] = { ":path", "date", "user-agent", "unknown" };
	/* All that huffman.c knows. */
	static const char usual[] = "012aceiost %-./3456789=A_bdfghlmnpru:BCDEFGHIJKLMNOPQRSTUVWY"
				    "jkqvwxyz&*,;XZ";
	const char *name = names[next_random(random) % 4];
	bool is_usual = next_random(random) % 4;
	uint8_t value[160];
	size_t len = next_random(random) % (next_random(random) % 4 ? 12 : sizeof(value));

	for (size_t i = 0; i < len; i++)
		value[i] = is_usual ?
				   (uint8_t)usual[next_random(random) % (sizeof(usual) - 1)] :
				   (uint8_t)next_random(random);

	nghttp2_nv nv = { (uint8_t *)name, value, strlen(name), len,
			  next_random(random) % 2 ? NGHTTP2_NV_FLAG_NO_INDEX :
						    NGHTTP2_NV_FLAG_NONE };
	ssize_t n = nghttp2_hd_deflate_hd(deflater, block, 400, &nv, 1);

	ck_assert_int_gt(n, 0);
	if (next_random(random) % 4 == 0)
		block[next_random(random) % (size_t)n] ^= (uint8_t)(1 << next_random(random) % 8);
	return (struct str){ (char *)block, (size_t)n };
}

/* What nghttp2 alone makes of a block; -1: it is not valid. */
static int take_by_nghttp2(nghttp2_hd_inflater *inflater, struct str block, char *text)
{
	size_t len = 0;

	for (;;) {
		nghttp2_nv nv;
		int flags = 0;
		ssize_t n = nghttp2_hd_inflate_hd2(inflater, &nv, &flags,
						   (const uint8_t *)block.data, block.len, 1);

		if (n < 0)
			return -1;
		block = str_skip(block, (size_t)n);
		if (flags & NGHTTP2_HD_INFLATE_EMIT) {
			memcpy(text + len, nv.name, nv.namelen);
			len += nv.namelen;
			memcpy(text + len, nv.value, nv.valuelen);
			len += nv.valuelen;
		}
		if (flags & NGHTTP2_HD_INFLATE_FINAL)
			return (int)len;
	}
}

static int take_by_decoder(struct str block, char *text)
{
	struct hpack_field field;
	size_t len = 0;
	int result;

	while ((result = hpack_decode(decoder, &block, true, &field)) == 1)
		len = (size_t)(str_put(str_put(text + len, field.name), field.value) - text);
	return result < 0 ? -1 : (int)len;
}

START_TEST(as_nghttp2_alone)
{
	nghttp2_hd_deflater *deflater;
	nghttp2_hd_inflater *inflater;
	uint32_t random = 1;
	int valid = 0, invalid = 0;

	ck_assert_int_eq(nghttp2_hd_deflate_new(&deflater, 0), 0);
	for (int i = 0; i < 20000; i++) {
		uint8_t block[400];
		static char ours[65536], theirs[65536];
		struct str literal = random_literal(deflater, &random, block);

		teardown();
		setup();
		ck_assert_int_eq(nghttp2_hd_inflate_new(&inflater), 0);

		int len = take_by_decoder(literal, ours);

		ck_assert_int_eq(len, take_by_nghttp2(inflater, literal, theirs));
		if (len > 0)
			ck_assert_mem_eq(ours, theirs, (size_t)len);
		*(len < 0 ? &invalid : &valid) += 1;
		nghttp2_hd_inflate_del(inflater);
	}
	nghttp2_hd_deflate_del(deflater);
	ck_assert_int_gt(valid, 10000);
	ck_assert_int_gt(invalid, 500);
}
END_TEST

#else

START_TEST(as_nghttp2_alone)
{
	test_skip("the program is built without HTTP/2");
}
END_TEST

#endif

/* A name whose index the compiler finds is written as if it had been looked up. */
START_TEST(names_that_the_server_writes)
{
	static const struct str names[] = {
		STR_INIT("Server"),	    STR_INIT("Date"),	       STR_INIT("Content-Type"),
		STR_INIT("Content-Length"), STR_INIT("Last-Modified"), STR_INIT("Location"),
		STR_INIT("ETag"),
	};
	static char value[300];
	char a[400], b[400];

	memset(value, 'v', sizeof(value));
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		for (size_t len = 0; len <= sizeof(value); len++) {
			struct str text = { value, len };
			size_t n = (size_t)(hpack_put(a, names[i], text) - a);

			ck_assert_ptr_eq(hpack_put_at(b, hpack_index(names[i]), text), b + n);
			ck_assert_mem_eq(a, b, n);
			ck_assert_uint_le(n, hpack_size(names[i], text));
		}
	ck_assert_uint_eq(hpack_index(STR("Accept-Ranges")), 0);
}
END_TEST

static const struct test_suite suite = { .name = "hpack", .setup = setup, .teardown = teardown };

TESTS_IN(&suite, fields_of_the_tables, no_field, sizes, blocks_that_follow,
	 literals_that_are_not_indexed, usual_characters, as_nghttp2_alone,
	 names_that_the_server_writes)
