/* SPDX-License-Identifier: BSD-2-Clause */
#include "visible.h"

/* Whether the character is invisible, or changes how the characters around it are shown. */
static bool is_hidden(uint32_t c)
{
	static const struct {
		uint32_t first, last;
	} ranges[] = {
		{ 0x00, 0x1f }, /* C0 */
		{ 0x7f, 0x9f }, /* DEL, C1 */
		{ 0xad, 0xad }, /* soft hyphen */
		{ 0x61c, 0x61c }, /* Arabic letter mark */
		{ 0x115f, 0x1160 }, /* Hangul fillers */
		{ 0x180b, 0x180f }, /* Mongolian separators */
		{ 0x200b, 0x200b }, /* zero width space; the joiners after it are part of scripts */
		{ 0x200e, 0x200f }, /* marks of direction */
		{ 0x2028, 0x202e }, /* separators of lines, embedding and override */
		{ 0x2060, 0x206f }, /* invisible operators, isolates */
		{ 0x3164, 0x3164 }, /* Hangul filler */
		{ 0xfeff, 0xfeff }, /* byte order mark */
		{ 0xffa0, 0xffa0 }, /* Hangul filler */
		{ 0xfff0, 0xfffb }, /* interlinear annotation */
		{ 0xe0000, 0xe0fff }, /* tags */
	};

	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		if (c <= ranges[i].last)
			return c >= ranges[i].first;
	return false;
}

static void add_escape(struct text *text, uint32_t c, bool is_byte, enum visible how)
{
	bool is_html = how == VISIBLE_HTML || how == VISIBLE_LINES;

	if (is_html)
		text_add(text, STR("<i>"));
	if (c == '\n' || c == '\r' || c == '\t')
		text_add(text, c == '\n' ? STR("\\n") : c == '\r' ? STR("\\r") : STR("\\t"));
	else if (is_byte || c < 0x80)
		text_printf(text, "\\x%02X", (unsigned)c);
	else
		text_printf(text, "\\u%04X", (unsigned)c);
	if (is_html)
		text_add(text, STR("</i>"));
}

static void add_plain(struct text *text, struct str character, enum visible how)
{
	char c = character.data[0];

	if (how == VISIBLE_TEXT && c == '\\')
		text_add(text, STR("\\\\"));
	else if (how != VISIBLE_TEXT && c == '&')
		text_add(text, STR("&amp;"));
	else if (how != VISIBLE_TEXT && c == '<')
		text_add(text, STR("&lt;"));
	else if (how != VISIBLE_TEXT && c == '>')
		text_add(text, STR("&gt;"));
	else
		text_add(text, character);
}

void visible_add(struct text *text, struct str s, enum visible how)
{
	while (s.len) {
		size_t len = str_utf8(s);
		uint32_t c = len ? str_utf8_code(s, len) : (unsigned char)s.data[0];
		bool is_line = how == VISIBLE_LINES && (c == '\n' || c == '\t');

		/* CR LF, the line break of other systems, becomes LF. */
		if (how == VISIBLE_LINES && str_starts(s, STR("\r\n")))
			s = str_skip(s, 1), is_line = true, len = 1;
		if (len && (is_line || !is_hidden(c)))
			add_plain(text, str_head(s, len), how);
		else
			add_escape(text, c, len == 0, how);
		s = str_skip(s, len ? len : 1);
	}
}
