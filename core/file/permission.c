/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Opens each name of the path with O_PATH, which needs only the permission to search the
 * directory. So the kernel itself shows which directory refuses access, also if the reason is an
 * access control list.
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

struct search {
	int dir; /* the directory that was reached; at the end the target of the path */
	char done[PATH_MAX]; /* the path of `dir`, without links */
	char way[PATH_MAX]; /* memory of `todo` */
	struct str todo; /* the remaining names */
	int links; /* how many were followed */
};

static char who[128] = "this process";

void permission_set_user(const char *name)
{
	if (name[0])
		log_format(who, sizeof(who), "user \"%s\" (%u)", name, (unsigned)geteuid());
	else
		log_format(who, sizeof(who), "user %u", (unsigned)geteuid());
}

static void go_to(struct search *search, int fd)
{
	close(search->dir);
	search->dir = fd;
}

/* Puts the target of a link before the remaining names. False: there are too many links. */
static bool follow(struct search *search, int link)
{
	char way[PATH_MAX];
	ssize_t len = readlinkat(link, "", way, sizeof(way) - 1);

	if (len < 0 || ++search->links > MAX_LINKS)
		return false;
	int more = snprintf(way + len, sizeof(way) - (size_t)len, "/%.*s", STR_ARG(search->todo));
	if (len + more >= (ssize_t)sizeof(way))
		return false;
	search->todo = str_from(strcpy(search->way, way));
	if (way[0] == '/') {
		go_to(search, open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
		search->done[0] = '\0';
	}
	return true;
}

/* Opens the next name. 0 or -errno; -EACCES: the directory `dir` may not be searched. */
static int step(struct search *search)
{
	struct str part = str_split(&search->todo, '/');
	char name[NAME_MAX + 1];
	struct stat status;

	if (str_empty(part))
		return 0;
	if (part.len > NAME_MAX)
		return -ENAMETOOLONG;
	*str_put(name, part) = '\0';
	int fd = openat(search->dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &status) == 0 && !S_ISLNK(status.st_mode)) {
		size_t len = strlen(search->done);

		snprintf(search->done + len, sizeof(search->done) - len, "/%s", name);
		go_to(search, fd);
		return 0;
	}
	bool goes_on = follow(search, fd);
	close(fd);
	return goes_on ? 0 : -ELOOP;
}

static void describe(const struct search *search, bool may_search, char *why, size_t why_size)
{
	struct stat status;

	if (fstat(search->dir, &status) < 0)
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
			   who, search->done[0] ? search->done : "/", owner, mode);
}

void permission_explain(const char *path, char *why, size_t why_size)
{
	struct search search = { .dir = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC) };
	int error = strlen(path) < sizeof(search.way) ? 0 : -ENAMETOOLONG;

	why[0] = '\0';
	if (error == 0)
		search.todo = str_from(strcpy(search.way, path));
	while (error == 0 && search.todo.len)
		error = step(&search);
	if (error == 0 || error == -EACCES)
		describe(&search, error == 0, why, why_size);
	if (search.dir >= 0)
		close(search.dir);
}
