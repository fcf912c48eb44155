/* SPDX-License-Identifier: BSD-2-Clause */
/* Text that grows; the contracts are in include/text.h. */
#include <text.h>

#include <stdio.h>
#include <stdlib.h>

enum { FIRST_CAPACITY = 128 };

static void enlarge(struct text *text, size_t needed)
{
	size_t capacity = text->capacity ? 2 * text->capacity : FIRST_CAPACITY;

	if (capacity < needed)
		capacity = needed;

	char *larger = pool_alloc(text->pool, capacity);

	str_put(larger, (struct str){ text->data, text->len });
	text->data = larger;
	text->capacity = capacity;
}

char *text_room(struct text *text, size_t len)
{
	if (text->capacity - text->len < len) {
		if (len > SIZE_MAX / 4)
			abort();
		enlarge(text, text->len + len);
	}
	return text->data + text->len;
}

void text_add(struct text *text, struct str s)
{
	if (s.len == 0)
		return;
	str_put(text_room(text, s.len), s);
	text->len += s.len;
}

void text_vprintf(struct text *text, const char *format, va_list args)
{
	size_t room = text->capacity - text->len;
	va_list again;

	va_copy(again, args);
	int len = vsnprintf(room ? text->data + text->len : NULL, room, format, again);
	va_end(again);
	if (len < 0)
		return;

	/* vsnprintf() also writes a NUL behind the text. */
	if ((size_t)len >= room)
		vsnprintf(text_room(text, (size_t)len + 1), (size_t)len + 1, format, args);
	text->len += (size_t)len;
}

void text_printf(struct text *text, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	text_vprintf(text, format, args);
	va_end(args);
}

struct str text_str(struct text *text)
{
	*text_room(text, 1) = '\0';
	return (struct str){ text->data, text->len };
}
