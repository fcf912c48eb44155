/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lists with weights: Accept-Encoding, Accept-Language.
 * The contracts are in include/field.h.
 */
#include <field.h>

/* A qvalue in thousandths (RFC 9110 section 12.4.2); 0 for what is malformed. */
static unsigned parse_weight(struct str text)
{
	bool is_one = str_starts(text, STR("1"));
	unsigned weight = 0, scale = 100;

	if (text.len > 5 || (!is_one && !str_starts(text, STR("0"))))
		return 0;
	if (text.len > 1 && text.data[1] != '.')
		return 0;
	for (size_t i = 2; i < text.len; i++, scale /= 10) {
		unsigned digit = (unsigned char)text.data[i] - '0';

		if (digit > 9 || (is_one && digit != 0))
			return 0;
		weight += digit * scale;
	}
	return is_one ? WEIGHT_MAX : weight;
}

static struct str trim_end(struct str s, const char *set)
{
	while (s.len > 0 && s.data[s.len - 1] && strchr(set, s.data[s.len - 1]))
		s.len--;
	return s;
}

/* Returns the weight in an element, and cuts it and what follows it off *element. */
static unsigned cut_weight(struct str *element)
{
	struct str rest = *element;
	unsigned weight = WEIGHT_MAX;

	for (str_split(&rest, ';'); rest.len > 0;) {
		const char *begin = rest.data;
		struct str value = str_split(&rest, ';');
		struct str name = str_trim(str_split(&value, '='), " \t");

		if (!str_eq_nocase(name, STR("q")))
			continue;
		*element = str_range(element->data, begin);
		weight = parse_weight(trim_end(value, " \t"));
		break;
	}
	*element = trim_end(*element, "; \t");
	return weight;
}

bool list_next_weighted(struct str *rest, struct str *element, unsigned *weight)
{
	while (list_next(rest, element)) {
		*weight = cut_weight(element);
		if (element->len > 0 && element->data[0] != ';')
			return true;
	}
	return false;
}

unsigned list_weight(struct str list, struct str name, unsigned otherwise)
{
	bool has_any = false;
	struct str element;
	unsigned weight;

	while (list_next_weighted(&list, &element, &weight)) {
		if (str_eq_nocase(element, name))
			return weight;
		if (!has_any && str_eq(element, STR("*"))) {
			has_any = true;
			otherwise = weight;
		}
	}
	return otherwise;
}
