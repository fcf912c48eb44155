/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Escaping for JSON: a run of bytes that stand for themselves, then one that does
 * not, and so on. The contracts are in include/json.h.
 */
#include <json.h>

#include <text.h>

#include "base/json_bytes.h"

void text_add_json(struct text *text, struct str s)
{
	for (;;) {
		size_t len = json_plain_len(s);

		text_add(text, str_head(s, len));
		if (len == s.len)
			return;

		char *to = text_room(text, JSON_ESCAPE_MAX);

		text->len += (size_t)(json_put_escape(to, (unsigned char)s.data[len]) - to);
		s = str_skip(s, len + 1);
	}
}

struct str json_escape(struct pool *pool, struct str s)
{
	struct text text = { .pool = pool };

	if (json_plain_len(s) == s.len)
		return s;
	text_add_json(&text, s);
	return text_str(&text);
}
