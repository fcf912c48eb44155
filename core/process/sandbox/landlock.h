/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Landlock (landlock(7)): a process gives up all files but those below the
 * directories that it names; and, if the kernel can do that, TCP connections to
 * other hosts and signals to other processes. Files that are open stay open. It needs no
 * privilege, and holds for all processes that this one starts later.
 */
#ifndef SKUA_PROCESS_SANDBOX_LANDLOCK_H
#define SKUA_PROCESS_SANDBOX_LANDLOCK_H

#include <stdbool.h>

/* The version of the kernel's interface, from 1; 0: it has none. */
int landlock_version(void);

/* Makes a set of rules that allows nothing yet. A descriptor, the caller's, or -errno. */
int landlock_create(void);

/* Allows to read the file `fd`, or files below the directory and to list it. 0 or -errno. */
int landlock_allow_reading(int ruleset, int fd, bool is_directory);

/* Puts the rules in force, for good. no_new_privs must be set. 0 or -errno. */
int landlock_enter(int ruleset);

#endif
