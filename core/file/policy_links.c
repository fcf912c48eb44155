/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Walks a path name by name, from a directory descriptor to the next, so that a name cannot become
 * a link between the look at it and its use: a name that was no link is opened with O_NOFOLLOW, and
 * the owner of a link's target is that of the file that was opened.
 */
#include "file/policy_links.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log_format.h"
#include "file/policy.h"

enum { TO_DIRECTORY = O_PATH | O_DIRECTORY | O_CLOEXEC };

static int open_link(int dir, const char *name, int flags, uid_t owner)
{
	struct stat target;
	int fd = openat(dir, name, flags);

	if (fd < 0)
		return -errno;
	if (fstat(fd, &target) == 0 && target.st_uid == owner)
		return fd;
	close(fd);
	return -EXDEV;
}

static int open_name(int dir, const char *name, int flags, enum symlinks symlinks)
{
	struct stat status;

	if (fstatat(dir, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (S_ISLNK(status.st_mode))
		return symlinks == SYMLINKS_OF_OWNER ?
			       open_link(dir, name, flags, status.st_uid) :
			       -EXDEV;

	int fd = openat(dir, name, flags | O_NOFOLLOW);

	/* -ELOOP: the name has become a link. */
	return fd >= 0 ? fd : errno == ELOOP ? -EXDEV : -errno;
}

/* Opens what is below `dir`, and closes `dir`. On return *way is the last name that was opened. */
static int walk(int dir, char **way, int flags, enum symlinks symlinks)
{
	char *name = *way, *next;

	for (;; name = next) {
		size_t len = strcspn(name, "/");

		next = name + len + strspn(name + len, "/");
		name[len] = '\0';
		*way = name;

		int fd = open_name(dir, len ? name : ".", *next ? TO_DIRECTORY : flags, symlinks);

		close(dir);
		if (fd < 0 || !*next)
			return fd;
		dir = fd;
	}
}

int open_without_links(const struct file_query *query, int flags, char *why, size_t why_size)
{
	const char *path = query->path.data;
	size_t fixed_len = query->fixed_len;
	char fixed[PATH_MAX], rest[PATH_MAX], *way = rest;

	while (fixed_len < query->path.len && path[fixed_len] == '/')
		fixed_len++;
	if (fixed_len == query->path.len) {
		int fd = open(path, flags);

		return fd < 0 ? -errno : fd;
	}
	snprintf(fixed, sizeof(fixed), "%.*s", (int)fixed_len, path);
	snprintf(rest, sizeof(rest), "%s", path + fixed_len);

	int fd = open(*fixed ? fixed : ".", TO_DIRECTORY);

	if (fd < 0)
		return -errno;
	fd = walk(fd, &way, flags, query->symlinks);
	if (fd == -EXDEV)
		log_format(why, why_size,
			   "\"%.*s\" is a symbolic link, which disable_symlinks forbids to follow",
			   (int)(fixed_len + (size_t)(way - rest) + strlen(way)), path);
	return fd;
}
