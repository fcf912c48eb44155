/* SPDX-License-Identifier: BSD-2-Clause */
/* The header of the PROXY protocol, whole, cut at each byte, and wrong at each byte. */
#include "harness/memory.h"
#include "harness/test.h"

#include <stdio.h>
#include <stdlib.h>

#include "../../modules/proxy_protocol/header.h"

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"

/* A header of version 2: version and command, family, the bytes behind its length. */
#define V2(kind, length, ...) STR(SIGNATURE kind length __VA_ARGS__)

#define INET   "\xC0\0\2\1\xC0\0\2\2\x10\xE1\0\x50"
#define INET6                                                                  \
	"\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1" \
	"\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\2\x10\xE1\1\xBB"

static struct proxy_header header;
static size_t length;
static const char *why;

/* In memory of its own, so that a sanitizer sees what is read beyond it. */
static enum preface_verdict parse(struct str bytes)
{
	char *copy = malloc(bytes.len ? bytes.len : 1);

	str_put(copy, bytes);
	length = 0;
	why = "";

	enum preface_verdict result =
		proxy_header_parse((struct str){ copy, bytes.len }, &header, &length, &why);

	if (result == PREFACE_DONE)
		ck_assert_uint_le(length, bytes.len);
	free(copy);
	header.tlvs = STR("");
	return result;
}

/* Whole, with more behind it, and incomplete wherever it is cut. */
static void check_whole(struct str bytes)
{
	struct str longer = str_from(memory_printf("%200s", "GET / HTTP/1.1"));
	char *both = memory_alloc(bytes.len + longer.len);

	str_put(str_put(both, bytes), longer);
	for (size_t len = 1; len < bytes.len; len++)
		ck_assert_msg(parse(str_head(bytes, len)) == PREFACE_MORE, "cut at %zu: %s", len,
			      why);
	ck_assert_int_eq(parse((struct str){ both, bytes.len + longer.len }), PREFACE_DONE);
	ck_assert_uint_eq(length, bytes.len);
	ck_assert_int_eq(parse(bytes), PREFACE_DONE);
	ck_assert_uint_eq(length, bytes.len);
}

static void has(const char *expected)
{
	char source[IP_TEXT_SIZE] = "", destination[IP_TEXT_SIZE] = "";

	*ip_put(source, ip_bytes(&header.source)) = '\0';
	*ip_put(destination, ip_bytes(&header.destination)) = '\0';
	ck_assert(header.has_addresses);
	ck_assert_str_eq(memory_printf("%s %d %s %d", source, header.source_port, destination,
				       header.destination_port),
			 expected);
}

START_TEST(version_1)
{
	check_whole(STR("PROXY TCP4 192.0.2.1 192.0.2.2 4321 80\r\n"));
	has("192.0.2.1 4321 192.0.2.2 80");
	check_whole(STR("PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n"));
	check_whole(STR("PROXY TCP6 2001:DB8::1 2001:db8::2 4321 0\r\n"));
	has("2001:db8::1 4321 2001:db8::2 0");
	check_whole(STR("PROXY TCP6 ::ffff:192.0.2.1 ::1 1 2\r\n"));
	has("::ffff:192.0.2.1 1 ::1 2");
	check_whole(STR("PROXY UNKNOWN\r\n"));
	ck_assert(!header.has_addresses);
	/* The longest that the specification knows: 107 bytes. */
	check_whole(STR("PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
			"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n"));
	ck_assert_uint_eq(length, 107);
	ck_assert(!header.has_addresses);
}
END_TEST

START_TEST(version_2)
{
	check_whole(V2("\x21\x11", "\0\x0C", INET));
	has("192.0.2.1 4321 192.0.2.2 80");
	check_whole(V2("\x21\x21", "\0\x24", INET6));
	has("2001:db8::1 4321 2001:db8::2 443");
	check_whole(V2("\x21\x11", "\0\x10", INET "\x04\0\1x"));
	has("192.0.2.1 4321 192.0.2.2 80");
	/* LOCAL, unspecified, datagrams, unix sockets: there are no addresses. */
	check_whole(V2("\x20\0", "\0\0", ""));
	ck_assert(!header.has_addresses);
	check_whole(V2("\x20\x11", "\0\x0C", INET));
	ck_assert(!header.has_addresses);
	check_whole(V2("\x21\0", "\0\x02", "ab"));
	ck_assert(!header.has_addresses);
	check_whole(V2("\x21\x12", "\0\x0C", INET));
	ck_assert(!header.has_addresses);
	check_whole(V2("\x21\x31", "\0\0", ""));
	ck_assert(!header.has_addresses);
}
END_TEST

static void is_refused(struct str bytes)
{
	ck_assert_msg(parse(bytes) == PREFACE_REFUSED, "\"%.*s\" is not refused", STR_ARG(bytes));
	ck_assert_msg(*why, "no reason is given");
}

