/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whether a process is a Skua: the number in an old pid file may be anybody's by now.
 */
#ifndef SKUA_PROCESS_EXECUTABLE_H
#define SKUA_PROCESS_EXECUTABLE_H

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

enum executable {
	EXECUTABLE_SKUA,
	EXECUTABLE_OTHER,
	EXECUTABLE_UNKNOWN, /* /proc does not tell: it is missing, or not for this user */
};

/*
 * By /proc/PID/exe: the file that this process runs, or another one that is called
 * skua. It may have been replaced or removed since, as an upgrade does. For
 * EXECUTABLE_OTHER its name is written, with a NUL.
 */
enum executable executable_of(pid_t pid, char name[PATH_MAX]);

/* The part about names; `theirs` as readlink(2) gives it. */
bool executable_has_name(const char *theirs, const char *own);

#endif
