/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is wrong with a configuration: messages are collected here, and printed by print.c when
 * all of them are known. Whatever lies in a file, their text is printable.
 */
#include "config/source/source.h"

enum {
	TEXT_MAX = 400, /* bytes of one message */
};

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

/* Counts a message of this kind, or takes it back with by -1. */
static void count(struct conf_source *source, enum message_kind kind, int by)
{
	if (kind == MESSAGE_WARNING)
		source->warnings += (unsigned)by;
	else
		source->errors += (unsigned)by;
	if (kind == MESSAGE_NOT_SUPPORTED)
		source->not_supported += (unsigned)by;
}

static void add(struct conf_source *source, enum message_kind kind, struct conf_place place,
		struct str subject, const char *format, va_list args)
{
	count(source, kind, 1);
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
		.subject = shortened(source->pool, printable(source->pool, subject)),
	};

	if (source->is_printed) {
		message_print(source, &message);
		return;
	}
	source->messages = pool_grow(source->pool, source->messages, source->message_count,
				   &source->message_capacity, sizeof(*source->messages));
	source->messages[source->message_count++] = message;
}

void message_vadd(struct conf_source *source, enum message_kind kind, struct conf_place place,
		  const char *format, va_list args)
{
	add(source, kind, place, STR(""), format, args);
}

void message_not_supported(struct conf_source *source, const struct conf_word *word,
			   const char *format, va_list args)
{
	add(source, MESSAGE_NOT_SUPPORTED, word->place, word->text, format, args);
}

void message_add(struct conf_source *source, enum message_kind kind, struct conf_place place,
		 const char *format, ...)
{
	va_list args;

	va_start(args, format);
	message_vadd(source, kind, place, format, args);
	va_end(args);
}

void messages_forget(struct conf_source *source, size_t first)
{
	while (source->message_count > first)
		count(source, source->messages[--source->message_count].kind, -1);
}

void message_drop(struct conf_source *source, size_t index)
{
	size_t after = source->message_count - index - 1;

	count(source, source->messages[index].kind, -1);
	memmove(&source->messages[index], &source->messages[index + 1],
		after * sizeof(*source->messages));
	source->message_count--;
}
