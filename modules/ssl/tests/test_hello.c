/* SPDX-License-Identifier: BSD-2-Clause */
/* The server's name in a ClientHello, cut and split everywhere. */
#include "harness/test.h"

#include <openssl/bio.h>
#include <openssl/ssl.h>
#include <stdint.h>
#include <string.h>

#include "hello.h"
#include "records.h"

static char scratch[HELLO_MAX];

/* What OpenSSL sends as a client. */
static struct str client_hello(const char *name, int max_version)
{
	static char bytes[8192];
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	SSL *ssl = SSL_new(context);
	BIO *out = BIO_new(BIO_s_mem());

	SSL_set_max_proto_version(ssl, max_version);
	if (name)
		ck_assert(SSL_set_tlsext_host_name(ssl, name));
	SSL_set_bio(ssl, BIO_new(BIO_s_mem()), out);
	ck_assert_int_eq(SSL_connect(ssl), -1);

	int len = BIO_read(out, bytes, sizeof(bytes));

	SSL_free(ssl);
	SSL_CTX_free(context);
	return (struct str){ bytes, (size_t)len };
}

/* The same message in records of at most `size` bytes each. */
static struct str in_records_of(struct str hello, size_t size)
{
	static char bytes[64 * 1024];
	char *to = bytes;

	for (size_t at = RECORD_HEAD; at < hello.len; at += size) {
		size_t n = hello.len - at < size ? hello.len - at : size;
		const char head[RECORD_HEAD] = { RECORD_HANDSHAKE, 3, 1, (char)(n >> 8), (char)n };

		memcpy(to, head, sizeof(head));
		memcpy(to + sizeof(head), hello.data + at, n);
		to += sizeof(head) + n;
	}
	return str_range(bytes, to);
}

#define ck_name(bytes, expected)                                                          \
	do {                                                                              \
		struct str name_;                                                         \
		ck_assert_int_eq(hello_read(bytes, scratch, &name_), HELLO_COMPLETE);     \
		ck_assert_msg(str_eq(name_, STR(expected)), "%.*s", STR_ARG(name_));      \
	} while (0)

START_TEST(finds_the_name)
{
	ck_name(client_hello("a.example", TLS1_3_VERSION), "a.example");
	ck_name(client_hello("b.example", TLS1_2_VERSION), "b.example");
	ck_name(client_hello(NULL, TLS1_3_VERSION), "");
}
END_TEST

START_TEST(records_may_split_it)
{
	struct str hello = client_hello("a.example", TLS1_3_VERSION);

	for (size_t size = 1; size <= hello.len; size++)
		ck_name(in_records_of(hello, size), "a.example");
}
END_TEST

START_TEST(is_incomplete_up_to_its_last_byte)
{
	struct str hello = client_hello("a.example", TLS1_3_VERSION), name;

	for (size_t len = 0; len < hello.len; len++)
		ck_assert_int_eq(hello_read(str_head(hello, len), scratch, &name), HELLO_MORE);
	hello = in_records_of(hello, 50);
	for (size_t len = 0; len < hello.len; len++)
		ck_assert_int_eq(hello_read(str_head(hello, len), scratch, &name), HELLO_MORE);
}
END_TEST

/* Whatever a byte is, nothing is read outside, and the name lies inside. */
START_TEST(each_byte_may_be_anything)
{
	struct str hello = client_hello("a.example", TLS1_3_VERSION), name;
	char copy[8192];

	for (size_t at = 0; at < hello.len; at++)
		for (int value = 0; value < 256; value++) {
			memcpy(copy, hello.data, hello.len);
			copy[at] = (char)value;
			name = STR("");
			if (hello_read((struct str){ copy, hello.len }, scratch, &name) ==
			    HELLO_COMPLETE)
				ck_assert(name.len == 0 || (name.data >= scratch &&
					  name.data + name.len <= scratch + HELLO_MAX));
		}
}
END_TEST

START_TEST(what_is_no_hello)
{
	static char endless[HELLO_MAX * 2];
	struct str name;

	ck_assert_int_eq(hello_read(STR("GET / HTTP/1.1\r\n"), scratch, &name), HELLO_INVALID);
	ck_assert_int_eq(hello_read(STR("\x17\3\3"), scratch, &name), HELLO_INVALID);
	ck_assert_int_eq(hello_read((struct str){ "\x16\3\1\0\0", 5 }, scratch, &name),
			 HELLO_INVALID);
	ck_assert_int_eq(hello_read((struct str){ "\x16\3\1\0\1\2", 6 }, scratch, &name),
			 HELLO_INVALID); /* a ServerHello */
	for (size_t i = 0; i + 1005 <= sizeof(endless); i += 1005)
		memcpy(endless + i, "\x16\3\1\3\xe8\1\xff\xff\xff", 9);
	ck_assert_int_eq(hello_read((struct str){ endless, HELLO_MAX + 2000 }, scratch, &name),
			 HELLO_INVALID);
}
END_TEST

TESTS("ClientHello", finds_the_name, records_may_split_it, is_incomplete_up_to_its_last_byte,
      each_byte_may_be_anything, what_is_no_hello)
