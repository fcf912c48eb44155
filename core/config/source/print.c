/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Prints the messages about a configuration, in the order of its files:
 *
 *     skua: error: conf/skua.conf:12:5: unknown directive "servr"
 *         12 |     servr {
 *            |     ^~~~~ did you mean "server"?
 *            | the same on line 20, 31
 *
 * A message that comes again is printed once. What is not supported for one reason is one
 * message, with the names of all that is concerned. Tabs are expanded, bytes that are no text
 * are shown as "?", and of a long line the part around the place. For programs each message
 * is an object of JSON instead, and none are put together.
 */
#include "config/source/source.h"

#include <json.h>
#include <stdlib.h>

enum {
	LINE_COLUMNS = 100, /* of a source line */
	TAB_COLUMNS = 8,
	PLACES_NAMED = 12, /* of a message that comes again; of further ones the number */
};

static const char *const kinds[] = {
	[MESSAGE_ERROR] = "error",
	[MESSAGE_WARNING] = "warning",
	[MESSAGE_NOT_SUPPORTED] = "error",
};

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
	size_t len = printable_len(at);

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

/* "line 14", or "sites/a.conf:14" for another file than the message's. */
static void print_place(FILE *to, const struct conf_message *message,
			const struct conf_place *place)
{
	if (place->file == message->place.file)
		fprintf(to, "line %u", place->line);
	else
		fprintf(to, "%.*s:%u", STR_ARG(place->file->name), place->line);
}

/* Where the message comes again. */
static void print_others(FILE *to, const struct conf_message *message)
{
	unsigned named = 0;

	if (!message->same || !message->place.file)
		return;
	fputs(str_empty(message->subject) ? "       | the same in " : "       | nor ", to);

	struct str before = STR("");

	for (const struct conf_message *other = message->next_same; other && named < PLACES_NAMED;
	     other = other->next_same) {
		fputs(named++ ? ", " : "", to);
		if (!str_eq(other->subject, before))
			fprintf(to, "\"%.*s\" in ", STR_ARG(other->subject));
		before = other->subject;
		print_place(to, message, &other->place);
	}
	if (message->same > named)
		fprintf(to, " and %u more", message->same - named);
	fputc('\n', to);
}

static void print_text(const struct conf_source *source, const struct conf_message *message)
{
	FILE *to = source->messages_to;
	const struct conf_place *place = &message->place;

	fprintf(to, "skua: %s: ", kinds[message->kind]);
	if (place->file) {
		fprintf(to, "%.*s:%u:%u: %.*s\n", STR_ARG(place->file->name), place->line,
			place->column, STR_ARG(message->text));
		print_source(to, message);
		print_others(to, message);
		return;
	}
	fprintf(to, "%.*s: %.*s\n", STR_ARG(source->name), STR_ARG(message->text));
	if (!str_empty(message->hint))
		fprintf(to, "       | %.*s\n", STR_ARG(message->hint));
}

/* --- for programs ----------------------------------------------------------- */

static void print_string(const struct conf_source *source, const char *name, struct str text)
{
	struct str escaped = json_escape(source->pool, text);

	fprintf(source->messages_to, ",\"%s\":\"%.*s\"", name, STR_ARG(escaped));
}

static void print_json(const struct conf_source *source, const struct conf_message *message)
{
	static const char *const names[] = {
		[MESSAGE_ERROR] = "error",
		[MESSAGE_WARNING] = "warning",
		[MESSAGE_NOT_SUPPORTED] = "not supported",
	};
	const struct conf_place *place = &message->place;
	FILE *to = source->messages_to;

	fprintf(to, "%s\n{\"kind\":\"%s\"", source->printed ? "," : "", names[message->kind]);
	if (place->file) {
		print_string(source, "file", place->file->name);
		fprintf(to, ",\"line\":%u,\"column\":%u,\"length\":%u", place->line,
			place->column, place->len);
	}
	print_string(source, "text", message->text);
	if (!str_empty(message->subject))
		print_string(source, "name", message->subject);
	if (!str_empty(message->hint))
		print_string(source, "hint", message->hint);
	fputc('}', to);
}

void message_print(struct conf_source *source, const struct conf_message *message)
{
	if (source->messages_to && source->is_json)
		print_json(source, message);
	else if (source->messages_to)
		print_text(source, message);
	source->printed++;
}

/* --- all of them -------------------------------------------------------------- */

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

/* What two messages have in common that are one for the reader; in the pool. */
static struct str key_of(struct pool *pool, const struct conf_message *message)
{
	if (message->kind == MESSAGE_NOT_SUPPORTED && !str_empty(message->hint))
		return pool_printf(pool, "n%.*s", STR_ARG(message->hint));
	return pool_printf(pool, "%d%.*s\n%.*s", (int)message->kind, STR_ARG(message->text),
			   STR_ARG(message->hint));
}

/* Hangs each message that comes again on the first one. */
static void join_same(struct conf_source *source)
{
	struct hash_table firsts = { .pool = pool_create(0) };

	for (size_t i = 0; i < source->message_count; i++) {
		struct conf_message *message = &source->messages[i];
		struct str key = key_of(firsts.pool, message);
		struct conf_message *first = hash_get(&firsts, key);

		if (!first) {
			hash_put(&firsts, key, message);
			message->last_same = message;
			continue;
		}
		first->last_same->next_same = message;
		first->last_same = message;
		first->same++;
		message->is_joined = true;
	}
	pool_destroy(firsts.pool);
}

void messages_print(struct conf_source *source)
{
	size_t all = source->errors + source->warnings;

	if (source->message_count)
		qsort(source->messages, source->message_count, sizeof(*source->messages), compare);
	if (!source->is_json)
		join_same(source);
	for (size_t i = 0; i < source->message_count; i++)
		if (!source->messages[i].is_joined)
			message_print(source, &source->messages[i]);
	if (source->messages_to && !source->is_json && source->message_count == MESSAGES_KEPT)
		fprintf(source->messages_to, "skua: and %zu more\n", all - source->message_count);
	source->is_printed = true;
}
