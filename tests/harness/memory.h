/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory of a test: given until its process ends, so that a case needs no line
 * to release anything.
 */
#ifndef HARNESS_MEMORY_H
#define HARNESS_MEMORY_H

#include <stddef.h>

void *memory_alloc(size_t size);
char *memory_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The text of a file of the source tree. The test fails if it cannot be read. */
char *memory_read(const char *path);

/* The text with `to` in each place of `from`. */
char *memory_replace(const char *text, const char *from, const char *to);

#endif
