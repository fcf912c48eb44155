/* SPDX-License-Identifier: BSD-2-Clause */
#include "harness/memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

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
