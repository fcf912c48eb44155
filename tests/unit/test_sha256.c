/* SPDX-License-Identifier: BSD-2-Clause */
/* SHA-256: the examples of FIPS 180-4, and each length around the end of a block. */
#include "harness/test.h"

#include <digest.h>
#include <stdio.h>
#include <string.h>

static const char *digest_of(const char *bytes, size_t len)
{
	static char text[2 * SHA256_SIZE + 1];
	unsigned char digest[SHA256_SIZE];

	sha256_of((struct str){ bytes, len }, digest);
	for (int i = 0; i < SHA256_SIZE; i++)
		sprintf(text + 2 * i, "%02x", digest[i]);
	return text;
}

START_TEST(hashes_the_examples)
{
	static char many[1000000];
	const char *two = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";

	ck_assert_str_eq(digest_of("", 0),
			 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	ck_assert_str_eq(digest_of("abc", 3),
			 "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	ck_assert_str_eq(digest_of(two, strlen(two)),
			 "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
	memset(many, 'a', sizeof(many));
	ck_assert_str_eq(digest_of(many, sizeof(many)),
			 "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}
END_TEST

/* The hashes of "a" repeated 0 to 199 times, hashed together. */
START_TEST(hashes_every_length)
{
	char bytes[200], all[200 * SHA256_SIZE];

	memset(bytes, 'a', sizeof(bytes));
	for (size_t len = 0; len < sizeof(bytes); len++)
		sha256_of((struct str){ bytes, len }, (unsigned char *)all + len * SHA256_SIZE);
	ck_assert_str_eq(digest_of(all, sizeof(all)),
			 "752c007f38611cfbf5fa42cb1cea3d8e086491c844d0cc4defd632cb81423506");
}
END_TEST

TESTS("SHA-256", hashes_the_examples, hashes_every_length)
