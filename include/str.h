/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Strings with a length, passed by value. A struct str borrows its bytes: it
 * never owns and never frees them, and they need no NUL at the end. Functions
 * that copy say so in their name (pool_strdup(), pool.h).
 */
#ifndef SKUA_STR_H
#define SKUA_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>

struct str {
	const char *data;
	size_t len;
};

/* A string literal as a struct str; in a constant initializer use STR_INIT. */
#define STR(literal)      ((struct str){ (literal), sizeof(literal) - 1 })
#define STR_INIT(literal) { (literal), sizeof(literal) - 1 }

/* For printf's "%.*s". */
#define STR_ARG(s) (int)(s).len, (s).data ? (s).data : ""

static inline bool str_empty(struct str s)
{
	return s.len == 0;
}

/* Borrows a NUL-terminated string; NULL gives the empty string. */
static inline struct str str_from(const char *text)
{
	return (struct str){ text, text ? strlen(text) : 0 };
}

static inline struct str str_range(const char *begin, const char *end)
{
	return (struct str){ begin, (size_t)(end - begin) };
}

static inline bool str_eq(struct str a, struct str b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static inline bool str_starts(struct str s, struct str prefix)
{
	return s.len >= prefix.len &&
	       (prefix.len == 0 || memcmp(s.data, prefix.data, prefix.len) == 0);
}

static inline bool str_ends(struct str s, struct str suffix)
{
	return s.len >= suffix.len &&
	       (suffix.len == 0 ||
		memcmp(s.data + s.len - suffix.len, suffix.data, suffix.len) == 0);
}

/* The rest of s after its first n bytes; empty when s is shorter. */
static inline struct str str_skip(struct str s, size_t n)
{
	return n < s.len ? (struct str){ s.data + n, s.len - n } : (struct str){ s.data, 0 };
}

/* The first n bytes of s, or all of it when s is shorter. */
static inline struct str str_head(struct str s, size_t n)
{
	return (struct str){ s.data, n < s.len ? n : s.len };
}

/* Position of the first (last) c, or -1. */
ssize_t str_chr(struct str s, char c);
ssize_t str_rchr(struct str s, char c);

/* Position of the first needle, or -1. */
ssize_t str_find(struct str s, struct str needle);

/* ASCII only, whatever the locale says: protocol elements are ASCII. */
static inline char ascii_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

/* The value of a hexadecimal digit, or -1. */
static inline int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = ascii_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool str_eq_nocase(struct str a, struct str b);

/*
 * The order that people expect of names: runs of digits are numbers, "file2" comes before
 * "file10"; all else goes by the values of the bytes. Less than, equal to or greater than 0,
 * as in memcmp(3). 0 only if both are the same bytes: where all numbers are equal ("a1",
 * "a01"), the first that has fewer zeros in front comes first.
 */
int str_compare_natural(struct str a, struct str b);

/* s without the characters of `set` at both ends. */
struct str str_trim(struct str s, const char *set);

/*
 * Cuts the part of *rest before the first `sep` off and returns it; *rest is
 * what follows the separator. With no separator left returns all of it.
 */
struct str str_split(struct str *rest, char sep);

/*
 * The length of the UTF-8 character that s begins with (RFC 3629: no overlong form,
 * no surrogate, nothing beyond U+10FFFF), 0 when it begins with none.
 */
size_t str_utf8(struct str s);

/* The code point of this character, whose length `len` is from str_utf8(). */
uint32_t str_utf8_code(struct str s, size_t len);

/*
 * Parses an unsigned decimal number, digits only, all of s.
 * 0, -EINVAL when s is not one, -ERANGE when it exceeds max.
 */
int str_to_u64(struct str s, uint64_t max, uint64_t *out);

/* Writes n in decimal at `to` (20 bytes at most); returns the new end. */
char *str_put_u64(char *to, uint64_t n);

/* Copies s to `to` and returns the new end. */
static inline char *str_put(char *to, struct str s)
{
	if (s.len == 0)
		return to;
	memcpy(to, s.data, s.len);
	return to + s.len;
}

/* The same in lower case (ASCII). */
static inline char *str_put_lower(char *to, struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		*to++ = ascii_lower(s.data[i]);
	return to;
}

/*
 * As str_put(), faster for texts of up to 32 bytes whose length the compiler does not know, such as
 * names and values of fields: without a call of memcpy(3). Two blocks, which may overlap, make
 * up the text.
 */
static inline char *str_put_short(char *to, struct str s)
{
	char *end = to + s.len;

	if (s.len > 32)
		return str_put(to, s);
	if (s.len >= 16) {
		memcpy(to, s.data, 16);
		memcpy(end - 16, s.data + s.len - 16, 16);
	} else if (s.len >= 8) {
		memcpy(to, s.data, 8);
		memcpy(end - 8, s.data + s.len - 8, 8);
	} else if (s.len >= 4) {
		memcpy(to, s.data, 4);
		memcpy(end - 4, s.data + s.len - 4, 4);
	} else {
		for (size_t i = 0; i < s.len; i++)
			to[i] = s.data[i];
	}
	return end;
}

#endif
