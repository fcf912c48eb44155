/* SPDX-License-Identifier: BSD-2-Clause */
/* Text that a terminal shows as it is, whatever lies in a file. */
#include "config/source/source.h"

size_t printable_len(struct str s)
{
	unsigned char c = (unsigned char)s.data[0];
	size_t len = c < 0x80 ? 1 : c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : 2;

	if (c < 0x20 || c == 0x7f || (c >= 0x80 && c < 0xC2) || c > 0xF4 || len > s.len)
		return 0;
	for (size_t i = 1; i < len; i++)
		if (((unsigned char)s.data[i] & 0xC0) != 0x80)
			return 0;
	if (c == 0xC2 && (unsigned char)s.data[1] < 0xA0) /* U+0080 … U+009F */
		return 0;
	return len;
}

struct str printable(struct pool *pool, struct str text)
{
	char *copy = pool_alloc(pool, text.len * 4 + 1), *to = copy;

	while (!str_empty(text)) {
		size_t len = printable_len(text);

		if (len)
			to = str_put(to, str_head(text, len));
		else
			to += sprintf(to, "\\x%02X", (unsigned char)text.data[0]);
		text = str_skip(text, len ? len : 1);
	}
	return str_range(copy, to);
}
