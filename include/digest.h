/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Digests of bytes: MD5 (RFC 1321) and SHA-1 (RFC 3174), for formats that ask for them, such as
 * files of passwords and signed links. Neither resists somebody who looks for two texts with the
 * same digest; SHA-256 (FIPS 180-4) does. HMAC (RFC 2104) with SHA-1 is a sound keyed function all
 * the same.
 *
 *     struct md5 md5;
 *
 *     md5_init(&md5);
 *     md5_add(&md5, STR("abc"));
 *     md5_end(&md5, digest);
 */
#ifndef SKUA_DIGEST_H
#define SKUA_DIGEST_H

#include <stdbool.h>
#include <stdint.h>

#include <str.h>

enum { MD5_SIZE = 16, SHA1_SIZE = 20, SHA256_SIZE = 32 }; /* bytes */

/* The bytes of a message that do not fill a block yet, and the state behind the others. */
struct md5 {
	uint32_t state[4];
	uint64_t len; /* of the message so far, in bytes */
	unsigned char block[64];
};

struct sha1 {
	uint32_t state[5];
	uint64_t len;
	unsigned char block[64];
};

/* A message is added in as many pieces as it has. After md5_end() begin with md5_init() again. */
void md5_init(struct md5 *md5);
void md5_add(struct md5 *md5, struct str bytes);
void md5_end(struct md5 *md5, unsigned char digest[MD5_SIZE]);

void sha1_init(struct sha1 *sha1);
void sha1_add(struct sha1 *sha1, struct str bytes);
void sha1_end(struct sha1 *sha1, unsigned char digest[SHA1_SIZE]);

/* The same for a message in one piece. */
void md5_of(struct str bytes, unsigned char digest[MD5_SIZE]);
void sha1_of(struct str bytes, unsigned char digest[SHA1_SIZE]);
void sha256_of(struct str bytes, unsigned char digest[SHA256_SIZE]);

/* HMAC-SHA-1 of a message. The key has at most 64 bytes; a random one needs 20. */
void hmac_sha1(struct str key, struct str bytes, unsigned char digest[SHA1_SIZE]);

/*
 * Compares secrets: the time depends on the lengths and not on the bytes, so that it does not
 * tell how many of them are right.
 */
bool secret_eq(struct str a, struct str b);

#endif
