/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Digests of bytes. MD5 (RFC 1321) and SHA-1 (RFC 3174) are for formats that require them, such
 * as password files and signed links. An attacker can find two texts with the same MD5 or SHA-1
 * digest, but not with the same SHA-256 digest (FIPS 180-4). HMAC (RFC 2104) with SHA-1 is still
 * secure as a keyed function.
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

/* The state after all complete blocks of a message, and the bytes of its incomplete block. */
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

/* Call md5_add() for each piece of a message. After md5_end(), a new message needs md5_init(). */
void md5_init(struct md5 *md5);
void md5_add(struct md5 *md5, struct str bytes);
void md5_end(struct md5 *md5, unsigned char digest[MD5_SIZE]);

void sha1_init(struct sha1 *sha1);
void sha1_add(struct sha1 *sha1, struct str bytes);
void sha1_end(struct sha1 *sha1, unsigned char digest[SHA1_SIZE]);

/* Compute the digest of a message in one piece. */
void md5_of(struct str bytes, unsigned char digest[MD5_SIZE]);
void sha1_of(struct str bytes, unsigned char digest[SHA1_SIZE]);
void sha256_of(struct str bytes, unsigned char digest[SHA256_SIZE]);

/* HMAC-SHA-1 of a message. The key has at most 64 bytes; 20 are enough if it is random. */
void hmac_sha1(struct str key, struct str bytes, unsigned char digest[SHA1_SIZE]);

/*
 * Whether two secrets are equal. The time that this takes depends on their lengths and not on
 * their bytes, so an attacker cannot find out how many bytes of a guess are right.
 */
bool secret_eq(struct str a, struct str b);

#endif
