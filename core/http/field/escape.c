/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Percent-encoding and HTML entities. Decoding is in uri.c.
 */
#include <escape.h>

#include "http/field/uri.h"

enum safe {
	IN_PATH = 1 << 0,
	IN_COMPONENT = 1 << 1,
	IN_LOCATION = 1 << 2, /* all but control characters; not in the table */
	IN_CAPTURE = 1 << 3,
	EVERYWHERE = IN_PATH | IN_COMPONENT | IN_CAPTURE,
};

/*
 * RFC 3986: unreserved in both; sub-delims, ":", "@" and "/" in a path. nginx: what has a
 * meaning in arguments or may not stand in a URI is encoded in a capture.
 */
static const uint8_t safe[256] = {
	['!'] = EVERYWHERE,
	['$'] = IN_PATH | IN_CAPTURE,
	['&'] = IN_PATH,
	['\'' ... '*'] = EVERYWHERE,
	['+'] = IN_PATH,
	[','] = IN_PATH | IN_CAPTURE,
	['-' ... '.'] = EVERYWHERE,
	['/'] = IN_PATH | IN_CAPTURE,
	['0' ... '9'] = EVERYWHERE,
	[':'] = IN_PATH | IN_CAPTURE,
	[';'] = IN_PATH,
	['='] = IN_PATH | IN_CAPTURE,
	['@'] = IN_PATH | IN_CAPTURE,
	['A' ... 'Z'] = EVERYWHERE,
	['['] = IN_CAPTURE,
	[']'] = IN_CAPTURE,
	['_'] = EVERYWHERE,
	['a' ... 'z'] = EVERYWHERE,
	['~'] = EVERYWHERE,
};

static bool is_safe(char c, enum safe where)
{
	if (where == IN_LOCATION)
		return (uint8_t)c >= ' ' && c != 0x7f;
	return safe[(uint8_t)c] & where;
}

static struct str percent_encode(struct pool *pool, struct str text, enum safe where)
{
	static const char digits[] = "0123456789ABCDEF";
	size_t i = 0;

	while (i < text.len && is_safe(text.data[i], where))
		i++;
	if (i == text.len)
		return text;

	char *copy = pool_alloc(pool, 3 * text.len), *to = str_put(copy, str_head(text, i));
	for (; i < text.len; i++) {
		uint8_t c = (uint8_t)text.data[i];

		if (is_safe(text.data[i], where)) {
			*to++ = text.data[i];
			continue;
		}
		*to++ = '%';
		*to++ = digits[c >> 4];
		*to++ = digits[c & 15];
	}
	return str_range(copy, to);
}

struct str uri_escape(struct pool *pool, struct str path)
{
	return percent_encode(pool, path, IN_PATH);
}

struct str uri_escape_component(struct pool *pool, struct str text)
{
	return percent_encode(pool, text, IN_COMPONENT);
}

struct str capture_escape(struct pool *pool, struct str text)
{
	return percent_encode(pool, text, IN_CAPTURE);
}

struct str location_escape(struct pool *pool, struct str reference)
{
	return percent_encode(pool, reference, IN_LOCATION);
}

static struct str entity(char c)
{
	switch (c) {
	case '&':
		return STR("&amp;");
	case '<':
		return STR("&lt;");
	case '>':
		return STR("&gt;");
	case '"':
		return STR("&quot;");
	case '\'':
		return STR("&#39;");
	default:
		return STR("");
	}
}

struct str html_escape(struct pool *pool, struct str text)
{
	size_t i = 0;

	while (i < text.len && str_empty(entity(text.data[i])))
		i++;
	if (i == text.len)
		return text;

	char *copy = pool_alloc(pool, 6 * text.len), *to = str_put(copy, str_head(text, i));
	for (; i < text.len; i++) {
		struct str name = entity(text.data[i]);

		to = str_put(to, str_empty(name) ? (struct str){ text.data + i, 1 } : name);
	}
	return str_range(copy, to);
}
