/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls read(2) and write(2) until all bytes are there. */
#ifndef SKUA_BASE_EXACT_H
#define SKUA_BASE_EXACT_H

#include <str.h>

/* Reads exactly `size` bytes from `offset` on. 0 or -errno. -EIO: the file is shorter. */
int read_exactly(int fd, char *to, size_t offset, size_t size);

/* Writes all bytes to a blocking descriptor, at its place. 0 or -errno. */
int write_exactly(int fd, struct str bytes);

#endif
