/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The parsers of the field types: numbers, times, sizes, keywords and lists.
 */
#include "config/internal.h"

#include <text.h>

enum {
	KEYWORDS_SHOWN = 12, /* in a message; of a longer list only the nearest is named */
};

bool conf_word_is(const struct conf_word *word, const char *text)
{
	return !word->quoted && str_eq(word->text, str_from(text));
}

static int unexpected(struct conf_call *call, const struct conf_word *word, const char *what,
		      const char *expected)
{
	return conf_error(call, word, "%s \"%.*s\"\nexpected %s", what, STR_ARG(word->text),
			  expected);
}

int conf_parse_bool(struct conf_call *call, const struct conf_word *word, bool *out)
{
	bool on = str_eq_nocase(word->text, STR("on"));

	if (!on && !str_eq_nocase(word->text, STR("off")))
		return unexpected(call, word, "invalid value", "on or off");
	*out = on;
	return 0;
}

int conf_parse_int(struct conf_call *call, const struct conf_word *word, int64_t min, int64_t max,
		   int64_t *out)
{
	struct str digits = word->text;
	bool negative = min < 0 && str_starts(digits, STR("-"));
	uint64_t value = 0;
	int error = str_to_u64(str_skip(digits, negative), INT64_MAX, &value);

	if (error == -EINVAL)
		return unexpected(call, word, "invalid number", "decimal digits");

	int64_t number = negative ? -(int64_t)value : (int64_t)value;

	if (!error && number >= min && number <= max) {
		*out = number;
		return 0;
	}
	if (max == INT64_MAX)
		return conf_error(call, word, "%.*s is out of range\nexpected at least %lld",
				  STR_ARG(word->text), (long long)min);
	return conf_error(call, word, "%.*s is out of range\nexpected %lld to %lld",
			  STR_ARG(word->text), (long long)min, (long long)max);
}

/* The units of times, from the longest: each may follow a longer one only. */
static const struct unit {
	const char *name;
	int64_t ms;
} units[] = {
	{ "y", 365LL * 24 * 3600 * 1000 },
	{ "M", 30LL * 24 * 3600 * 1000 },
	{ "w", 7LL * 24 * 3600 * 1000 },
	{ "d", 24LL * 3600 * 1000 },
	{ "h", 3600LL * 1000 },
	{ "m", 60LL * 1000 },
	{ "s", 1000 },
	{ "ms", 1 },
};

enum {
	UNITS = sizeof(units) / sizeof(*units),
	UNIT_SECONDS = 6,
};

/* Removes the unit at the front of the text, and returns its index; no unit means seconds. */
static size_t take_unit(struct str *text)
{
	if (str_starts(*text, STR("ms"))) {
		*text = str_skip(*text, 2);
		return UNITS - 1;
	}
	for (size_t i = 0; i < UNITS - 1 && !str_empty(*text); i++) {
		if (text->data[0] == units[i].name[0]) {
			*text = str_skip(*text, 1);
			return i;
		}
	}
	return str_empty(*text) ? UNIT_SECONDS : UNITS;
}

static int take_number(struct str *text, uint64_t *out)
{
	size_t digits = 0;

	while (digits < text->len && text->data[digits] >= '0' && text->data[digits] <= '9')
		digits++;
	int error = str_to_u64(str_head(*text, digits), INT64_MAX, out);

	*text = str_skip(*text, digits);
	return error;
}

static int parse_duration(struct str text, int64_t *out)
{
	int64_t total = 0;
	size_t least = 0; /* the longest unit that may still come */

	do {
		uint64_t number;
		int64_t part;
		int error = take_number(&text, &number);

		if (error)
			return error;

		bool bare = str_empty(text); /* seconds, which may follow everything */
		size_t unit = take_unit(&text);

		if (unit >= UNITS || (unit < least && !bare))
			return -EINVAL;
		if (__builtin_mul_overflow((int64_t)number, units[unit].ms, &part) ||
		    __builtin_add_overflow(total, part, &total))
			return -ERANGE;
		least = unit + 1;
		while (str_starts(text, STR(" ")))
			text = str_skip(text, 1);
	} while (!str_empty(text));
	*out = total;
	return 0;
}

int conf_parse_duration(struct conf_call *call, const struct conf_word *word, struct duration *out)
{
	int error = parse_duration(word->text, &out->ms);

	if (error == -ERANGE)
		return conf_error(call, word, "the time \"%.*s\" is too long", STR_ARG(word->text));
	if (error)
		return unexpected(call, word, "invalid time",
				  "a time: 30 (seconds), 500ms, 10m, \"1h 30m\", 7d");
	return 0;
}

