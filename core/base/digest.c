/* SPDX-License-Identifier: BSD-2-Clause */
/* Blocks of 64 bytes for both digests, and what is made of them; contracts: include/digest.h. */
#include <digest.h>

#include <assert.h>
#include <endian.h>

enum { BLOCK = 64, LENGTH_AT = 56 /* in the last block: 8 bytes, the length in bits */ };

static uint32_t rotate(uint32_t word, unsigned bits)
{
	return word << bits | word >> (32 - bits);
}

/* Adds bytes by whole blocks, which `mix` takes; returns the new length of the message. */
static uint64_t add(void *digest, unsigned char *block, uint64_t len, struct str bytes,
		    void (*mix)(void *digest, const unsigned char *block))
{
	for (size_t held = len % BLOCK, n; bytes.len; bytes = str_skip(bytes, n), held = 0) {
		n = bytes.len < BLOCK - held ? bytes.len : BLOCK - held;
		memcpy(block + held, bytes.data, n);
		len += n;
		if (held + n == BLOCK)
			mix(digest, block);
	}
	return len;
}

/* Fills the block up: a bit, zeroes, and room for the length. */
static void pad(void *digest, unsigned char *block, uint64_t len,
		void (*mix)(void *digest, const unsigned char *block))
{
	size_t held = len % BLOCK;

	block[held++] = 0x80;
	if (held > LENGTH_AT) {
		memset(block + held, 0, BLOCK - held);
		mix(digest, block);
		held = 0;
	}
	memset(block + held, 0, BLOCK - held);
}

/* --- MD5 ------------------------------------------------------------------------------ */

/* floor(2^32 × |sin(i + 1)|) */
static const uint32_t sines[64] = {
	0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613,
	0xfd469501, 0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193,
	0xa679438e, 0x49b40821, 0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d,
	0x02441453, 0xd8a1e681, 0xe7d3fbc8, 0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed,
	0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a, 0xfffa3942, 0x8771f681, 0x6d9d6122,
	0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70, 0x289b7ec6, 0xeaa127fa,
	0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665, 0xf4292244,
	0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
	0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb,
	0xeb86d391,
};

static const unsigned char shifts[4][4] = {
	{ 7, 12, 17, 22 }, { 5, 9, 14, 20 }, { 4, 11, 16, 23 }, { 6, 10, 15, 21 }
};

static void md5_mix(void *digest, const unsigned char *block)
{
	uint32_t *state = ((struct md5 *)digest)->state, words[16];
	uint32_t a = state[0], b = state[1], c = state[2], d = state[3];

	memcpy(words, block, sizeof(words));
	for (unsigned i = 0; i < 64; i++) {
		static const unsigned char steps[4] = { 1, 5, 3, 7 }, starts[4] = { 0, 1, 5, 0 };
		unsigned round = i / 16;
		uint32_t mixed = round == 0 ? (b & c) | (~b & d) :
				 round == 1 ? (d & b) | (~d & c) :
				 round == 2 ? b ^ c ^ d :
					      c ^ (b | ~d);

		mixed += a + sines[i] + le32toh(words[(starts[round] + steps[round] * i) % 16]);
		a = d;
		d = c;
		c = b;
		b += rotate(mixed, shifts[round][i % 4]);
	}
	state[0] += a;
	state[1] += b;
	state[2] += c;
	state[3] += d;
}

void md5_init(struct md5 *md5)
{
	*md5 = (struct md5){ .state = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476 } };
}

void md5_add(struct md5 *md5, struct str bytes)
{
	md5->len = add(md5, md5->block, md5->len, bytes, md5_mix);
}

void md5_end(struct md5 *md5, unsigned char digest[MD5_SIZE])
{
	uint64_t bits = htole64(md5->len * 8);

	pad(md5, md5->block, md5->len, md5_mix);
	memcpy(md5->block + LENGTH_AT, &bits, sizeof(bits));
	md5_mix(md5, md5->block);
	for (int i = 0; i < 4; i++) {
		uint32_t word = htole32(md5->state[i]);

		memcpy(digest + 4 * i, &word, 4);
	}
}

