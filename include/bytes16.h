/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Looks at blocks of 16 bytes at once. A test compares all bytes of a block: its result has
 * 0xff at each byte for which it is true, and 0 at the others.
 *
 *     static inline bytes16 are_newlines(bytes16 bytes)
 *     {
 *             return (bytes16)(bytes == '\n');
 *     }
 *
 *     bytes16_has(value, are_newlines)
 */
#ifndef SKUA_BYTES16_H
#define SKUA_BYTES16_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <str.h>

typedef uint8_t bytes16 __attribute__((vector_size(16)));
typedef uint64_t bytes16_words __attribute__((vector_size(16)));
typedef bytes16 bytes16_test(bytes16 bytes);

static inline bytes16 bytes16_load(const char *bytes)
{
	bytes16 loaded;

	memcpy(&loaded, bytes, sizeof(loaded));
	return loaded;
}

/* Loads a string of 1 to 15 bytes: the block consists of them, some of them repeated. */
static inline bytes16 bytes16_load_short(struct str s)
{
	const char *begin = s.data, *end = begin + s.len;

	if (s.len >= 8) {
		uint64_t first, last;

		memcpy(&first, begin, 8);
		memcpy(&last, end - 8, 8);
		return (bytes16)(bytes16_words){ first, last };
	}
	if (s.len >= 4) {
		uint32_t first, last;

		memcpy(&first, begin, 4);
		memcpy(&last, end - 4, 4);
		uint64_t both = first | (uint64_t)last << 32;

		return (bytes16)(bytes16_words){ both, both };
	}
	uint64_t three = (uint8_t)begin[0] | (uint32_t)(uint8_t)begin[s.len / 2] << 8 |
			 (uint32_t)(uint8_t)end[-1] << 16;
	uint64_t eight = three | three << 24 | three << 48;

	return (bytes16)(bytes16_words){ eight, eight };
}

/* Whether a test was true of any byte. */
static inline bool bytes16_any(bytes16 found)
{
	return (((bytes16_words)found)[0] | ((bytes16_words)found)[1]) != 0;
}

/* The place, 0 to 15, of the first byte for which a test was true; there must be one. */
static inline size_t bytes16_first(bytes16 found)
{
	uint64_t low = le64toh(((bytes16_words)found)[0]),
		 high = le64toh(((bytes16_words)found)[1]);

	return (size_t)(low ? __builtin_ctzll(low) : 64 + __builtin_ctzll(high)) / 8;
}

/*
 * The first byte between `at` and `end` for which the test is true. If there is none in whole
 * blocks, returns where the rest begins, of less than 16 bytes; the caller looks at it byte by
 * byte.
 */
static inline __attribute__((always_inline)) const char *
bytes16_find(const char *at, const char *end, bytes16_test *test)
{
	for (; end - at >= (ptrdiff_t)sizeof(bytes16); at += sizeof(bytes16)) {
		bytes16 found = test(bytes16_load(at));

		if (bytes16_any(found))
			return at + bytes16_first(found);
	}
	return at;
}

/* Whether the test is true for any byte of s. Fastest if it hardly ever is. */
static inline __attribute__((always_inline)) bool bytes16_has(struct str s, bytes16_test *test)
{
	if (s.len == 0)
		return false;
	if (s.len < sizeof(bytes16))
		return bytes16_any(test(bytes16_load_short(s)));

	const char *last = s.data + s.len - sizeof(bytes16); /* may overlap the one before */
	bytes16 found = test(bytes16_load(last));

	for (const char *at = s.data; at < last; at += sizeof(bytes16))
		found |= test(bytes16_load(at));
	return bytes16_any(found);
}

#endif
