/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Escaping for JSON: a run of bytes that stand for themselves, then one that does
 * not, and so on. The contracts are in include/json.h.
 */
#include <json.h>

#include <text.h>

/* The longest that a byte becomes: "\u001F". */
enum { ESCAPE_MAX = 6 };

/* How many bytes at the beginning stand for themselves. */
static size_t plain_len(struct str s)
{
	size_t len = 0, character = 1;

	for (; len < s.len; len += character) {
		unsigned char c = (unsigned char)s.data[len];

		if (c < 0x20 || c == '"' || c == '\\')
			break;
		character = c < 0x80 ? 1 : str_utf8(str_skip(s, len));
		if (character == 0)
			break;
	}
	return len;
}

/* Writes ESCAPE_MAX bytes at most. */
static char *put_escape(char *to, unsigned char c)
{
	static const char digits[] = "0123456789ABCDEF";
	static const char names[0x20] = { ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't',
					  ['\b'] = 'b', ['\f'] = 'f' };

	*to++ = '\\';
	if (c == '"' || c == '\\' || (c < 0x20 && names[c])) {
		*to++ = c < 0x20 ? names[c] : (char)c;
		return to;
	}
	to = str_put(to, c < 0x20 ? STR("u00") : STR("\\x"));
	*to++ = digits[c >> 4];
	*to++ = digits[c & 15];
	return to;
}

char *json_put(char *to, const char *limit, struct str s)
{
	for (;;) {
		size_t len = plain_len(s);

		if (len > (size_t)(limit - to))
			return NULL;
		to = str_put(to, str_head(s, len));
		if (len == s.len)
			return to;
		if (limit - to < ESCAPE_MAX)
			return NULL;
		to = put_escape(to, (unsigned char)s.data[len]);
		s = str_skip(s, len + 1);
	}
}

void text_add_json(struct text *text, struct str s)
{
	for (;;) {
		size_t len = plain_len(s);

		text_add(text, str_head(s, len));
		if (len == s.len)
			return;

		char *to = text_room(text, ESCAPE_MAX);

		text->len += (size_t)(put_escape(to, (unsigned char)s.data[len]) - to);
		s = str_skip(s, len + 1);
	}
}

struct str json_escape(struct pool *pool, struct str s)
{
	struct text text = { .pool = pool };

	if (plain_len(s) == s.len)
		return s;
	text_add_json(&text, s);
	return text_str(&text);
}
