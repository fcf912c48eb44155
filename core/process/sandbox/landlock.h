/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Landlock (landlock(7)): a process gives up every file, but those below the
 * directories it names; and, as far as the kernel knows how, connections to
 * other places and signals to other processes. It works on what is opened from
 * then on, needs no privilege, and holds for all that the process starts later.
 */
#ifndef SKUA_PROCESS_SANDBOX_LANDLOCK_H
#define SKUA_PROCESS_SANDBOX_LANDLOCK_H

#include <stdbool.h>

/* The version of the kernel's interface, from 1; 0: it has none. */
int landlock_version(void);

/* A set of rules that allows nothing yet: a descriptor, or -errno. */
int landlock_create(void);

/* Files below (or the file) behind `fd` may be read, directories listed. 0 or -errno. */
int landlock_allow_reading(int ruleset, int fd, bool is_directory);

/* The rules hold from now on, for good. no_new_privs must be set. 0 or -errno. */
int landlock_enter(int ruleset);

#endif
