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

/* SSL_set_psk_use_session_callback(3): a session to resume. */
static int give_session(SSL *ssl, const EVP_MD *digest, const unsigned char **id, size_t *id_len,
			SSL_SESSION **out)
{
	static const unsigned char key[32] = "a key", name[] = "a ticket";
	SSL_SESSION *session = SSL_SESSION_new();

	(void)digest;
	SSL_SESSION_set1_master_key(session, key, sizeof(key));
	SSL_SESSION_set_cipher(session, SSL_CIPHER_find(ssl, (const unsigned char *)"\x13\x01"));
	SSL_SESSION_set_protocol_version(session, TLS1_3_VERSION);
	*id = name;
	*id_len = sizeof(name);
	*out = session;
	return 1;
}

/*
 * What OpenSSL sends as a client. `groups`: it resumes a session and offers the first of them;
 * NULL: it has no session.
 */
static struct str client_hello_in(const char *name, int max_version, const char *groups)
{
	static char bytes[8192];
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	SSL *ssl = SSL_new(context);
	BIO *out = BIO_new(BIO_s_mem());

	SSL_set_min_proto_version(ssl, TLS1_2_VERSION);
	SSL_set_max_proto_version(ssl, max_version);
	if (name)
		ck_assert(SSL_set_tlsext_host_name(ssl, name));
	if (groups) {
		ck_assert_int_eq(SSL_set1_groups_list(ssl, groups), 1);
		SSL_set_psk_use_session_callback(ssl, give_session);
	}
	SSL_set_bio(ssl, BIO_new(BIO_s_mem()), out);
	ck_assert_int_eq(SSL_connect(ssl), -1);

	int len = BIO_read(out, bytes, sizeof(bytes));

	SSL_free(ssl);
	SSL_CTX_free(context);
	return (struct str){ bytes, (size_t)len };
}

