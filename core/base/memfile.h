/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files without a name (memfd_create(2)). Those of a fixed size are memory that processes share,
 * also those of another program: a descriptor is all that a process needs to map it.
 */
#ifndef SKUA_BASE_MEMFILE_H
#define SKUA_BASE_MEMFILE_H

#include <stddef.h>
#include <str.h>

/*
 * A descriptor, close-on-exec, of `size` zeroed bytes that nobody can make more or
 * fewer, or -errno. The name is for people who look into /proc.
 */
int memfile_create(const char *name, size_t size);

/*
 * Maps all of the file, shared, to read and write; *memory becomes its address. Returns 0 or
 * -errno, and *memory is NULL after an error. -EINVAL: the file has another size, or somebody
 * could shrink it, which would end a process that reads it by SIGBUS.
 */
int memfile_map(int fd, size_t size, void **memory);

/* A descriptor, close-on-exec, of a file with these bytes, which is not sealed; or -errno. */
int memfile_with(const char *name, struct str bytes);

#endif
