/* SPDX-License-Identifier: BSD-2-Clause */
/* Base64: six bits a digit; the contracts are in include/base64.h. */
#include <base64.h>

#include <errno.h>

struct str base64_encode(struct pool *pool, struct str bytes)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";
	char *text = pool_alloc(pool, bytes.len / 3 * 4 + 5), *to = text;

	for (; bytes.len > 0; bytes = str_skip(bytes, 3)) {
		uint8_t group[3] = { 0 };

		memcpy(group, bytes.data, bytes.len < 3 ? bytes.len : 3);
		*to++ = digits[group[0] >> 2];
		*to++ = digits[(group[0] & 3) << 4 | group[1] >> 4];
		*to++ = bytes.len > 1 ? digits[(group[1] & 15) << 2 | group[2] >> 6] : '=';
		*to++ = bytes.len > 2 ? digits[group[2] & 63] : '=';
	}
	*to = '\0';
	return str_range(text, to);
}

/* The value of a digit, or -1. */
static int digit_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

ssize_t base64_decode_to(char *to, struct str text)
{
	const char *begin = to;
	unsigned bits = 0, count = 0;

	while (text.len > 0 && text.data[text.len - 1] == '=')
		text.len--;
	if (text.len % 4 == 1)
		return -EINVAL;
	for (size_t i = 0; i < text.len; i++) {
		int value = digit_value(text.data[i]);

		if (value < 0)
			return -EINVAL;
		bits = bits << 6 | (unsigned)value;
		count += 6;
		if (count >= 8) {
			count -= 8;
			*to++ = (char)(bits >> count);
		}
	}
	return to - begin;
}

bool base64_decode(struct pool *pool, struct str text, struct str *bytes)
{
	char *decoded = pool_alloc(pool, BASE64_ROOM(text.len));
	ssize_t len = base64_decode_to(decoded, text);

	if (len < 0)
		return false;
	decoded[len] = '\0';
	*bytes = (struct str){ decoded, (size_t)len };
	return true;
}
