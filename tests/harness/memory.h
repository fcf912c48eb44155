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

#endif