void md5_of(struct str bytes, unsigned char digest[MD5_SIZE])
{
	struct md5 md5;

	md5_init(&md5);
	md5_add(&md5, bytes);
	md5_end(&md5, digest);
}

/* --- SHA-1 ---------------------------------------------------------------------------- */

static void sha1_mix(void *digest, const unsigned char *block)
{
	static const uint32_t constants[4] = { 0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6 };
	uint32_t *state = ((struct sha1 *)digest)->state, words[80];
	uint32_t a = state[0], b = state[1], c = state[2], d = state[3], e = state[4];

	memcpy(words, block, BLOCK);
	for (int i = 0; i < 16; i++)
		words[i] = be32toh(words[i]);
	for (int i = 16; i < 80; i++)
		words[i] = rotate(words[i - 3] ^ words[i - 8] ^ words[i - 14] ^ words[i - 16], 1);
	for (int i = 0; i < 80; i++) {
		int round = i / 20;
		uint32_t mixed = round == 0 ? (b & c) | (~b & d) :
				 round == 2 ? (b & c) | (b & d) | (c & d) :
					      b ^ c ^ d;

		mixed += rotate(a, 5) + e + constants[round] + words[i];
		e = d;
		d = c;
		c = rotate(b, 30);
		b = a;
		a = mixed;
	}
	state[0] += a;
	state[1] += b;
	state[2] += c;
	state[3] += d;
	state[4] += e;
}

void sha1_init(struct sha1 *sha1)
{
	*sha1 = (struct sha1){
		.state = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0 },
	};
}

void sha1_add(struct sha1 *sha1, struct str bytes)
{
	sha1->len = add(sha1, sha1->block, sha1->len, bytes, sha1_mix);
}

void sha1_end(struct sha1 *sha1, unsigned char digest[SHA1_SIZE])
{
	uint64_t bits = htobe64(sha1->len * 8);

	pad(sha1, sha1->block, sha1->len, sha1_mix);
	memcpy(sha1->block + LENGTH_AT, &bits, sizeof(bits));
	sha1_mix(sha1, sha1->block);
	for (int i = 0; i < 5; i++) {
		uint32_t word = htobe32(sha1->state[i]);

		memcpy(digest + 4 * i, &word, 4);
	}
}

void sha1_of(struct str bytes, unsigned char digest[SHA1_SIZE])
{
	struct sha1 sha1;

	sha1_init(&sha1);
	sha1_add(&sha1, bytes);
	sha1_end(&sha1, digest);
}

/* --- keys and secrets ------------------------------------------------------------------ */

static void keyed(struct str key, unsigned char pad_byte, struct str bytes,
		  unsigned char digest[SHA1_SIZE])
{
	char block[BLOCK];
	struct sha1 sha1;

	memset(block, pad_byte, sizeof(block));
	for (size_t i = 0; i < key.len; i++)
		block[i] = (char)(block[i] ^ key.data[i]);
	sha1_init(&sha1);
	sha1_add(&sha1, (struct str){ block, sizeof(block) });
	sha1_add(&sha1, bytes);
	sha1_end(&sha1, digest);
}

void hmac_sha1(struct str key, struct str bytes, unsigned char digest[SHA1_SIZE])
{
	unsigned char inner[SHA1_SIZE];

	assert(key.len <= BLOCK);
	keyed(key, 0x36, bytes, inner);
	keyed(key, 0x5c, (struct str){ (char *)inner, sizeof(inner) }, digest);
}

bool secret_eq(struct str a, struct str b)
{
	volatile unsigned char differences = a.len != b.len;

	for (size_t i = 0; i < a.len && i < b.len; i++)
		differences |= (unsigned char)(a.data[i] ^ b.data[i]);
	return differences == 0;
}
