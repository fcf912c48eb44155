/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tells whether a process runs Skua. The kernel may have given the number in an old pid
 * file to another program since, which must not be signalled.
 */
#ifndef SKUA_PROCESS_OS_EXECUTABLE_H
#define SKUA_PROCESS_OS_EXECUTABLE_H

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

enum executable {
	EXECUTABLE_SKUA,
	EXECUTABLE_OTHER,
	EXECUTABLE_UNKNOWN, /* the link cannot be read: no /proc, or another user's process */
};

/*
 * Looks at /proc/PID/exe (proc(5)). A process runs Skua if its executable is the same file
 * as that of this process, or has a name that executable_has_name() accepts; an upgrade may
 * have replaced or removed the file since. For EXECUTABLE_OTHER, `name` is the path of the
 * executable, with a NUL.
 */
enum executable executable_of(pid_t pid, char name[PATH_MAX]);

/*
 * Whether the path `theirs` ends in the same name as the path `own`, or in "skua" with or
 * without a suffix (skua.old, skua-0.1). Both are given as readlink(2) returns them, with
 * a NUL.
 */
bool executable_has_name(const char *theirs, const char *own);

#endif
