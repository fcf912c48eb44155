/* SPDX-License-Identifier: BSD-2-Clause */
/* The environment of a worker: environ(7). */
#ifndef SKUA_PROCESS_OS_ENVIRONMENT_H
#define SKUA_PROCESS_OS_ENVIRONMENT_H

#include <stddef.h>

#include <str.h>

struct environment_entry {
	struct str name; /* NUL or "=" follows */
	const char *text; /* "NAME=value"; NULL: the value that it has now, if it has one */
};

/*
 * From now on environ has these variables and TZ, which localtime(3) needs, and no others. The
 * bytes of the others are wiped. The texts are borrowed.
 */
void environment_keep(const struct environment_entry *entries, size_t count);

#endif