static int parse_size(struct str text, int64_t *out)
{
	unsigned shift = 0;
	uint64_t number;

	if (!str_empty(text)) {
		switch (ascii_lower(text.data[text.len - 1])) {
		case 'k':
			shift = 10;
			break;
		case 'm':
			shift = 20;
			break;
		case 'g':
			shift = 30;
			break;
		}
	}
	int error =
		str_to_u64(str_head(text, text.len - (shift != 0)), INT64_MAX >> shift, &number);

	if (!error)
		*out = (int64_t)(number << shift);
	return error;
}

int conf_parse_size(struct conf_call *call, const struct conf_word *word, struct size *out)
{
	int error = parse_size(word->text, &out->bytes);

	if (error == -ERANGE)
		return conf_error(call, word, "the size \"%.*s\" is too large",
				  STR_ARG(word->text));
	if (error)
		return unexpected(call, word, "invalid size", "a size: 512 (bytes), 8k, 1m, 2g");
	return 0;
}

int conf_parse_zone(struct conf_call *call, const struct conf_word *word, struct str *name,
		    struct size *size)
{
	ssize_t colon = str_chr(word->text, ':');

	if (colon <= 0)
		return conf_error(call, word,
				  "invalid zone \"%.*s\"\nexpected a name and a size: clients:10m",
				  STR_ARG(word->text));

	struct conf_word rest = conf_word_after(word, (size_t)colon + 1);

	*name = str_head(word->text, (size_t)colon);
	return conf_parse_size(call, &rest, size);
}

static int unknown_keyword(struct conf_call *call, const struct conf_word *word,
			   const struct keyword *keywords)
{
	struct nearest nearest = { .wanted = word->text };
	struct text all = { .pool = call->pool };
	size_t count = 0;

	for (const struct keyword *keyword = keywords; keyword->name; keyword++, count++)
		nearest_offer(&nearest, keyword->name);
	if (nearest.best)
		return conf_error(call, word, "invalid value \"%.*s\"\ndid you mean \"%s\"?",
				  STR_ARG(word->text), nearest.best);
	if (count > KEYWORDS_SHOWN)
		return conf_error(call, word,
				  "invalid value \"%.*s\"\n`skua help %s` lists the values",
				  STR_ARG(word->text), call->directive->name);
	for (size_t i = 0; i < count; i++)
		text_printf(&all, "%s%s",
			    i == 0	  ? "" :
			    i + 1 < count ? ", " :
					    " or ",
			    keywords[i].name);
	return conf_error(call, word, "invalid value \"%.*s\"\nexpected %s", STR_ARG(word->text),
			  text_str(&all).data);
}

int conf_parse_keyword(struct conf_call *call, const struct conf_word *word,
		       const struct keyword *keywords, int *out)
{
	for (const struct keyword *keyword = keywords; keyword->name; keyword++) {
		if (!str_eq_nocase(word->text, str_from(keyword->name)))
			continue;
		*out = keyword->value;
		return 0;
	}
	return unknown_keyword(call, word, keywords);
}

int conf_parse_bits(struct conf_call *call, const struct conf_word *word,
		    const struct keyword *keywords, unsigned *out)
{
	int bit = 0;

	if (conf_parse_keyword(call, word, keywords, &bit) < 0)
		return -EINVAL;
	*out |= (unsigned)bit;
	return 0;
}

static bool is_break(char c)
{
	return c == '\r' || c == '\n';
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || is_break(c);
}

struct conf_word conf_fold_lines(struct conf_call *call, const struct conf_word *word)
{
	struct conf_word folded = *word;
	struct str text = word->text;
	size_t at = 0;

	while (at < text.len && !is_break(text.data[at]))
		at++;
	if (at == text.len)
		return folded;
	conf_warn(call, word, "a field of a response is one line, and this value has several\n"
			      "they are joined with spaces; write it on one line");

	char *copy = pool_alloc(call->pool, text.len + 1), *to = copy;
	for (at = 0; at < text.len;) {
		size_t begin = at;
		bool breaks = false;

		for (; at < text.len && is_blank(text.data[at]); at++)
			breaks |= is_break(text.data[at]);
		if (!breaks)
			to = str_put(to, str_range(text.data + begin, text.data + at));
		else if (to > copy && at < text.len)
			*to++ = ' ';
		while (at < text.len && !is_blank(text.data[at]))
			*to++ = text.data[at++];
	}
	*to = '\0';
	folded.text = str_range(copy, to);
	return folded;
}

