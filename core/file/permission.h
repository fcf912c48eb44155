/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Explains in the error log why a path could not be opened: which user lacks which right
 * to which directory. "Permission denied" alone does not name the directory.
 */
#ifndef SKUA_FILE_PERMISSION_H
#define SKUA_FILE_PERMISSION_H

#include <stddef.h>

/*
 * Remembers the user of this process for permission_explain(): the name that is given ("":
 * none is known) and the effective user id. Call it before the sandbox, which forbids
 * geteuid(2).
 */
void permission_set_user(const char *name);

/*
 * For a path that open(2) refused with EACCES: writes to `why` which directory of the path
 * this process may not search, or that it may not read the file itself. Writes "" if no
 * reason is found, because the path has changed meanwhile, for example.
 */
void permission_explain(const char *path, char *why, size_t why_size);

#endif
