/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * XML, JSON and JSONP are byte for byte those of nginx: if a name is not valid UTF-8, its bytes
 * are sent unchanged. The format text has one name on each line.
 */
#include "listing.h"

#include "visible.h"

static const struct str *type_name(const struct directory_entry *entry)
{
	static const struct str directory = STR_INIT("directory"), file = STR_INIT("file"),
				other = STR_INIT("other");

	return entry->kind == FILE_DIRECTORY ? &directory :
	       entry->kind == FILE_REGULAR   ? &file :
					       &other;
}

static void add_number(struct text *text, uint64_t number)
{
	char *to = text_room(text, 20);

	text->len += (size_t)(str_put_u64(to, number) - to);
}

/* --- XML ------------------------------------------------------------------------------- */

static void add_xml(struct text *text, struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.data[i];

		if (c == '&')
			text_add(text, STR("&amp;"));
		else if (c == '<')
			text_add(text, STR("&lt;"));
		else if (c == '>')
			text_add(text, STR("&gt;"));
		else if (c == '"')
			text_add(text, STR("&quot;"));
		else
			text_add_char(text, c);
	}
}

static void begin_xml(struct listing *listing, struct text *text)
{
	(void)listing;
	text_add(text, STR("<?xml version=\"1.0\"?>\r\n<list>\r\n"));
}

static void add_xml_entry(struct listing *listing, struct text *text,
			  const struct directory_entry *entry)
{
	const struct str *type = type_name(entry);
	char *to;

	(void)listing;
	text_add_char(text, '<');
	text_add(text, *type);
	text_add(text, STR(" mtime=\""));
	to = text_room(text, DATE_UTC_LEN);
	text->len += (size_t)(date_put_utc(to, entry->mtime) - to);
	if (entry->kind == FILE_REGULAR) {
		text_add(text, STR("\" size=\""));
		add_number(text, entry->size);
	}
	text_add(text, STR("\">"));
	add_xml(text, entry->name);
	text_add(text, STR("</"));
	text_add(text, *type);
	text_add(text, STR(">\r\n"));
}

static void end_xml(struct listing *listing, struct text *text)
{
	(void)listing;
	text_add(text, STR("</list>\r\n"));
}

const struct format format_xml = {
	.content_type = "text/xml",
	.charset = "utf-8",
	.order = DIRECTORY_BY_BYTES,
	.begin = begin_xml,
	.entry = add_xml_entry,
	.end = end_xml,
};

/* --- JSON ------------------------------------------------------------------------------ */

/* Does not use text_add_json(), which is for logs and changes bytes that are not valid UTF-8. */
static void add_json(struct text *text, struct str s)
{
	static const char names[0x20] = { ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't',
					  ['\b'] = 'b', ['\f'] = 'f' };

	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.data[i];

		if (c < 0x20 && !names[c]) {
			text_printf(text, "\\u%04X", c);
			continue;
		}
		if (c < 0x20 || c == '"' || c == '\\')
			text_add_char(text, '\\');
		text_add_char(text, c < 0x20 ? names[c] : (char)c);
	}
}

static void begin_json(struct listing *listing, struct text *text)
{
	(void)listing;
	text_add(text, STR("["));
}

static void add_json_entry(struct listing *listing, struct text *text,
			   const struct directory_entry *entry)
{
	char *to;

	text_add(text, listing->files + listing->directories ? STR(",\r\n{ \"name\":\"") :
							       STR("\r\n{ \"name\":\""));
	add_json(text, entry->name);
	text_add(text, STR("\", \"type\":\""));
	text_add(text, *type_name(entry));
	text_add(text, STR("\", \"mtime\":\""));
	to = text_room(text, DATE_HTTP_LEN);
	text->len += (size_t)(date_put_http(to, entry->mtime) - to);
	text_add_char(text, '"');
	if (entry->kind == FILE_REGULAR) {
		text_add(text, STR(", \"size\":"));
		add_number(text, entry->size);
	}
	text_add(text, STR(" }"));
}

static void end_json(struct listing *listing, struct text *text)
{
	(void)listing;
	text_add(text, STR("\r\n]"));
}

const struct format format_json = {
	.content_type = "application/json",
	.charset = "",
	.order = DIRECTORY_BY_BYTES,
	.begin = begin_json,
	.entry = add_json_entry,
	.end = end_json,
};

static void begin_jsonp(struct listing *listing, struct text *text)
{
	text_add(text, STR("/* callback */\r\n"));
	text_add(text, listing->callback);
	text_add(text, STR("(["));
}

static void end_jsonp(struct listing *listing, struct text *text)
{
	end_json(listing, text);
	text_add(text, STR(");"));
}

const struct format format_jsonp = {
	.content_type = "application/javascript",
	.charset = "",
	.order = DIRECTORY_BY_BYTES,
	.begin = begin_jsonp,
	.entry = add_json_entry,
	.end = end_jsonp,
};

/* --- text ------------------------------------------------------------------------------ */

static void begin_text(struct listing *listing, struct text *text)
{
	(void)listing;
	(void)text;
}

static void add_text_entry(struct listing *listing, struct text *text,
			   const struct directory_entry *entry)
{
	(void)listing;
	visible_add(text, entry->name, VISIBLE_TEXT);
	if (entry->kind == FILE_DIRECTORY)
		text_add_char(text, '/');
	text_add_char(text, '\n');
}

const struct format format_text = {
	.content_type = "text/plain",
	.charset = "utf-8",
	.order = DIRECTORY_NATURAL,
	.begin = begin_text,
	.entry = add_text_entry,
	.end = begin_text,
};
