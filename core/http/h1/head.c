/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The parser of request heads. It looks for the ends of lines, targets and values in blocks
 * of 16 bytes, and at the bytes of the block that holds the end by a table of classes. What
 * a target means is in uri.c, how a chunked body is read in chunked.c.
 */
#include "http/h1/head.h"

#include <bytes16.h>
#include <field.h>

#include "http/field/fields.h"
#include "http/field/method.h"

enum class {
	TOKEN = 1 << 0, /* RFC 9110 section 5.6.2 */
	TARGET = 1 << 1, /* anything visible; bytes from 0x80 on as in nginx */
	VALUE = 1 << 2, /* RFC 9110 section 5.5, obs-text included */
	WORD = 1 << 3, /* letters, digits, hyphens */
};

/* Classes of what may stand in names, and of the other visible characters. */
#define NAME   (TOKEN | TARGET | VALUE)
#define OTHERS (TARGET | VALUE)

static const uint8_t classes[256] = {
	['\t'] = VALUE,
	[' '] = VALUE,
	['!'] = NAME,
	['"'] = OTHERS,
	['#' ... '\''] = NAME,
	['(' ... ')'] = OTHERS,
	['*' ... '+'] = NAME,
	[','] = OTHERS,
	['-'] = NAME | WORD,
	['.'] = NAME,
	['/'] = OTHERS,
	['0' ... '9'] = NAME | WORD,
	[':' ... '@'] = OTHERS,
	['A' ... 'Z'] = NAME | WORD,
	['[' ... ']'] = OTHERS,
	['^' ... '`'] = NAME,
	['a' ... 'z'] = NAME | WORD,
	['{'] = OTHERS,
	['|'] = NAME,
	['}'] = OTHERS,
	['~'] = NAME,
	[0x80 ... 0xff] = OTHERS,
};

/* The number of bytes at the beginning of s that are of this class. */
static size_t span(struct str s, enum class class)
{
	size_t i = 0;

	while (i < s.len && (classes[(uint8_t)s.data[i]] & class))
		i++;
	return i;
}

/* --- tests of blocks (bytes16.h) ------------------------------------------------ */

static inline bytes16 are_newlines(bytes16 bytes)
{
	return (bytes16)(bytes == '\n');
}

/* All that is not of the class TARGET. */
static inline bytes16 are_no_target(bytes16 bytes)
{
	return (bytes16)((bytes <= ' ') | (bytes == 0x7f));
}

/* All that is not of the class VALUE. */
static inline bytes16 are_no_value(bytes16 bytes)
{
	return (bytes16)(((bytes < ' ') & (bytes != '\t')) | (bytes == 0x7f));
}

static struct str skip_spaces(struct str s)
{
	while (s.len > 0 && s.data[0] == ' ')
		s = str_skip(s, 1);
	return s;
}

/* --- where a head ends ------------------------------------------------------ */

/* `end` if there is none. */
static inline const char *find_newline(const char *at, const char *end)
{
	at = bytes16_find(at, end, are_newlines);
	if (at == end || *at == '\n')
		return at;
	at = memchr(at, '\n', (size_t)(end - at));
	return at ? at : end;
}

/* One line is there: from scan->line to `end`, before its CR LF. */
static enum head_state scan_line(struct head_scan *scan, size_t end)
{
	bool empty = end == scan->line;

	if (scan->line_end == 0) {
		if (empty)
			return ++scan->empty_lines > HEAD_EMPTY_LINES ? HEAD_BAD : HEAD_MORE;
		scan->start = scan->line;
		scan->line_end = end;
		scan->fields = scan->pos;
		return HEAD_MORE;
	}
	if (empty) {
		scan->end = scan->pos;
		return HEAD_COMPLETE;
	}
	scan->lines++;
	if (end - scan->line > scan->longest)
		scan->longest = end - scan->line;
	return HEAD_MORE;
}

enum head_state head_scan(struct head_scan *scan, const char *buffer, size_t len)
{
	while (scan->pos < len) {
		const char *newline = find_newline(buffer + scan->pos, buffer + len);
		size_t end = (size_t)(newline - buffer);

		if (end == len) {
			scan->pos = len;
			break;
		}
		scan->pos = end + 1;
		if (end > scan->line && buffer[end - 1] == '\r')
			end--;
		enum head_state state = scan_line(scan, end);
		scan->line = scan->pos;
		if (state != HEAD_MORE)
			return state;
	}
	return HEAD_MORE;
}

/* --- the request line ------------------------------------------------------- */

