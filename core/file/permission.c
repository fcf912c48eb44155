/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The way is walked with O_PATH, which needs no right but that to search each
 * directory: the kernel itself says which one refuses, also by an access list.
 */
#include "file/permission.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log_format.h"
#include <str.h>

enum { MAX_LINKS = 40 }; /* as the kernel, path_resolution(7) */

struct walk {
	int dir; /* at the end what the path leads to */
	char done[PATH_MAX]; /* its path */
	char way[PATH_MAX];
	struct str todo; /* in `way` */
	int links;
};

static char who[128] = "this process";

void permission_set_user(const char *name)
{
	if (name[0])
		log_format(who, sizeof(who), "user \"%s\" (%u)", name, (unsigned)geteuid());
	else
		log_format(who, sizeof(who), "user %u", (unsigned)geteuid());
}

static void go_to(struct walk *walk, int fd)
{
	close(walk->dir);
	walk->dir = fd;
}

/* False: the way is lost. */
static bool follow(struct walk *walk, int link)
{
	char way[PATH_MAX];
	ssize_t len = readlinkat(link, "", way, sizeof(way) - 1);

	if (len < 0 || ++walk->links > MAX_LINKS)
		return false;
	int more = snprintf(way + len, sizeof(way) - (size_t)len, "/%.*s", STR_ARG(walk->todo));
	if (len + more >= (ssize_t)sizeof(way))
		return false;
	walk->todo = str_from(strcpy(walk->way, way));
	if (way[0] == '/') {
		go_to(walk, open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
		walk->done[0] = '\0';
	}
	return true;
}

/* Owns fd, which lies under the name. */
static void enter(struct walk *walk, int fd, const char *name)
{
	size_t len = strlen(walk->done);

	snprintf(walk->done + len, sizeof(walk->done) - len, "/%s", name);
	go_to(walk, fd);
}

/* One name. 0, or -errno: of -EACCES `dir` is the reason. */
static int step(struct walk *walk)
{
	struct str part = str_split(&walk->todo, '/');
	char name[NAME_MAX + 1];
	struct stat status;

	if (str_empty(part))
		return 0;
	if (part.len > NAME_MAX)
		return -ENAMETOOLONG;
	*str_put(name, part) = '\0';
	int fd = openat(walk->dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &status) == 0 && !S_ISLNK(status.st_mode)) {
		enter(walk, fd, name);
		return 0;
	}
	bool goes_on = follow(walk, fd);
	close(fd);
	return goes_on ? 0 : -ELOOP;
}

static void say(const struct walk *walk, bool may_search, char *why, size_t why_size)
{
	struct stat status;

	if (fstat(walk->dir, &status) < 0)
		return;
	unsigned owner = status.st_uid, mode = status.st_mode & 07777;
	if (may_search)
		log_format(why, why_size,
			   "%s may not read it: it belongs to user %u and has mode %03o", who,
			   owner, mode);
	else
		log_format(why, why_size,
			   "%s may not search the directory \"%s\", which belongs to user %u and "
			   "has mode %03o",
			   who, walk->done[0] ? walk->done : "/", owner, mode);
}

void permission_explain(const char *path, char *why, size_t why_size)
{
	struct walk walk = { .dir = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC) };
	int error = strlen(path) < sizeof(walk.way) ? 0 : -ENAMETOOLONG;

	why[0] = '\0';
	if (error == 0)
		walk.todo = str_from(strcpy(walk.way, path));
	while (error == 0 && walk.todo.len)
		error = step(&walk);
	if (error == 0 || error == -EACCES)
		say(&walk, error == 0, why, why_size);
	if (walk.dir >= 0)
		close(walk.dir);
}
