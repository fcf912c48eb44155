/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Landlock (landlock(7)): a process gives up access to all files except those below the
 * directories that it names. If the kernel supports it, the process also gives up TCP connections
 * to other hosts and signals to other processes. Open files stay open. Landlock needs no
 * privilege, and also applies to all processes that this one starts later.
 */
#ifndef SKUA_PROCESS_SANDBOX_LANDLOCK_H
#define SKUA_PROCESS_SANDBOX_LANDLOCK_H

#include <stdbool.h>

/* The version of the kernel's interface, from 1; 0: it has none. */
int landlock_version(void);

/* Makes a set of rules that allows nothing yet. A descriptor, the caller's, or -errno. */
int landlock_create(void);

/* Allows reading the file `fd`, or reading and listing all below the directory. 0 or -errno. */
int landlock_allow_reading(int ruleset, int fd, bool is_directory);

/* Allows making files below the directory `fd`, and writing to files there. 0 or -errno. */
int landlock_allow_writing(int ruleset, int fd);

/* Applies the rules to this process, permanently. no_new_privs must be set. 0 or -errno. */
int landlock_enter(int ruleset);

#endif
