/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names and values of fields, lists in values, and the field Range. Entity tags and
 * preconditions are in precondition.c.
 */
#include <field.h>

#include "http/field/fields.h"

/* --- names and values --------------------------------------------------------- */

/* RFC 9110 section 5.6.2: tchar */
static const bool may_be_in_token[256] = {
	['!'] = true,
	['#' ... '\''] = true,
	['*' ... '+'] = true,
	['-' ... '.'] = true,
	['0' ... '9'] = true,
	['A' ... 'Z'] = true,
	['^' ... 'z'] = true,
	['|'] = true,
	['~'] = true,
};

bool is_token(struct str s)
{
	if (s.len == 0)
		return false;
	if (!bytes16_has(s, are_unusual_in_names))
		return true;
	for (size_t i = 0; i < s.len; i++)
		if (!may_be_in_token[(uint8_t)s.data[i]])
			return false;
	return true;
}

/* CR, LF, NUL, and all bytes between them, since one comparison is faster than three. */
static inline bytes16 may_be_line_ends(bytes16 bytes)
{
	return (bytes16)(bytes <= '\r');
}

static inline bytes16 are_line_ends(bytes16 bytes)
{
	return (bytes16)((bytes == '\r') | (bytes == '\n') | (bytes == '\0'));
}

bool is_field_value(struct str s)
{
	return !bytes16_has(s, may_be_line_ends) || !bytes16_has(s, are_line_ends);
}

/* --- lists --------------------------------------------------------------------- */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static struct str trim_blanks(struct str s)
{
	while (s.len > 0 && is_blank(s.data[0]))
		s = str_skip(s, 1);
	while (s.len > 0 && is_blank(s.data[s.len - 1]))
		s.len--;
	return s;
}

bool list_next(struct str *rest, struct str *element)
{
	while (rest->len > 0) {
		*element = trim_blanks(str_split(rest, ','));
		if (element->len > 0)
			return true;
	}
	return false;
}

bool list_has(struct str list, struct str token)
{
	struct str element;

	while (list_next(&list, &element))
		if (str_eq_nocase(element, token))
			return true;
	return false;
}

/* --- field lines of one name ---------------------------------------------------- */

bool field_is_named(struct str field, struct str variable)
{
	if (field.len != variable.len)
		return false;
	for (size_t i = 0; i < field.len; i++) {
		char c = field.data[i], wanted = variable.data[i];

		if (c != wanted && (c == '-' ? '_' : ascii_lower(c)) != wanted)
			return false;
	}
	return true;
}

/* The first one from here on; NULL if there is none. */
static const struct header *find_field(const struct header *header, struct str name)
{
	while (header && !field_is_named(header->name, name))
		header = header->next;
	return header;
}

static struct str join_fields(struct pool *pool, const struct header *first, struct str name)
{
	struct str separator = str_eq(name, STR("cookie")) ? STR("; ") : STR(", ");
	size_t len = 0;

	for (const struct header *field = first; field; field = find_field(field->next, name))
		len += field->value.len + separator.len;

	char *text = pool_alloc(pool, len), *to = text;

	for (const struct header *field = first; field; field = find_field(field->next, name))
		to = str_put(str_put(to, field->value), separator);
	return (struct str){ text, len - separator.len };
}

bool fields_text(struct pool *pool, const struct header *headers, struct str name,
		 struct str *out)
{
	const struct header *first = find_field(headers, name);

	if (first)
		*out = first->value;
	if (first && find_field(first->next, name))
		*out = join_fields(pool, first, name);
	return first != NULL;
}

/* --- Range --------------------------------------------------------------------- */

/*
 * Takes digits off *rest; false if there are none. A number too large for 64 bits counts as
 * the largest one: no file is that long.
 */
static bool take_number(struct str *rest, uint64_t *out)
{
	size_t digits = 0;

	while (digits < rest->len && rest->data[digits] >= '0' && rest->data[digits] <= '9')
		digits++;
	if (digits == 0)
		return false;
	if (str_to_u64(str_head(*rest, digits), UINT64_MAX, out) < 0)
		*out = UINT64_MAX;
	*rest = str_skip(*rest, digits);
	return true;
}

/* "first-last", "first-" or "-length", all of spec. */
static bool parse_spec(struct str spec, uint64_t length, struct range *out)
{
	bool has_first = take_number(&spec, &out->first);

	if (spec.len == 0 || spec.data[0] != '-')
		return false;
	spec = str_skip(spec, 1);
	bool has_last = take_number(&spec, &out->last);

	if (spec.len > 0 || (!has_first && !has_last))
		return false;
	if (has_first && has_last && out->last < out->first)
		return false;
	if (!has_first) {
		out->first = out->last < length ? length - out->last : 0;
		/* "-0", the last 0 bytes, becomes a range behind the end: unsatisfiable. */
		if (out->last == 0)
			out->first = length;
		has_last = false;
	}
	if (!has_last || out->last >= length)
		out->last = length - 1;
	return true;
}

enum range_result range_parse(struct str value, uint64_t length, struct range *ranges, size_t max,
			      size_t *count)
{
	struct str unit = STR("bytes="), spec;
	uint64_t total = 0;
	bool any = false;

	*count = 0;
	if (length == 0 || !str_eq_nocase(str_head(value, unit.len), unit))
		return RANGE_IGNORED;
	value = trim_blanks(str_skip(value, unit.len));

	while (list_next(&value, &spec)) {
		struct range range;

		if (!parse_spec(spec, length, &range))
			return RANGE_IGNORED;
		any = true;
		if (range.first >= length)
			continue;
		uint64_t size = range.last - range.first + 1;
		if (*count == max || size > length - total)
			return RANGE_IGNORED;
		total += size;
		ranges[(*count)++] = range;
	}
	if (!any)
		return RANGE_IGNORED;
	return *count > 0 ? RANGE_PARTIAL : RANGE_UNSATISFIABLE;
}