static struct str client_hello(const char *name, int max_version)
{
	return client_hello_in(name, max_version, NULL);
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

#define ck_name(bytes, expected)                                                               \
	do {                                                                                   \
		struct hello read_;                                                            \
		ck_assert_int_eq(hello_read(bytes, scratch, &read_), HELLO_COMPLETE);          \
		ck_assert_msg(str_eq(read_.name, STR(expected)), "%.*s", STR_ARG(read_.name)); \
		ck_assert(str_empty(read_.quick_ticket));                                      \
	} while (0)

START_TEST(finds_the_name)
{
	ck_name(client_hello("a.example", TLS1_3_VERSION), "a.example");
	ck_name(client_hello("b.example", TLS1_2_VERSION), "b.example");
	ck_name(client_hello(NULL, TLS1_3_VERSION), "");
}
END_TEST

/* Other groups take longer, up to a hundred milliseconds. */
START_TEST(finds_sessions_and_their_groups)
{
	static const struct {
		const char *groups;
		bool is_quick;
	} cases[] = {
		{ "X25519", true },	{ "P-256", true },	{ "X25519:P-521", true },
		{ "P-384", false },	{ "P-521", false },	{ "X448", false },
		{ "ffdhe2048", false }, { "ffdhe8192", false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct str bytes = client_hello_in("a.example", TLS1_3_VERSION, cases[i].groups);
		struct hello read;

		ck_assert_int_eq(hello_read(bytes, scratch, &read), HELLO_COMPLETE);
		ck_assert(str_eq(read.name, STR("a.example")));
		ck_assert_msg(!str_empty(read.quick_ticket) == cases[i].is_quick, "%s",
			      cases[i].groups);
		/* OpenSSL gets one record at a time, and each takes its time. */
		ck_assert_int_eq(hello_read(in_records_of(bytes, 50), scratch, &read),
				 HELLO_COMPLETE);
		ck_assert(str_empty(read.quick_ticket));
	}
}
END_TEST

static void add_to_number(uint8_t *number, size_t added)
{
	added += (size_t)number[0] << 8 | number[1];
	number[0] = (uint8_t)(added >> 8);
	number[1] = (uint8_t)added;
}

/* An older version may exchange keys in other groups. */
START_TEST(sessions_of_older_versions_are_not_quick)
{
	static const char versions[] = "\0\x2b\0\5\4\3\4\3\3"; /* 1.3 and 1.2 */
	struct str bytes = client_hello_in("a.example", TLS1_3_VERSION, "X25519");
	char *at = memmem(bytes.data, bytes.len, versions, sizeof(versions) - 1);
	struct hello read;

	ck_assert_ptr_nonnull(at);
	ck_assert_int_eq(hello_read(bytes, scratch, &read), HELLO_COMPLETE);
	ck_assert(str_eq(read.quick_ticket, STR("a ticket\0")));
	at[6] = 3;
	ck_assert_int_eq(hello_read(bytes, scratch, &read), HELLO_COMPLETE);
	ck_assert(str_empty(read.quick_ticket));
}
END_TEST

/* Each session that is offered takes time. */
START_TEST(several_sessions_are_not_quick)
{
	static const char id[] = "\0\x09" "a ticket\0\0\0\0"; /* its length, and its age */
	static uint8_t copy[8192];
	struct str bytes = client_hello_in("a.example", TLS1_3_VERSION, "X25519");
	const char *ids = memmem(bytes.data, bytes.len, id, sizeof(id));
	size_t at = RECORD_HEAD + 4 + 2 + 32, behind = (size_t)(ids - bytes.data) + sizeof(id);
	struct hello read;

	ck_assert_ptr_nonnull(ids);
	memcpy(copy, bytes.data, behind);
	memcpy(copy + behind, id, sizeof(id));
	memcpy(copy + behind + sizeof(id), bytes.data + behind, bytes.len - behind);
	at += 1 + copy[at]; /* session id */
	at += 2 + ((size_t)copy[at] << 8 | copy[at + 1]); /* cipher suites */
	at += 1 + copy[at]; /* compression methods */
	add_to_number(copy + 3, sizeof(id)); /* the record */
	add_to_number(copy + RECORD_HEAD + 2, sizeof(id)); /* the message */
	add_to_number(copy + at, sizeof(id)); /* the extensions */
	add_to_number(copy + (ids - bytes.data) - 4, sizeof(id)); /* this one */
	add_to_number(copy + (ids - bytes.data) - 2, sizeof(id)); /* the identities */
	ck_assert_int_eq(hello_read((struct str){ (char *)copy, bytes.len + sizeof(id) }, scratch,
				    &read),
			 HELLO_COMPLETE);
	ck_assert(str_eq(read.name, STR("a.example")));
	ck_assert(str_empty(read.quick_ticket));
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
	struct str hello = client_hello("a.example", TLS1_3_VERSION);
	struct hello read;

	for (size_t len = 0; len < hello.len; len++)
		ck_assert_int_eq(hello_read(str_head(hello, len), scratch, &read), HELLO_MORE);
	hello = in_records_of(hello, 50);
	for (size_t len = 0; len < hello.len; len++)
		ck_assert_int_eq(hello_read(str_head(hello, len), scratch, &read), HELLO_MORE);
}
END_TEST

/* Whatever a byte is, nothing is read outside, and the name lies inside. */
START_TEST(each_byte_may_be_anything)
{
	struct str hello = client_hello("a.example", TLS1_3_VERSION);
	struct hello read;
	char copy[8192];

	for (size_t at = 0; at < hello.len; at++)
		for (int value = 0; value < 256; value++) {
			memcpy(copy, hello.data, hello.len);
			copy[at] = (char)value;
			if (hello_read((struct str){ copy, hello.len }, scratch, &read) ==
			    HELLO_COMPLETE)
				ck_assert(read.name.len == 0 ||
					  (read.name.data >= scratch &&
					   read.name.data + read.name.len <= scratch + HELLO_MAX));
		}
}
END_TEST

START_TEST(what_is_no_hello)
{
	static char endless[HELLO_MAX * 2];
	struct hello read;

	ck_assert_int_eq(hello_read(STR("GET / HTTP/1.1\r\n"), scratch, &read), HELLO_INVALID);
	ck_assert_int_eq(hello_read(STR("\x17\3\3"), scratch, &read), HELLO_INVALID);
	ck_assert_int_eq(hello_read((struct str){ "\x16\3\1\0\0", 5 }, scratch, &read),
			 HELLO_INVALID);
	ck_assert_int_eq(hello_read((struct str){ "\x16\3\1\0\1\2", 6 }, scratch, &read),
			 HELLO_INVALID); /* a ServerHello */
	for (size_t i = 0; i + 1005 <= sizeof(endless); i += 1005)
		memcpy(endless + i, "\x16\3\1\3\xe8\1\xff\xff\xff", 9);
	ck_assert_int_eq(hello_read((struct str){ endless, HELLO_MAX + 2000 }, scratch, &read),
			 HELLO_INVALID);
}
END_TEST

TESTS("ClientHello", finds_the_name, finds_sessions_and_their_groups,
      sessions_of_older_versions_are_not_quick, several_sessions_are_not_quick,
      records_may_split_it, is_incomplete_up_to_its_last_byte, each_byte_may_be_anything,
      what_is_no_hello)
