/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Percent-encoding of paths: the way back from what path_normalize() decoded.
 */
#include <request.h>

#include <stdbool.h>

/* pchar and '/' of RFC 3986 section 3.3 stay. */
static bool may_stay(unsigned char c)
{
	if ((c >= 'a' && c <= 'z') || (c >= '@' && c <= 'Z') || (c >= '0' && c <= ';'))
		return true;
	return c && strchr("!$&'()*+,-./=_~", c);
}

struct str uri_escape(struct pool *pool, struct str path)
{
	static const char digits[] = "0123456789ABCDEF";
	size_t extra = 0;

	for (size_t i = 0; i < path.len; i++)
		extra += may_stay((unsigned char)path.data[i]) ? 0 : 2;
	if (extra == 0)
		return path;

	char *begin = pool_alloc(pool, path.len + extra), *to = begin;
	for (size_t i = 0; i < path.len; i++) {
		unsigned char c = (unsigned char)path.data[i];
		if (may_stay(c)) {
			*to++ = (char)c;
			continue;
		}
		*to++ = '%';
		*to++ = digits[c >> 4];
		*to++ = digits[c & 15];
	}
	return str_range(begin, to);
}
