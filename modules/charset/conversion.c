/* SPDX-License-Identifier: BSD-2-Clause */
#include "conversion.h"

enum kind { BYTES, TO_UTF8, FROM_UTF8 };

struct utf8_char {
	uint8_t len; /* 0: the charset does not have the character */
	char bytes[4];
};

struct conversion {
	struct str from, to;
	enum kind kind;
	union {
		char bytes[256]; /* BYTES */
		struct utf8_char chars[256]; /* the character of each byte */
	};
	struct conversion *next;
};

struct conversions {
	struct conversion *first;
};

static struct conversions *shared(struct conf *conf)
{
	static const char key;

	return conf_shared(conf, &key, sizeof(struct conversions));
}

const struct conversions *conversions_of(struct conf *conf)
{
	return shared(conf);
}

const struct conversion *conversion_find(const struct conversions *all, struct str from,
					 struct str to)
{
	const struct conversion *found = all->first;

	while (found && !(str_eq_nocase(found->from, from) && str_eq_nocase(found->to, to)))
		found = found->next;
	return found;
}

bool conversion_keeps_length(const struct conversion *conversion)
{
	return conversion->kind == BYTES;
}

/* --- while the configuration is read ------------------------------------------- */

static struct conversion *add(struct conf_call *call, enum kind kind, struct str from,
			      struct str to)
{
	struct conversions *all = shared(call->conf);
	struct conversion *conversion = pool_new(call->pool, struct conversion);

	conversion->kind = kind;
	conversion->from = from;
	conversion->to = to;
	for (int byte = 0; byte < 256; byte++) {
		bool is_ascii = byte < 0x80;

		if (kind == BYTES)
			conversion->bytes[byte] = is_ascii ? (char)byte : '?';
		else if (is_ascii)
			conversion->chars[byte] = (struct utf8_char){ 1, { (char)byte } };
	}
	conversion->next = all->first;
	all->first = conversion;
	return conversion;
}

static int parse_hex(struct conf_call *call, const struct conf_word *word, struct utf8_char *out)
{
	struct str text = word->text;

	out->len = 0;
	if (text.len == 1 && hex_digit(text.data[0]) >= 0) {
		out->bytes[out->len++] = (char)hex_digit(text.data[0]);
		return 0;
	}
	while (text.len >= 2 && out->len < sizeof(out->bytes)) {
		int high = hex_digit(text.data[0]), low = hex_digit(text.data[1]);

		if (high < 0 || low < 0)
			break;
		out->bytes[out->len++] = (char)(high << 4 | low);
		text = str_skip(text, 2);
	}
	if (text.len || out->len == 0)
		return conf_error(call, word,
				  "\"%.*s\" is not a character\nexpected two hexadecimal digits "
				  "for each byte, such as C0 or D18E",
				  STR_ARG(word->text));
	return 0;
}

/* Reads one line of the block, "C0 D18E;". `back` is the conversion in the other direction. */
static int set_pair(struct conf_call *call, const struct conf_node *node, struct conversion *there,
		    struct conversion *back)
{
	struct utf8_char left, right;

	if (node->nargs != 1 || node->is_block)
		return conf_error(call, &node->name,
				  "expected two characters, such as \"C0 E1;\"");
	if (parse_hex(call, &node->name, &left) < 0 || parse_hex(call, &node->args[0], &right) < 0)
		return -EINVAL;
	if (left.len != 1 || (there->kind == BYTES && right.len != 1))
		return conf_error(call, left.len != 1 ? &node->name : &node->args[0],
				  "a character of this charset has one byte");
	if (there->kind == TO_UTF8) {
		if (str_utf8((struct str){ right.bytes, right.len }) != right.len)
			return conf_error(call, &node->args[0],
					  "\"%.*s\" is not a character in UTF-8",
					  STR_ARG(node->args[0].text));
		there->chars[(uint8_t)left.bytes[0]] = right;
		back->chars[(uint8_t)left.bytes[0]] = right;
		return 0;
	}
	there->bytes[(uint8_t)left.bytes[0]] = right.bytes[0];
	back->bytes[(uint8_t)right.bytes[0]] = left.bytes[0];
	return 0;
}

