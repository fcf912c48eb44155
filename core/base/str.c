/* SPDX-License-Identifier: BSD-2-Clause */
/* Strings with a length; the contracts are in include/str.h. */
#include <str.h>

#include <errno.h>

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

ssize_t str_chr(struct str s, char c)
{
	const char *found = s.len ? memchr(s.data, c, s.len) : NULL;

	return found ? found - s.data : -1;
}

ssize_t str_rchr(struct str s, char c)
{
	const char *found = s.len ? memrchr(s.data, c, s.len) : NULL;

	return found ? found - s.data : -1;
}

ssize_t str_find(struct str s, struct str needle)
{
	if (needle.len == 0)
		return 0;
	const char *found = s.len ? memmem(s.data, s.len, needle.data, needle.len) : NULL;

	return found ? found - s.data : -1;
}

/* The eight bytes at `bytes`, with letters of ASCII in lower case. */
static inline uint64_t lower_8(const char *bytes)
{
	const uint64_t each = 0x0101010101010101; /* times a byte: that byte, eight times */
	uint64_t word, low, after_z, from_a;

	memcpy(&word, bytes, sizeof(word));
	low = word & 0x7f * each;
	/* The highest bit of each byte says that its lower seven are at least 'A', or after 'Z'. */
	from_a = low + (0x80 - 'A') * each;
	after_z = low + (0x7f - 'Z') * each;
	return word | ((from_a ^ after_z) & ~word & 0x80 * each) >> 2;
}

bool str_eq_nocase(struct str a, struct str b)
{
	size_t i = 0;

	if (a.len != b.len)
		return false;
	for (; a.len - i >= 8; i += 8)
		if (lower_8(a.data + i) != lower_8(b.data + i))
			return false;
	if (i && i < a.len) /* the last eight, some of which were compared */
		return lower_8(a.data + a.len - 8) == lower_8(b.data + a.len - 8);
	for (; i < a.len; i++)
		if (ascii_lower(a.data[i]) != ascii_lower(b.data[i]))
			return false;
	return true;
}

/* Cuts the digits off the beginning of *s, and returns them. */
static struct str cut_digits(struct str *s)
{
	struct str rest = *s;

	while (rest.len > 0 && is_digit(rest.data[0]))
		rest = str_skip(rest, 1);

	struct str digits = str_head(*s, s->len - rest.len);

	*s = rest;
	return digits;
}

static int compare_sizes(size_t a, size_t b)
{
	return (a > b) - (a < b);
}

/*
 * Compares numbers of any length. If they are equal, *tie becomes the order by their zeros in
 * front, unless an earlier pair of numbers has set it.
 */
static int compare_numbers(struct str a, struct str b, int *tie)
{
	size_t len_a = a.len, len_b = b.len;

	while (a.len > 0 && a.data[0] == '0')
		a = str_skip(a, 1);
	while (b.len > 0 && b.data[0] == '0')
		b = str_skip(b, 1);
	if (a.len != b.len)
		return compare_sizes(a.len, b.len);
	if (*tie == 0)
		*tie = compare_sizes(len_a, len_b);
	return a.len > 0 ? memcmp(a.data, b.data, a.len) : 0;
}

int str_compare_natural(struct str a, struct str b)
{
	int order = 0, tie = 0;

	while (order == 0 && a.len > 0 && b.len > 0) {
		if (is_digit(a.data[0]) && is_digit(b.data[0])) {
			order = compare_numbers(cut_digits(&a), cut_digits(&b), &tie);
			continue;
		}
		order = (unsigned char)a.data[0] - (unsigned char)b.data[0];
		a = str_skip(a, 1);
		b = str_skip(b, 1);
	}
	if (order == 0)
		order = compare_sizes(a.len, b.len);
	return order != 0 ? order : tie;
}

struct str str_trim(struct str s, const char *set)
{
	while (s.len && s.data[0] && strchr(set, s.data[0]))
		s = str_skip(s, 1);
	while (s.len && s.data[s.len - 1] && strchr(set, s.data[s.len - 1]))
		s.len--;
	return s;
}

struct str str_split(struct str *rest, char sep)
{
	ssize_t at = str_chr(*rest, sep);
	struct str piece = at < 0 ? *rest : str_head(*rest, (size_t)at);

	*rest = at < 0 ? str_skip(*rest, rest->len) : str_skip(*rest, (size_t)at + 1);
	return piece;
}

uint32_t str_utf8_code(struct str s, size_t len)
{
	unsigned char first = (unsigned char)s.data[0];
	uint32_t code = len == 1 ? first : first & (0xffu >> (len + 1));

	for (size_t i = 1; i < len; i++)
		code = code << 6 | ((unsigned char)s.data[i] & 0x3f);
	return code;
}

size_t str_utf8(struct str s)
{
	unsigned char first = s.len ? (unsigned char)s.data[0] : 0xff;
	size_t len = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
	static const uint32_t least[] = { [2] = 0x80, [3] = 0x800, [4] = 0x10000 };

	if (len == 1)
		return 1;
	if (first < 0xc0 || first > 0xf4 || s.len < len)
		return 0;
	for (size_t i = 1; i < len; i++)
		if (((unsigned char)s.data[i] & 0xc0) != 0x80)
			return 0;

	uint32_t code = str_utf8_code(s, len);
	bool is_surrogate = code >= 0xd800 && code <= 0xdfff;
	return code < least[len] || code > 0x10ffff || is_surrogate ? 0 : len;
}

int str_to_u64(struct str s, uint64_t max, uint64_t *out)
{
	uint64_t n = 0;

	if (s.len == 0)
		return -EINVAL;
	for (size_t i = 0; i < s.len; i++) {
		unsigned digit = (unsigned char)s.data[i] - '0';

		if (digit > 9)
			return -EINVAL;
		if (__builtin_mul_overflow(n, 10, &n) || __builtin_add_overflow(n, digit, &n) ||
		    n > max)
			return -ERANGE;
	}
	*out = n;
	return 0;
}

/* Two digits at a time, from the last to the first. */
char *str_put_u64(char *to, uint64_t n)
{
	static const char pairs[] = "00010203040506070809101112131415161718192021222324"
				    "25262728293031323334353637383940414243444546474849"
				    "50515253545556575859606162636465666768697071727374"
				    "75767778798081828384858687888990919293949596979899";
	uint64_t rest = n;
	size_t digits = 1;

	for (; rest >= 10000; rest /= 10000)
		digits += 4;
	digits += (rest >= 10) + (rest >= 100) + (rest >= 1000);

	char *end = to + digits, *at = end;

	while (n >= 100) {
		at -= 2;
		memcpy(at, pairs + n % 100 * 2, 2);
		n /= 100;
	}
	if (n >= 10)
		memcpy(at - 2, pairs + n * 2, 2);
	else
		at[-1] = (char)('0' + n);
	return end;
}
