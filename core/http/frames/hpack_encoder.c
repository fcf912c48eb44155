/* SPDX-License-Identifier: BSD-2-Clause */
#include "http/frames/hpack.h"

enum {
	/* RFC 7541 section 6: the first bits of a representation, and the bits of its number. */
	INDEXED = 0x80,
	LITERAL_INDEXED = 0x40,
	INDEXED_BITS = 6,
	SIZE_UPDATE = 0x20,
	SIZE_BITS = 5,
	LITERAL = 0x00,
	LITERAL_NEVER = 0x10,
	LITERAL_BITS = 4,
	LENGTH_BITS = 7,
	STATUS = 8, /* the first entry of the static table for :status */
};

/* Names of the static table (RFC 7541 appendix A) that responses have, and their indexes. */
struct name {
	struct str text;
	uint8_t index;
};

/* By the length of the name. */
static const struct name names[][4] = {
	[3] = { { STR_INIT("age"), 21 }, { STR_INIT("via"), 60 } },
	[4] = { { STR_INIT("date"), 33 }, { STR_INIT("etag"), 34 }, { STR_INIT("vary"), 59 },
		{ STR_INIT("link"), 45 } },
	[5] = { { STR_INIT("allow"), 22 } },
	[6] = { { STR_INIT("server"), 54 } },
	[7] = { { STR_INIT("expires"), 36 }, { STR_INIT("refresh"), 52 } },
	[8] = { { STR_INIT("location"), 46 } },
	[10] = { { STR_INIT("set-cookie"), 55 } },
	[11] = { { STR_INIT("retry-after"), 53 } },
	[12] = { { STR_INIT("content-type"), 31 } },
	[13] = { { STR_INIT("cache-control"), 24 }, { STR_INIT("accept-ranges"), 18 },
		 { STR_INIT("last-modified"), 44 }, { STR_INIT("content-range"), 30 } },
	[14] = { { STR_INIT("content-length"), 28 } },
	[16] = { { STR_INIT("content-encoding"), 26 }, { STR_INIT("content-language"), 27 },
		 { STR_INIT("content-location"), 29 }, { STR_INIT("www-authenticate"), 61 } },
	[19] = { { STR_INIT("content-disposition"), 25 } },
	[25] = { { STR_INIT("strict-transport-security"), 56 } },
	[27] = { { STR_INIT("access-control-allow-origin"), 20 } },
};

enum { SET_COOKIE = 55 };

static unsigned find_name(struct str name)
{
	if (name.len >= sizeof(names) / sizeof(names[0]))
		return 0;

	const struct name *row = names[name.len];

	for (int i = 0; i < 4 && row[i].index; i++)
		if (row[i].text.data[0] == ascii_lower(name.data[0]) &&
		    str_eq_nocase(row[i].text, name))
			return row[i].index;
	return 0;
}

/* Section 5.1: a number behind `bits` of the first byte. */
static char *put_number(char *to, int pattern, int bits, size_t n)
{
	size_t most = ((size_t)1 << bits) - 1;

	if (n < most) {
		*to++ = (char)(pattern | (int)n);
		return to;
	}
	*to++ = (char)(pattern | (int)most);
	for (n -= most; n >= 128; n >>= 7)
		*to++ = (char)(n % 128 + 128);
	*to++ = (char)n;
	return to;
}

char *hpack_put_string(char *to, struct str value)
{
	return str_put_short(put_number(to, 0, LENGTH_BITS, value.len), value);
}

static char *put_literal(char *to, int pattern, int bits, unsigned index, struct str name,
			 struct str value)
{
	to = put_number(to, pattern, bits, index);
	if (!index)
		to = str_put_lower(put_number(to, 0, LENGTH_BITS, name.len), name);
	return hpack_put_string(to, value);
}

char *hpack_put(char *to, struct str name, struct str value)
{
	unsigned index = find_name(name);

	return put_literal(to, index == SET_COOKIE ? LITERAL_NEVER : LITERAL, LITERAL_BITS, index,
			   name, value);
}

char *hpack_put_indexed(char *to, struct str name, struct str value)
{
	return put_literal(to, LITERAL_INDEXED, INDEXED_BITS, 0, name, value);
}

char *hpack_put_status(char *to, int status)
{
	static const int indexed[] = { 200, 204, 206, 304, 400, 404, 500 };
	char digits[20];

	for (unsigned i = 0; i < sizeof(indexed) / sizeof(indexed[0]); i++)
		if (indexed[i] == status)
			return put_number(to, INDEXED, LENGTH_BITS, STATUS + i);
	str_put_u64(digits, (uint64_t)status);
	return put_literal(to, LITERAL, LITERAL_BITS, STATUS, STR(""), (struct str){ digits, 3 });
}

char *hpack_put_table_size(char *to, size_t size)
{
	return put_number(to, SIZE_UPDATE, SIZE_BITS, size);
}
