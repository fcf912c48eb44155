/* SPDX-License-Identifier: BSD-2-Clause */
/* Escaping for JSON without memory of its own, so that the log can use it. */
#include "base/json_bytes.h"

#include <json.h>

size_t json_plain_len(struct str s)
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

char *json_put_escape(char *to, unsigned char c)
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
		size_t len = json_plain_len(s);

		if (len > (size_t)(limit - to))
			return NULL;
		to = str_put(to, str_head(s, len));
		if (len == s.len)
			return to;
		if (limit - to < JSON_ESCAPE_MAX)
			return NULL;
		to = json_put_escape(to, (unsigned char)s.data[len]);
		s = str_skip(s, len + 1);
	}
}
