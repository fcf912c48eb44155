/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Text that grows while it is written: the body of a response, a message, a list.
 *
 *     struct text text = { .pool = req->pool };
 *
 *     text_add(&text, STR("<ul>\n"));
 *     text_printf(&text, "<li>%d</li>\n", number);
 *     return respond_bytes(req, 200, STR("text/html"), text_str(&text));
 *
 * The bytes are in the pool, and are moved when they need more room: until the text is
 * complete, nothing may point into them. The pool keeps the memory that they have left,
 * together at most as much as the text itself.
 */
#ifndef SKUA_TEXT_H
#define SKUA_TEXT_H

#include <stdarg.h>
#include <stddef.h>

#include <pool.h>
#include <str.h>

/* Zeroed memory with `pool` set is an empty text. To shorten it, lower `len`. */
struct text {
	struct pool *pool;
	char *data; /* NULL as long as there was nothing to store */
	size_t len, capacity; /* the bytes that are used, and those there are */
};

/*
 * Makes room for `len` more bytes and returns where they go. The caller writes as
 * many of them as it likes and adds their number to text->len.
 */
char *text_room(struct text *text, size_t len) __attribute__((returns_nonnull));

/* Copies s to the end. It may not be a part of the text itself. */
void text_add(struct text *text, struct str s);

static inline void text_add_char(struct text *text, char c)
{
	*text_room(text, 1) = c;
	text->len++;
}

/* As printf(3). */
void text_printf(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_vprintf(struct text *text, const char *format, va_list args);

/*
 * What was written so far, with a NUL behind it that is not counted. Valid until
 * something is added; as long as the pool when nothing is.
 */
struct str text_str(struct text *text);

#endif