int conversion_set(struct conf_call *call)
{
	const struct conf_word *args = call->node->args;
	struct str from = args[0].text, to = args[1].text;
	bool to_utf8 = str_eq_nocase(to, STR("utf-8"));

	if (str_eq_nocase(from, to))
		return conf_error(call, &args[1], "both charsets are \"%.*s\"", STR_ARG(to));
	if (str_eq_nocase(from, STR("utf-8")))
		return conf_error(
			call, &args[0],
			"utf-8 stands first\nwrite \"charset_map %.*s utf-8\": the map is "
			"used in both directions",
			STR_ARG(to));
	if (conversion_find(shared(call->conf), from, to))
		return conf_error(call, NULL,
				  "there is a map between \"%.*s\" and \"%.*s\" already",
				  STR_ARG(from), STR_ARG(to));

	struct conversion *there = add(call, to_utf8 ? TO_UTF8 : BYTES, from, to);
	struct conversion *back = add(call, to_utf8 ? FROM_UTF8 : BYTES, to, from);
	int result = 0;

	for (const struct conf_node *node = call->node->first; node; node = node->next)
		if (set_pair(call, node, there, back) < 0)
			result = -EINVAL;
	return result;
}

/* --- at run time ------------------------------------------------------------------ */

/*
 * Writes the byte of the charset for a character in UTF-8, or a numeric reference if there is none.
 */
static char *put_from_utf8(const struct conversion *conversion, const char *bytes, size_t len,
			   char *to)
{
	for (int byte = 0x80; byte < 256; byte++) {
		const struct utf8_char *known = &conversion->chars[byte];

		if (known->len == len && memcmp(known->bytes, bytes, len) == 0) {
			*to++ = (char)byte;
			return to;
		}
	}
	to = str_put(to, STR("&#"));
	to = str_put_u64(to, str_utf8_code((struct str){ bytes, len }, len));
	*to++ = ';';
	return to;
}

/* Returns the length of the character that begins with this byte, or 1 if no character does. */
static size_t wanted(char first)
{
	uint8_t c = (uint8_t)first;

	return c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc0 ? 2 : 1;
}

/* Converts one byte of a text in UTF-8. */
static char *take(const struct conversion *conversion, struct conversion_state *state, char c,
		  char *to)
{
	bool continues = ((uint8_t)c & 0xc0) == 0x80;

	if (state->len && !continues) {
		*to++ = '?'; /* the character before is incomplete */
		state->len = 0;
	}
	if ((uint8_t)c < 0x80) {
		*to++ = c;
		return to;
	}
	state->bytes[state->len++] = c;
	if (state->len < wanted(state->bytes[0]))
		return to;
	if (str_utf8((struct str){ state->bytes, state->len }) == state->len)
		to = put_from_utf8(conversion, state->bytes, state->len, to);
	else
		*to++ = '?';
	state->len = 0;
	return to;
}

char *conversion_run(const struct conversion *conversion, struct conversion_state *state,
		     struct str piece, char *to)
{
	for (size_t i = 0; i < piece.len; i++) {
		uint8_t byte = (uint8_t)piece.data[i];

		switch (conversion->kind) {
		case BYTES:
			*to++ = conversion->bytes[byte];
			break;
		case TO_UTF8: {
			const struct utf8_char *c = &conversion->chars[byte];

			to = c->len ? str_put(to, (struct str){ c->bytes, c->len }) :
				      str_put(to, STR("?"));
			break;
		}
		case FROM_UTF8:
			to = take(conversion, state, piece.data[i], to);
			break;
		}
	}
	return to;
}

char *conversion_end(struct conversion_state *state, char *to)
{
	if (state->len)
		*to++ = '?';
	state->len = 0;
	return to;
}
