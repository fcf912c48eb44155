/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is wrong with a configuration, as it is shown:
 *
 *     skua: error: conf/skua.conf:12:5: unknown directive "servr"
 *         12 |     servr {
 *            |     ^~~~~ did you mean "server"?
 *
 * Messages are collected and printed in the order of the files. Whatever lies in
 * a file, only printable text goes out: tabs are expanded, bytes that are no
 * text shown as "?", and of a long line the part around the place.
 */
#include "config/source/source.h"

#include <stdlib.h>

enum {
	MESSAGES_PRINTED = 50,
	MESSAGES_KEPT = 5000,
	TEXT_MAX = 400, /* bytes of one message */
	LINE_COLUMNS = 100, /* of a source line */
	TAB_COLUMNS = 8,
};

/* The bytes of the character at the front of s; 0: they are not valid UTF-8, or a control. */
static size_t char_len(struct str s)
{
	unsigned char c = (unsigned char)s.data[0];
	size_t len = c < 0x80 ? 1 : c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : 2;

	if (c < 0x20 || c == 0x7f || (c >= 0x80 && c < 0xC2) || c > 0xF4 || len > s.len)
		return 0;
	for (size_t i = 1; i < len; i++)
		if (((unsigned char)s.data[i] & 0xC0) != 0x80)
			return 0;
	if (c == 0xC2 && (unsigned char)s.data[1] < 0xA0) /* U+0080 … U+009F */
		return 0;
	return len;
}

/* Makes bytes visible that a terminal would obey or not understand. */
static struct str printable(struct pool *pool, struct str text)
{
	char *copy = pool_alloc(pool, text.len * 4 + 1), *to = copy;

	while (!str_empty(text)) {
		size_t len = char_len(text);

		if (len)
			to = str_put(to, str_head(text, len));
		else
			to += sprintf(to, "\\x%02X", (unsigned char)text.data[0]);
		text = str_skip(text, len ? len : 1);
	}
	return str_range(copy, to);
}

/* Cuts what is too long to be read, not within a character of UTF-8. */
static struct str shortened(struct pool *pool, struct str text)
{
	size_t len = TEXT_MAX;

	if (text.len <= TEXT_MAX)
		return text;
	while (len && ((unsigned char)text.data[len] & 0xC0) == 0x80)
		len--;
	return pool_printf(pool, "%.*s...", (int)len, text.data);
}

struct conf_place place_behind(const struct conf_word *word)
{
	struct conf_place place = word->place;

	place.column += place.len;
	place.len = 1;
	return place;
}

static void print_message(const struct conf_source *source, const struct conf_message *message);

void message_vadd(struct conf_source *source, enum message_kind kind, struct conf_place place,
		  const char *format, va_list args)
{
	if (kind == MESSAGE_ERROR)
		source->errors++;
	else
		source->warnings++;
	if (source->message_count == MESSAGES_KEPT)
		return;

	struct str text = pool_vprintf(source->pool, format, args), hint = STR("");
	ssize_t newline = strchr(format, '\n') ? str_rchr(text, '\n') : -1;

	if (newline >= 0) {
		hint = str_skip(text, (size_t)newline + 1);
		text = str_head(text, (size_t)newline);
	}

	struct conf_message message = {
		.kind = kind,
		.place = place,
		.number = (unsigned)source->message_count,
		.text = shortened(source->pool, printable(source->pool, text)),
		.hint = shortened(source->pool, printable(source->pool, hint)),
	};

	if (source->is_printed) {
		print_message(source, &message);
		return;
	}
	source->messages = pool_grow(source->pool, source->messages, source->message_count,
				   &source->message_capacity, sizeof(*source->messages));
	source->messages[source->message_count++] = message;
}

void message_add(struct conf_source *source, enum message_kind kind, struct conf_place place,
		 const char *format, ...)
{
	va_list args;

	va_start(args, format);
	message_vadd(source, kind, place, format, args);
	va_end(args);
}

void messages_forget(struct conf_source *source, size_t count)
{
	while (source->message_count > count)
		if (source->messages[--source->message_count].kind == MESSAGE_ERROR)
			source->errors--;
		else
			source->warnings--;
}

void message_drop(struct conf_source *source, size_t index)
{
	size_t after = source->message_count - index - 1;

	if (source->messages[index].kind == MESSAGE_ERROR)
		source->errors--;
	memmove(&source->messages[index], &source->messages[index + 1],
		after * sizeof(*source->messages));
	source->message_count--;
}

static struct str source_line(const struct conf_file *file, uint32_t number)
{
	struct str rest = file->content, line = STR("");

	while (number--)
		line = str_split(&rest, '\n');
	return str_trim(line, "\r");
}

/* A source line as it goes out, and where its word stands in it. */
struct excerpt {
	char text[LINE_COLUMNS * 4 + TAB_COLUMNS + 8];
	size_t len;
	unsigned columns;
	unsigned caret, underlined; /* columns before the caret, columns below the word */
};

static void put_char(struct excerpt *excerpt, struct str at, size_t *taken)
{
	size_t len = char_len(at);

	*taken = len ? len : 1;
	if (at.data[0] == '\t') {
		do {
			excerpt->text[excerpt->len++] = ' ';
		} while (++excerpt->columns % TAB_COLUMNS);
		return;
	}
	if (len)
		memcpy(excerpt->text + excerpt->len, at.data, len);
	else
		excerpt->text[excerpt->len] = '?';
	excerpt->len += *taken;
	excerpt->columns++;
}

static void put_dots(struct excerpt *excerpt)
{
	memcpy(excerpt->text + excerpt->len, "...", 3);
	excerpt->len += 3;
	excerpt->columns += 3;
}

static void take_excerpt(struct excerpt *excerpt, struct str line, const struct conf_place *place)
{
	size_t begin = place->column - 1, pos = 0, taken = 0;

	*excerpt = (struct excerpt){ .caret = UINT32_MAX };
	if (begin > LINE_COLUMNS * 2 / 3) {
		pos = begin - LINE_COLUMNS / 3;
		put_dots(excerpt);
	}
	for (; pos < line.len && excerpt->columns < LINE_COLUMNS; pos += taken) {
		unsigned before = excerpt->columns;

		if (pos >= begin && excerpt->caret == UINT32_MAX)
			excerpt->caret = before;
		put_char(excerpt, str_skip(line, pos), &taken);
		if (pos >= begin && pos < begin + place->len)
			excerpt->underlined += excerpt->columns - before;
	}
	if (excerpt->caret == UINT32_MAX)
		excerpt->caret = excerpt->columns;
	if (pos < line.len)
		put_dots(excerpt);
}

static void print_source(FILE *to, const struct conf_message *message)
{
	const struct conf_place *place = &message->place;
	struct str hint = message->hint;
	struct excerpt excerpt;

	take_excerpt(&excerpt, source_line(place->file, place->line), place);
	fprintf(to, "%6u | %.*s\n       | %*s^", place->line, (int)excerpt.len, excerpt.text,
		(int)excerpt.caret, "");
	for (unsigned i = 1; i < excerpt.underlined; i++)
		fputc('~', to);
	fprintf(to, "%s%.*s\n", str_empty(hint) ? "" : " ", STR_ARG(hint));
}

static void print_message(const struct conf_source *source, const struct conf_message *message)
{
	static const char *const kinds[] = {
		[MESSAGE_ERROR] = "error",
		[MESSAGE_WARNING] = "warning",
	};
	FILE *to = source->messages_to;
	const struct conf_place *place = &message->place;

	if (!to)
		return;
	fprintf(to, "skua: %s: ", kinds[message->kind]);
	if (place->file) {
		fprintf(to, "%.*s:%u:%u: %.*s\n", STR_ARG(place->file->name), place->line,
			place->column, STR_ARG(message->text));
		print_source(to, message);
		return;
	}
	fprintf(to, "%.*s: %.*s\n", STR_ARG(source->name), STR_ARG(message->text));
	if (!str_empty(message->hint))
		fprintf(to, "       | %.*s\n", STR_ARG(message->hint));
}

static int compare(const void *first, const void *second)
{
	const struct conf_message *a = first, *b = second;
	unsigned file_a = a->place.file ? a->place.file->index + 1 : UINT32_MAX;
	unsigned file_b = b->place.file ? b->place.file->index + 1 : UINT32_MAX;

	if (file_a != file_b)
		return file_a < file_b ? -1 : 1;
	if (a->place.line != b->place.line)
		return a->place.line < b->place.line ? -1 : 1;
	if (a->place.column != b->place.column)
		return a->place.column < b->place.column ? -1 : 1;
	return a->number < b->number ? -1 : a->number > b->number;
}

void messages_print(struct conf_source *source)
{
	size_t shown = 0;

	if (source->message_count)
		qsort(source->messages, source->message_count, sizeof(*source->messages), compare);
	for (size_t i = 0; i < source->message_count && shown < MESSAGES_PRINTED; i++, shown++)
		print_message(source, &source->messages[i]);
	if (source->messages_to && source->errors + source->warnings > shown)
		fprintf(source->messages_to, "skua: and %zu more\n",
			source->errors + source->warnings - shown);
	source->is_printed = true;
}