/* --- fields ---------------------------------------------------------------- */

void directive_arity(const struct directive *directive, unsigned *min, unsigned *max)
{
	*min = directive->min_args;
	*max = directive->max_args ? directive->max_args : directive->min_args;
	if (*max)
		return;
	switch (directive->type) {
	case FIELD_SETTER:
		break;
	case FIELD_BITS:
	case FIELD_STRS:
	case FIELD_TEMPLATES:
		*min = 1;
		*max = MANY_ARGS;
		break;
	default:
		*min = *max = 1;
	}
}

static int64_t range_max(const struct directive *directive)
{
	return directive->max ? directive->max : INT64_MAX;
}

/* Times and sizes have a range too; the message speaks of ms and bytes then. */
static int check_range(struct conf_call *call, const struct conf_word *word, int64_t value,
		       const char *unit)
{
	const struct directive *directive = call->directive;

	if (value < directive->min)
		return conf_error(call, word, "\"%.*s\" is too small\nexpected at least %lld %s",
				  STR_ARG(word->text), (long long)directive->min, unit);
	if (value > range_max(directive))
		return conf_error(call, word, "\"%.*s\" is too large\nexpected at most %lld %s",
				  STR_ARG(word->text), (long long)directive->max, unit);
	return 0;
}

static int parse_strs(struct conf_call *call, struct str_list *list)
{
	const struct conf_node *node = call->node;
	struct str *items = pool_array(call->pool, struct str, list->count + node->nargs);

	if (list->count)
		memcpy(items, list->items, list->count * sizeof(*items));
	for (size_t i = 0; i < node->nargs; i++)
		items[list->count + i] = node->args[i].text;
	*list = (struct str_list){ items, list->count + node->nargs };
	return 0;
}

static int parse_templates(struct conf_call *call, struct template_list *list)
{
	const struct conf_node *node = call->node;
	const struct template **items =
		pool_array(call->pool, const struct template *, list->count + node->nargs);

	if (list->count)
		memcpy(items, list->items, list->count * sizeof(*items));
	for (size_t i = 0; i < node->nargs; i++)
		if (conf_parse_template(call, &node->args[i], &items[list->count + i]) < 0)
			return -EINVAL;
	*list = (struct template_list){ items, list->count + node->nargs };
	return 0;
}

static int parse_bits(struct conf_call *call, unsigned *field)
{
	unsigned bits = call->directive->flags & LIST && !call->first ? *field : 0;

	for (size_t i = 0; i < call->node->nargs; i++)
		if (conf_parse_bits(call, &call->node->args[i], call->directive->keywords, &bits) <
		    0)
			return -EINVAL;
	*field = bits;
	return 0;
}

/* A list grows where the directive may repeat; otherwise the words replace it. */
static bool list_grows(const struct conf_call *call)
{
	return call->directive->flags & (LIST | REPEAT);
}

int conf_field_parse(struct conf_call *call)
{
	const struct directive *directive = call->directive;
	const struct conf_word *word = call->node->args;
	void *field = (char *)call->data + directive->offset;

	if (!list_grows(call) && directive->type == FIELD_STRS)
		*(struct str_list *)field = (struct str_list){ 0 };
	if (!list_grows(call) && directive->type == FIELD_TEMPLATES)
		*(struct template_list *)field = (struct template_list){ 0 };

	switch (directive->type) {
	case FIELD_SETTER:
		return 0;
	case FIELD_BOOL:
		return conf_parse_bool(call, word, field);
	case FIELD_INT:
		return conf_parse_int(call, word, directive->min, range_max(directive), field);
	case FIELD_KEYWORD:
		return conf_parse_keyword(call, word, directive->keywords, field);
	case FIELD_BITS:
		return parse_bits(call, field);
	case FIELD_STR:
		*(struct str *)field = word->text;
		return 0;
	case FIELD_DURATION:
		return conf_parse_duration(call, word, field) < 0 ?
			       -EINVAL :
			       check_range(call, word, ((struct duration *)field)->ms,
					   "milliseconds");
	case FIELD_SIZE:
		return conf_parse_size(call, word, field) < 0 ?
			       -EINVAL :
			       check_range(call, word, ((struct size *)field)->bytes, "bytes");
	case FIELD_TEMPLATE:
		return conf_parse_template(call, word, field);
	case FIELD_STRS:
		return parse_strs(call, field);
	case FIELD_TEMPLATES:
		return parse_templates(call, field);
	}
	return 0;
}
