/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How a path is opened. `follow` follows every symbolic link, as nginx does by
 * default. `in_root` follows a link only while it stays below the root: the
 * kernel checks it while it opens (openat2(2), RESOLVE_BENEATH), so there is
 * no moment between check and use. An absolute link that points into the root
 * counts as below it.
 */
#ifndef SKUA_FILE_POLICY_H
#define SKUA_FILE_POLICY_H

#include <stdbool.h>
#include <stddef.h>

#include <str.h>

enum symlinks { SYMLINKS_FOLLOW, SYMLINKS_IN_ROOT };

/* What is to be opened. */
struct file_query {
	struct str path; /* NUL follows */
	size_t known_len; /* how much of path the configuration wrote, for file_query_climbs() */
	size_t root_len; /* how much of path is the root */
	enum symlinks symlinks;
};

/*
 * The query for a path below a root, which may end in slashes. Where the path
 * does not go on with a name below the root (an alias "/data/img" may make
 * "/data/img.png"), the root is the directory that the path lies in.
 */
struct file_query file_query_make(struct str path, struct str root, enum symlinks symlinks);

/*
 * Has a component ".." behind what the configuration wrote (anywhere, if the
 * path does not begin with the root): such a path is never looked up.
 */
bool file_query_climbs(const struct file_query *query);

/*
 * Set by whoever confines this process: called when a path could not be opened
 * for lack of permission. The -errno to give instead; when the confinement was
 * the reason, `why` says so: -EACCES with a remedy, -ESTALE when it will be over
 * soon. Both make `why` with log_format().
 */
extern int (*policy_explain)(const char *path, char *why, size_t why_size);

/*
 * Opens with flags of open(2); O_CLOEXEC, O_NOCTTY and O_NONBLOCK are added, so
 * that a pipe or a device cannot hold the process up. A descriptor or -errno;
 * -EXDEV for a link that leaves the root: then `why` says which link, where it
 * points and what can be done (it is cut to why_size).
 */
int policy_open(const struct file_query *query, int flags, char *why, size_t why_size);

#endif
