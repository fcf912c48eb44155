/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Walks along the path with O_PATH, name by name. Somebody may put a link in the place of a
 * file after it was looked at, so each step has O_NOFOLLOW.
 */
#include "process/os/place.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "base/log_format.h"
#include <str.h>

enum { MAX_LINKS = 40 }; /* as the kernel, path_resolution(7) */

/* A walk: `place->dir` is the directory that it has reached, `todo` the rest of the path. */
struct place_walk {
	struct place *place;
	char way[PATH_MAX];
	struct str todo; /* in `way` */
	char done[PATH_MAX]; /* the names so far, for messages */
	int links;
	char *why;
	size_t why_size;
};

static bool is_trusted(uid_t uid)
{
	return uid == 0 || uid == geteuid();
}

bool place_may_follow(const struct stat *dir, const struct stat *link)
{
	bool others_may_write = dir->st_mode & (S_IWGRP | S_IWOTH);

	return is_trusted(dir->st_uid) && (!others_may_write || is_trusted(link->st_uid));
}

/* Goes on in the directory fd, which it owns. */
static void go_to(struct place_walk *walk, int fd)
{
	close(walk->place->dir);
	walk->place->dir = fd;
}

static int refuse(struct place_walk *walk, const char *name, const struct stat *dir)
{
	const char *at = walk->done[0] ? walk->done : "/";

	if (is_trusted(dir->st_uid))
		log_format(walk->why, walk->why_size,
			   "the symbolic link \"%s/%s\" is not followed: others may write to "
			   "\"%s\", and can have put it there",
			   walk->done, name, at);
	else
		log_format(
			walk->why, walk->why_size,
			"the symbolic link \"%s/%s\" is not followed: \"%s\" belongs to user %u, "
			"who can make it point anywhere; name the file itself, or give the "
			"directory to root",
			walk->done, name, at, (unsigned)dir->st_uid);
	return -ELOOP;
}

/* Puts the target of the link `fd` in front of the rest of the path. 0 or -errno. */
static int follow(struct place_walk *walk, int fd)
{
	char way[PATH_MAX];
	ssize_t len = readlinkat(fd, "", way, sizeof(way) - 1);

	if (len < 0)
		return -errno;
	if (++walk->links > MAX_LINKS)
		return -ELOOP;
	int more = snprintf(way + len, sizeof(way) - (size_t)len, "/%.*s", STR_ARG(walk->todo));
	if (len + more >= (ssize_t)sizeof(way))
		return -ENAMETOOLONG;
	walk->todo = str_from(strcpy(walk->way, way));
	if (way[0] != '/')
		return 0;
	int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return -errno;
	go_to(walk, root);
	walk->done[0] = '\0';
	return 0;
}

/*
 * Follows a link of /proc/PID/fd, whose text may be no path ("pipe:[4711]"), by the kernel.
 * 0 or -errno.
 */
static int follow_magic(struct place_walk *walk, const char *name, bool is_last)
{
	struct place *place = walk->place;
	int fd = openat(place->dir, name, O_PATH | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (!is_last) {
		go_to(walk, fd);
		return 0;
	}
	place->is_magic = place->exists = true;
	int error = fstat(fd, &place->status) < 0 ? -errno : 0;
	close(fd);
	return error;
}

/* Goes on to the file `name`, which fd is; owns fd. 0 or -errno. */
static int step_to(struct place_walk *walk, int fd, const char *name, bool is_last)
{
	struct place *place = walk->place;
	struct stat dir, status;
	struct statfs system;
	int error = 0;

	if (fstat(place->dir, &dir) < 0 || fstat(fd, &status) < 0) {
		error = -errno;
	} else if (S_ISLNK(status.st_mode)) {
		if (fstatfs(place->dir, &system) == 0 && system.f_type == PROC_SUPER_MAGIC)
			error = follow_magic(walk, name, is_last);
		else if (place_may_follow(&dir, &status))
			error = follow(walk, fd);
		else
			error = refuse(walk, name, &dir);
	} else if (is_last) {
		place->exists = true;
		place->status = status;
	} else {
		size_t len = strlen(walk->done);
		snprintf(walk->done + len, sizeof(walk->done) - len, "/%s", name);
		go_to(walk, fd);
		return 0;
	}
	close(fd);
	return error;
}

static int step(struct place_walk *walk)
{
	struct place *place = walk->place;
	struct str name = str_split(&walk->todo, '/');
	bool is_last = str_empty(walk->todo);

	if (str_empty(name) || str_eq(name, STR(".")))
		return is_last ? -EISDIR : 0;
	if (name.len > NAME_MAX)
		return -ENAMETOOLONG;
	*str_put(place->name, name) = '\0';
	int fd = openat(place->dir, place->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT && is_last ? 0 : -errno;
	return step_to(walk, fd, place->name, is_last);
}

static int walk_all(struct place_walk *walk)
{
	struct place *place = walk->place;
	struct stat dir;
	int error = 0;

	while (error == 0 && walk->todo.len)
		error = step(walk);
	if (error == 0 && fstat(place->dir, &dir) < 0)
		error = -errno;
	if (error == 0)
		place->is_shared = !is_trusted(dir.st_uid) || (dir.st_mode & (S_IWGRP | S_IWOTH));
	return error;
}

int place_find(struct place *place, const char *path, char *why, size_t why_size)
{
	struct place_walk walk = { .place = place, .why = why, .why_size = why_size };

	*place = (struct place){ .dir = -1 };
	why[0] = '\0';
	size_t len = strlen(path);
	if (len == 0 || path[len - 1] == '/')
		return len ? -EISDIR : -ENOENT;
	if (len >= sizeof(walk.way))
		return -ENAMETOOLONG;
	walk.todo = str_from(strcpy(walk.way, path));
	place->dir = open(path[0] == '/' ? "/" : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (place->dir < 0)
		return -errno;
	int error = walk_all(&walk);
	if (error < 0)
		place_finish(place);
	return error;
}

int place_open(const struct place *place, int flags, mode_t mode, char *why, size_t why_size)
{
	struct stat status;

	why[0] = '\0';
	flags |= O_CLOEXEC | (place->is_magic ? 0 : O_NOFOLLOW);
	int fd = openat(place->dir, place->name, flags, mode);
	if (fd < 0)
		return -errno;
	bool is_known = fstat(fd, &status) == 0;
	if (!place->is_shared || place->is_magic ||
	    (is_known && (!S_ISREG(status.st_mode) || status.st_nlink < 2)))
		return fd;
	log_format(why, why_size,
		   "it has %lu names (hard links), and others may have made the one here, to have "
		   "root write into a file that is not theirs",
		   (unsigned long)status.st_nlink);
	close(fd);
	return -EMLINK;
}

void place_finish(struct place *place)
{
	if (place->dir >= 0)
		close(place->dir);
	place->dir = -1;
}
