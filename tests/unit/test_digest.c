/* SPDX-License-Identifier: BSD-2-Clause */
/* MD5, SHA-1 and HMAC: the vectors of RFC 1321, 3174 and 2202, and every length of a block. */
#include "harness/memory.h"
#include "harness/test.h"

#include <digest.h>
#include <stdio.h>

static const char *hex(const unsigned char *bytes, size_t len)
{
	char *text = memory_alloc(2 * len + 1);

	for (size_t i = 0; i < len; i++)
		sprintf(text + 2 * i, "%02x", bytes[i]);
	return text;
}

static const char *md5_text(struct str bytes)
{
	unsigned char digest[MD5_SIZE];

	md5_of(bytes, digest);
	return hex(digest, sizeof(digest));
}

static const char *sha1_text(struct str bytes)
{
	unsigned char digest[SHA1_SIZE];

	sha1_of(bytes, digest);
	return hex(digest, sizeof(digest));
}

#define DIGITS "1234567890123456789012345678901234567890"

START_TEST(md5_vectors)
{
	ck_assert_str_eq(md5_text(STR("")), "d41d8cd98f00b204e9800998ecf8427e");
	ck_assert_str_eq(md5_text(STR("a")), "0cc175b9c0f1b6a831c399e269772661");
	ck_assert_str_eq(md5_text(STR("message digest")), "f96b697d7cb7938d525a2f31aaf161d0");
	ck_assert_str_eq(md5_text(STR(DIGITS DIGITS)), "57edf4a22be3c955ac49da2e2107b67a");
}
END_TEST

START_TEST(sha1_vectors)
{
	ck_assert_str_eq(sha1_text(STR("")), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
	ck_assert_str_eq(sha1_text(STR("abc")), "a9993e364706816aba3e25717850c26c9cd0d89d");
	ck_assert_str_eq(sha1_text(STR("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
			 "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
}
END_TEST

/* The same bytes in two pieces, wherever they are cut, give the same. */
START_TEST(pieces)
{
	char bytes[200];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i * 7);
	for (size_t len = 0; len <= sizeof(bytes); len++)
		for (size_t cut = 0; cut <= len; cut += 13) {
			unsigned char md5_digest[MD5_SIZE], sha1_digest[SHA1_SIZE];
			struct str whole = { bytes, len };
			struct md5 md5;
			struct sha1 sha1;

			md5_init(&md5);
			md5_add(&md5, str_head(whole, cut));
			md5_add(&md5, str_skip(whole, cut));
			md5_end(&md5, md5_digest);
			ck_assert_str_eq(hex(md5_digest, MD5_SIZE), md5_text(whole));
			sha1_init(&sha1);
			sha1_add(&sha1, str_head(whole, cut));
			sha1_add(&sha1, str_skip(whole, cut));
			sha1_end(&sha1, sha1_digest);
			ck_assert_str_eq(hex(sha1_digest, SHA1_SIZE), sha1_text(whole));
		}
	/* 55, 56 and 64 bytes: where the padding needs another block, and where it does not. */
	ck_assert_str_eq(md5_text((struct str){ bytes, 55 }), "8d24280288a696559fd8d5aa1b6d8c6e");
	ck_assert_str_eq(md5_text((struct str){ bytes, 56 }), "ef2c72b7254c92459e498eddd4ace573");
	ck_assert_str_eq(md5_text((struct str){ bytes, 64 }), "a2fcb39a253b9b785b1f97518fa37683");
	ck_assert_str_eq(sha1_text((struct str){ bytes, 55 }),
			 "aecd1643c9903b9bae8cb94f53c50f8a4e18605b");
	ck_assert_str_eq(sha1_text((struct str){ bytes, 56 }),
			 "f5d65c621c02cc8e785159feff8088e3072da1bc");
	ck_assert_str_eq(sha1_text((struct str){ bytes, 64 }),
			 "1e17ae1fc093e5daca033553c97a5192ca164486");
}
END_TEST

START_TEST(hmac_vectors)
{
	unsigned char digest[SHA1_SIZE];

	hmac_sha1(STR("Jefe"), STR("what do ya want for nothing?"), digest);
	ck_assert_str_eq(hex(digest, SHA1_SIZE), "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
	hmac_sha1(STR("\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b"
		      "\x0b\x0b"),
		  STR("Hi There"), digest);
	ck_assert_str_eq(hex(digest, SHA1_SIZE), "b617318655057264e28bc0b6fb378c8ef146be00");
}
END_TEST

START_TEST(secrets_are_compared)
{
	ck_assert(secret_eq(STR(""), STR("")));
	ck_assert(secret_eq(STR("abc"), STR("abc")));
	ck_assert(!secret_eq(STR("abc"), STR("abd")));
	ck_assert(!secret_eq(STR("abc"), STR("ab")));
	ck_assert(!secret_eq(STR(""), STR("a")));
}
END_TEST

TESTS("digests", md5_vectors, sha1_vectors, pieces, hmac_vectors, secrets_are_compared)
