/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Finds and opens the files that the master process writes: log files and the pid file. The
 * master often runs as root, and a log directory often belongs to another user, who could
 * put a symbolic link there and so make root write into any file. Therefore symbolic links
 * are followed by this rule only:
 *
 *     A link is followed if the directory that it lies in belongs to root or to the
 *     user of this process. Where others may write to that directory, the link
 *     has to belong to one of these two as well.
 *
 * It holds for each link on the way, not only for the last name.
 */
#ifndef SKUA_PROCESS_OS_PLACE_H
#define SKUA_PROCESS_OS_PLACE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

/* Where a path leads. */
struct place {
	int dir; /* O_PATH: the directory that the name lies in; -1: place_finish() was called */
	char name[NAME_MAX + 1]; /* the last name, after symbolic links were followed */
	bool exists;
	struct stat status; /* of what exists there */
	bool is_magic; /* a link of /proc to what a process has open, which the kernel follows */
	bool is_shared; /* somebody else may put files there */
};

/*
 * Finds where a path leads. Only the last name may be missing. Opens nothing but the
 * directory, whatever the path leads to. 0; or -errno, -ELOOP for a link that is not
 * followed, by the rule or because there are too many. For a link that the rule forbids
 * `why` says which one and what to do, otherwise it is "".
 */
int place_find(struct place *place, const char *path, char *why, size_t why_size);

/*
 * Opens the file that lies there, or a new one with O_CREAT, never through a link; O_CLOEXEC
 * is added. A file that has a second name, in a directory where somebody else may have made
 * it, is refused. A descriptor or -errno; `why` as above.
 */
int place_open(const struct place *place, int flags, mode_t mode, char *why, size_t why_size);

/* Closes the directory. Allowed after place_find() has failed, and twice. */
void place_finish(struct place *place);

/* The rule above: whether a link with this status, in a directory with that, is followed. */
bool place_may_follow(const struct stat *dir, const struct stat *link);

#endif
