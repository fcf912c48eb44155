/* SPDX-License-Identifier: BSD-2-Clause */
#include "encode.h"

/* --- "%20" ------------------------------------------------------------------------ */

static bool stays_in_url(char c)
{
	return c > ' ' && c < 0x7f && !strchr("\"#%'<>\\^`{|}", c);
}

void encode_url(struct page *page, struct str text)
{
	static const char digits[] = "0123456789ABCDEF";

	while (!str_empty(text)) {
		size_t len = 0;

		while (len < text.len && stays_in_url(text.data[len]))
			len++;
		page_add(page, str_head(text, len));
		text = str_skip(text, len);
		if (str_empty(text))
			break;

		uint8_t byte = (uint8_t)text.data[0];
		char code[] = { '%', digits[byte >> 4], digits[byte & 0xf] };

		page_add(page, (struct str){ code, sizeof(code) });
		text = str_skip(text, 1);
	}
}

/* --- entities --------------------------------------------------------------------- */

static struct str entity_of(char c)
{
	switch (c) {
	case '<':
		return STR("&lt;");
	case '>':
		return STR("&gt;");
	case '&':
		return STR("&amp;");
	case '"':
		return STR("&quot;");
	}
	return STR("");
}

void encode_entities(struct page *page, struct str text)
{
	while (!str_empty(text)) {
		size_t len = 0;

		while (len < text.len && str_empty(entity_of(text.data[len])))
			len++;
		page_add(page, str_head(text, len));
		text = str_skip(text, len);
		if (str_empty(text))
			break;
		page_add(page, entity_of(text.data[0]));
		text = str_skip(text, 1);
	}
}
