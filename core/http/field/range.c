/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The field Range. Numbers too large for 64 bits are as good as the largest
 * one: no file is that long.
 */
#include <field.h>

static struct str skip_blanks(struct str s)
{
	while (s.len > 0 && (s.data[0] == ' ' || s.data[0] == '\t'))
		s = str_skip(s, 1);
	return s;
}

/* Takes digits off *rest; false if there are none. */
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
		/* The last 0 bytes: a range behind the end. */
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
	value = skip_blanks(str_skip(value, unit.len));

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