bool head_is_possible(struct head_scan *scan, const char *buffer)
{
	size_t end = scan->line + head_unfinished(scan, buffer);

	if (scan->line_end)
		return true;
	if (scan->judged < scan->line)
		scan->judged = scan->line;
	for (; scan->judged < end; scan->judged++) {
		char c = buffer[scan->judged];

		if (c == ' ' && scan->judged > scan->line)
			scan->method_is_over = true;
		else if (!(classes[(uint8_t)c] & (scan->method_is_over ? TARGET : TOKEN)))
			return false;
	}
	return true;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* "HTTP/1.1" and spaces. */
static int version_parse(struct str s, enum http_version *out)
{
	if (s.len < 8 || memcmp(s.data, "HTTP/", 5) != 0)
		return 400;

	char major = s.data[5], minor = s.data[7];

	if (!is_digit(major) || major == '0' || s.data[6] != '.' || !is_digit(minor))
		return 400;
	if (skip_spaces(str_skip(s, 8)).len > 0)
		return 400;
	if (major != '1')
		return 505;
	*out = minor == '0' ? HTTP_1_0 : HTTP_1_1;
	return 0;
}

int request_line_parse(struct str line, struct request_line *out)
{
	out->method_name = str_head(line, span(line, TOKEN));
	line = str_skip(line, out->method_name.len);
	if (out->method_name.len == 0 || line.len == 0 || line.data[0] != ' ')
		return 400;
	line = skip_spaces(line);

	const char *end = line.data + line.len;
	const char *at = bytes16_find(line.data, end, are_no_target);

	at += span(str_range(at, end), TARGET);
	out->target = str_range(line.data, at);
	line = str_skip(line, out->target.len);
	if (out->target.len == 0 || line.len == 0 || line.data[0] != ' ')
		return 400;

	out->method = method_find(out->method_name);
	return version_parse(skip_spaces(line), &out->version);
}

/* --- fields ----------------------------------------------------------------- */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Whether a line ends here; *next becomes where the next one begins then. */
static bool is_line_end(const char *at, const char **next)
{
	if (*at == '\r')
		at++;
	*next = at + 1;
	return *at == '\n';
}

/*
 * No loop checks whether it has come to the end of the lines: the last byte is an LF, which
 * belongs to no name, no value and no blank, so that each loop stops there.
 */
bool head_next_field(struct str *rest, struct field_line *out)
{
	const char *at = rest->data, *end = at + rest->len, *next;

	at = bytes16_find(at, end, are_unusual_in_names);
	while (classes[(uint8_t)*at] & WORD)
		at++;
	out->is_unusual = classes[(uint8_t)*at] & TOKEN;
	while (classes[(uint8_t)*at] & TOKEN)
		at++;
	out->name = str_range(rest->data, at);
	out->is_valid = false;
	if (out->name.len == 0)
		return !is_line_end(at, &next);
	if (*at++ != ':')
		return true;
	while (is_blank(*at))
		at++;

	const char *value_end = bytes16_find(at, end, are_no_value);

	while (classes[(uint8_t)*value_end] & VALUE)
		value_end++;
	out->is_valid = is_line_end(value_end, &next);
	*rest = str_range(next, end);
	while (value_end > at && is_blank(value_end[-1]))
		value_end--;
	out->value = str_range(at, value_end);
	return true;
}

/* --- what the fields say together ------------------------------------------- */

/*
 * 0 if the list consists of "chunked" alone, else the status. A list with empty members is
 * refused, since other servers may read it in another way.
 */
static int chunked_only(struct str codings)
{
	struct str coding;

	if (str_eq_nocase(codings, STR("chunked")))
		return 0;
	while (list_next(&codings, &coding))
		if (!str_eq_nocase(coding, STR("chunked")))
			return 501;
	return 400;
}

int framing_find(const struct request_known *known, enum http_version version, struct framing *out)
{
	*out = (struct framing){ .kind = FRAMING_NONE };

	if (known->transfer_encoding.data) {
		if (known->content_length.data || version < HTTP_1_1)
			return 400;
		out->kind = FRAMING_CHUNKED;
		return chunked_only(known->transfer_encoding);
	}
	if (known->content_length.data) {
		if (str_to_u64(known->content_length, INT64_MAX, &out->length) < 0)
			return 400;
		if (out->length > 0)
			out->kind = FRAMING_LENGTH;
	}
	return 0;
}

bool head_keeps_alive(const struct request_known *known, enum http_version version)
{
	if (known->connection.len == 0)
		return version >= HTTP_1_1;
	if (version < HTTP_1_1)
		return list_has(known->connection, STR("keep-alive")) &&
		       !list_has(known->connection, STR("close"));
	return !list_has(known->connection, STR("close"));
}

bool head_expects_continue(const struct request_known *known, enum http_version version)
{
	return version >= HTTP_1_1 && list_has(known->expect, STR("100-continue"));
}
