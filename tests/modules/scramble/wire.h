/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a scrambled connection looks like on the wire, for the module and for the clients of
 * tests. The client begins with four bytes, the seed of the key. What follows, in both
 * directions, are records, each byte of them XORed with a key that depends on the seed, the
 * direction and the number of the byte: bytes that are lost, sent twice or out of order cannot
 * be read.
 *
 *     type (1 byte), length (2 bytes, the high one first), so many bytes
 */
#ifndef SCRAMBLE_WIRE_H
#define SCRAMBLE_WIRE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum {
	RECORD_HEAD = 3,
	RECORD_MAX = 4000, /* bytes in a record */
	SEED_LEN = 4,
	ACK_EVERY = 3, /* records of the client */
	GRANT_BYTES = 256 * 1024, /* that the server sends before it asks for a grant */
};

enum record_type {
	RECORD_DATA = 1,
	RECORD_END, /* the orderly end of a direction */
	RECORD_ACK, /* from the server: how many records it has read, as 4 bytes */
	RECORD_ASK, /* from the server: it sends no data before there is a grant */
	RECORD_GRANT, /* from the client */
};

enum direction { FROM_CLIENT, FROM_SERVER };

/* The key of one direction of a connection. */
struct key {
	uint32_t seed;
	uint32_t direction;
	uint64_t at; /* the number of the next byte */
};

static inline void key_apply(struct key *key, void *bytes, size_t len)
{
	unsigned char *at = bytes;

	for (size_t i = 0; i < len; i++, key->at++) {
		uint64_t mixed = (key->at + 1) * 0x9E3779B97F4A7C15u ^
				 (key->seed + key->direction) * 0xC2B2AE3D27D4EB4Fu;

		at[i] ^= (unsigned char)(mixed >> 32);
	}
}

/* Writes a record, and moves the key on. Returns its length. */
static inline size_t record_put(struct key *key, char *to, enum record_type type,
				const void *bytes, size_t len)
{
	to[0] = (char)type;
	to[1] = (char)(len >> 8);
	to[2] = (char)len;
	if (len)
		memcpy(to + RECORD_HEAD, bytes, len);
	key_apply(key, to, RECORD_HEAD + len);
	return RECORD_HEAD + len;
}

/* The type and the length that a record says whose head is at `from`; moves nothing. */
static inline enum record_type record_head(const struct key *key, const char *from, size_t *len)
{
	struct key copy = *key;
	unsigned char head[RECORD_HEAD];

	memcpy(head, from, RECORD_HEAD);
	key_apply(&copy, head, RECORD_HEAD);
	*len = (size_t)head[1] << 8 | head[2];
	return head[0];
}

#endif
