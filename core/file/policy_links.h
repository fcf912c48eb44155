/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The policies SYMLINKS_NONE and SYMLINKS_OF_OWNER, which judge each link on the way
 * (disable_symlinks).
 */
#ifndef SKUA_FILE_POLICY_LINKS_H
#define SKUA_FILE_POLICY_LINKS_H

#include <stddef.h>

struct file_query;

/*
 * Opens the path name by name, and looks at each name after query->fixed_len: a symbolic link is
 * refused, or, with SYMLINKS_OF_OWNER, followed if its target belongs to the user to whom the link
 * belongs. `flags` are those of open(2). Returns a descriptor or -errno. -EXDEV: a link was
 * refused; then `why`, cut to why_size bytes, names it.
 */
int open_without_links(const struct file_query *query, int flags, char *why, size_t why_size);

#endif
