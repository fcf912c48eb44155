/* SPDX-License-Identifier: BSD-2-Clause */
#include "murmur.h"

#define MULTIPLIER 0x5bd1e995u

/* Converts up to four bytes to a number, the least significant byte first. */
static uint32_t take(const unsigned char *bytes, size_t count)
{
	uint32_t word = 0;

	for (size_t i = count; i > 0; i--)
		word = word << 8 | bytes[i - 1];
	return word;
}

uint32_t murmur_hash2(struct str text)
{
	const unsigned char *bytes = (const unsigned char *)text.data;
	uint32_t hash = (uint32_t)text.len;
	size_t left = text.len;

	for (; left >= 4; left -= 4, bytes += 4) {
		uint32_t word = take(bytes, 4) * MULTIPLIER;

		word ^= word >> 24;
		hash = hash * MULTIPLIER ^ word * MULTIPLIER;
	}
	if (left > 0)
		hash = (hash ^ take(bytes, left)) * MULTIPLIER;
	hash = (hash ^ hash >> 13) * MULTIPLIER;
	return hash ^ hash >> 15;
}
