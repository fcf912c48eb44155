/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What clients send, as it stands in the JSON of a log. It is valid (RFC 8259 section 7)
 * whatever it was, and the three ways to write it agree.
 */
#include <assert.h>
#include <json.h>
#include <text.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Takes a backslash and what follows it off. */
static struct str skip_escape(struct str s)
{
	assert(s.len >= 2 && strchr("\"\\bfnrtu", s.data[1]));
	if (s.data[1] != 'u')
		return str_skip(s, 2);
	assert(s.len >= 6);
	for (size_t i = 2; i < 6; i++)
		assert(strchr("0123456789ABCDEF", s.data[i]));
	return str_skip(s, 6);
}

static void check_string(struct str s)
{
	while (s.len > 0) {
		assert((unsigned char)s.data[0] >= 0x20 && s.data[0] != '"' && str_utf8(s) > 0);
		s = s.data[0] == '\\' ? skip_escape(s) : str_skip(s, str_utf8(s));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str plain = { (const char *)data, size };
	struct pool *pool = pool_create(0);
	struct text text = { .pool = pool };
	struct str escaped = json_escape(pool, plain);
	char put[256], *end = json_put(put, put + sizeof(put), plain);

	check_string(escaped);
	text_add_json(&text, plain);
	assert(str_eq(text_str(&text), escaped));
	assert(end ? str_eq(str_range(put, end), escaped) : escaped.len > sizeof(put) - 6);
	pool_destroy(pool);
	return 0;
}
