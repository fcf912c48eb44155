/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who may not do what, in words for the error log: "Permission denied" leaves people
 * to look at each directory of a path by themselves.
 */
#ifndef SKUA_FILE_PERMISSION_H
#define SKUA_FILE_PERMISSION_H

#include <stddef.h>

/*
 * Notes whose rights this process has, for the text below; `name` is what that user is
 * called, or "". Before a sandbox, in which the number cannot be asked for.
 */
void permission_set_user(const char *name);

/*
 * Of a path that could not be opened for lack of permission: which directory on the way
 * this process may not search, or that it may not read the file itself. "" where
 * that cannot be found out, as when it has changed meanwhile.
 */
void permission_explain(const char *path, char *why, size_t why_size);

#endif
