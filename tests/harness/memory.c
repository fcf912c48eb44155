/* SPDX-License-Identifier: BSD-2-Clause */
#include "harness/memory.h"

#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A list, so that a leak checker sees that it is still wanted. */
struct piece {
	struct piece *next;
	max_align_t data[];
};

static struct piece *pieces;

void *memory_alloc(size_t size)
{
	struct piece *piece = malloc(sizeof(*piece) + size);

	if (!piece)
		abort();
	piece->next = pieces;
	pieces = piece;
	return piece->data;
}

char *memory_printf(const char *format, ...)
{
	va_list args, again;

	va_start(args, format);
	va_copy(again, args);
	int len = vsnprintf(NULL, 0, format, args);
	if (len < 0)
		abort();
	char *text = memory_alloc((size_t)len + 1);
	vsnprintf(text, (size_t)len + 1, format, again);
	va_end(again);
	va_end(args);
	return text;
}

char *memory_read(const char *path)
{
	enum { MOST = 100000 };
	FILE *file = fopen(path, "r");
	char *text = memory_alloc(MOST);

	ck_assert_msg(file != NULL, "%s cannot be read: run this in the top folder", path);
	text[fread(text, 1, MOST - 1, file)] = '\0';
	fclose(file);
	return text;
}

char *memory_replace(const char *text, const char *from, const char *to)
{
	char *out = memory_printf("%s", "");

	for (const char *found; (found = strstr(text, from)) != NULL; text = found + strlen(from))
		out = memory_printf("%s%.*s%s", out, (int)(found - text), text, to);
	return memory_printf("%s%s", out, text);
}