START_TEST(what_is_none)
{
	is_refused(STR("G"));
	is_refused(STR("PROXYx"));
	is_refused(STR("proxy TCP4"));
	is_refused(STR("\r\n\r\n\1"));
	is_refused(STR("PROXY TCP4\r\n"));
	is_refused(STR("PROXY TCP5 192.0.2.1 192.0.2.2 4321 80\r\n"));
	is_refused(STR("PROXY  TCP4 192.0.2.1 192.0.2.2 4321 80\r\n"));
	is_refused(STR("PROXY TCP4 192.0.2.1  192.0.2.2 4321 80\r\n"));
	is_refused(STR("PROXY TCP4 192.0.2.1 192.0.2.2 4321\r\n"));
	is_refused(STR("PROXY TCP4 192.0.2.1 192.0.2.2 4321 80 \r\n"));
	is_refused(STR("PROXY TCP4 192.0.2.1 192.0.2.2 4321 80 1\r\n"));
	is_refused(STR("PROXY TCP4 192.0.2.1 192.0.2.2 65536 80\r\n"));
	is_refused(STR("PROXY TCP4 192.0.2.1 192.0.2.2 -1 80\r\n"));
	is_refused(STR("PROXY TCP4 192.0.2.1 192.0.2.2 4321 80\n\r\n"));
	is_refused(STR("PROXY TCP4 192.0.2.1 192.0.2.2 4321 80\rX"));
	is_refused(STR("PROXY TCP4 192.0.2.256 192.0.2.2 4321 80\r\n"));
	is_refused(STR("PROXY TCP4 ::1 ::2 4321 80\r\n"));
	is_refused(STR("PROXY TCP6 192.0.2.1 192.0.2.2 4321 80\r\n"));
	is_refused(STR("PROXY UNKNOWNx\r\n"));
	is_refused(V2("\x11\x11", "\0\x0C", INET));
	is_refused(V2("\x31\x11", "\0\x0C", INET));
	is_refused(V2("\x22\x11", "\0\x0C", INET));
	is_refused(V2("\x21\x41", "\0\x0C", INET));
	is_refused(V2("\x21\x13", "\0\x0C", INET));
	is_refused(V2("\x21\x11", "\0\x0B", INET));
	is_refused(V2("\x21\x21", "\0\x23", INET6));
	/* At once, without the bytes that it announces. */
	is_refused(V2("\x21\x11", "\xFF\xFF", ""));
	is_refused(V2("\x21\x11", "\x0F\xF1", ""));
	ck_assert_int_eq(parse(V2("\x21\x11", "\x0F\xF0", "")), PREFACE_MORE);
}
END_TEST

START_TEST(a_line_has_a_limit)
{
	char *line = memory_printf("PROXY UNKNOWN %200s", "");

	ck_assert_int_eq(parse((struct str){ line, 105 }), PREFACE_MORE);
	is_refused((struct str){ line, 106 });
	is_refused(str_from(line));
	is_refused(STR("PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
		       "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535 \r\n"));
}
END_TEST

/* Nothing is read beyond the bytes, and what is complete stays within them. */
static void break_each_byte(struct str bytes)
{
	char *broken = memory_alloc(bytes.len);

	for (size_t at = 0; at < bytes.len; at++)
		for (int value = 0; value < 256; value++) {
			str_put(broken, bytes);
			broken[at] = (char)value;
			parse((struct str){ broken, bytes.len });
		}
}

START_TEST(each_byte_may_be_any)
{
	break_each_byte(STR("PROXY TCP4 192.0.2.1 192.0.2.2 4321 80\r\n"));
	break_each_byte(STR("PROXY TCP6 2001:db8::1 2001:db8::2 4321 80\r\n"));
	break_each_byte(V2("\x21\x11", "\0\x10", INET "\x04\0\1x"));
	break_each_byte(V2("\x21\x21", "\0\x24", INET6));
}
END_TEST

START_TEST(tlvs)
{
	struct str all = STR("\x01\0\2h2\x02\0\0\x01\0\1x\xEA\0\3abc");
	struct str value, inner;
	uint32_t verify;

	ck_assert(tlv_find(all, TLV_ALPN, &value) && str_eq(value, STR("h2")));
	ck_assert(tlv_find(all, TLV_AUTHORITY, &value) && str_empty(value));
	ck_assert(tlv_find(all, 0xEA, &value) && str_eq(value, STR("abc")));
	ck_assert(!tlv_find(all, TLV_NETNS, &value));
	/* Cut anywhere, the last one is not found. */
	for (size_t len = 0; len < all.len; len++) {
		struct str cut = { memcpy(malloc(len + 1), all.data, len), len };

		ck_assert(!tlv_find(cut, 0xEA, &value));
		free((char *)cut.data);
	}
	ck_assert(!tlv_find(STR("\xEA\xFF\xFF" "abc"), 0xEA, &value));
	ck_assert(tlv_ssl_split(STR("\7\0\0\1\2\x21\0\1v"), &verify, &inner));
	ck_assert_uint_eq(verify, 258);
	ck_assert(tlv_find(inner, TLV_SSL_VERSION, &value) && str_eq(value, STR("v")));
	ck_assert(tlv_ssl_split(STR("\7\0\0\0\0"), &verify, &inner) && str_empty(inner));
	ck_assert(!tlv_ssl_split(STR("\7\0\0\0"), &verify, &inner));
}
END_TEST

TESTS("the PROXY header", version_1, version_2, what_is_none, a_line_has_a_limit,
      each_byte_may_be_any, tlvs)
