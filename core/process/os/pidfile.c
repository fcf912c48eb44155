/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A temporary name and rename(2). This process remembers the file that it has
 * claimed, since a reload may name another.
 */
#include "process/os/pidfile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <log.h>
#include <stdio.h>
#include <stdlib.h>
#include <str.h>
#include <sys/random.h>
#include <unistd.h>

#include "process/os/place.h"

#define ASIDE ".oldbin"

enum { WHY_SIZE = 1024, TRIES = 10, RANDOM_LEN = 17 /* of a dot and 64 bits */ };

/* The file of this process. */
static struct {
	char *path; /* NULL: it has none */
	bool is_aside; /* another master writes the path that is configured */
	bool is_renamed; /* `path` has the ending ASIDE */
} own;

/* --- writing ------------------------------------------------------------------- */

/* Writes the number, and cuts off what is left of a longer text. 0 or -errno. */
static int put_number(int fd, pid_t pid)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%d\n", pid);
	ssize_t n = write(fd, text, (size_t)len);

	if (n < 0)
		return -errno;
	return n == len && ftruncate(fd, len) == 0 ? 0 : -EIO;
}

/* Creates a file beside the place, under a name that nobody can know before. */
static int create_temporary(const struct place *place, char name[NAME_MAX + 1])
{
	for (int i = 0; i < TRIES; i++) {
		uint64_t number;

		if (getrandom(&number, sizeof(number), 0) != sizeof(number))
			return -EIO;
		snprintf(name, NAME_MAX + 1, "%.*s.%016llx", NAME_MAX - RANDOM_LEN, place->name,
			 (unsigned long long)number);
		int fd = openat(place->dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
		if (fd >= 0)
			return fd;
		if (errno != EEXIST)
			return -errno;
	}
	return -EEXIST;
}

static int replace(const struct place *place, pid_t pid)
{
	char temporary[NAME_MAX + 1];
	int fd = create_temporary(place, temporary);

	if (fd < 0)
		return fd;
	int error = put_number(fd, pid);
	close(fd);
	if (error == 0 && renameat(place->dir, temporary, place->dir, place->name) < 0)
		error = -errno;
	if (error < 0)
		unlinkat(place->dir, temporary, 0);
	return error;
}

/* Whether the directory, or the file system there, does not allow it. */
static bool is_denied(int error)
{
	return error == -EACCES || error == -EPERM || error == -EROFS || error == -EBUSY;
}

/* Writes into the file that is there, or empties it if pid is 0. 0 or -errno. */
static int overwrite(const struct place *place, pid_t pid, char why[WHY_SIZE])
{
	struct stat status;
	int fd = place_open(place, O_WRONLY | O_NONBLOCK | O_NOCTTY, 0, why, WHY_SIZE);

	if (fd < 0)
		return fd;
	int error = fstat(fd, &status) < 0 ? -errno : 0;
	if (error == 0 && !S_ISREG(status.st_mode))
		error = -EEXIST;
	else if (error == 0 && pid)
		error = put_number(fd, pid);
	else if (error == 0)
		error = ftruncate(fd, 0) < 0 ? -errno : 0;
	close(fd);
	return error;
}

static bool is_regular(const struct place *place)
{
	return place->exists && S_ISREG(place->status.st_mode) && !place->is_magic;
}

static int write_at(const struct place *place, pid_t pid, char why[WHY_SIZE])
{
	if (place->exists && S_ISDIR(place->status.st_mode))
		return -EISDIR;
	if (place->exists && !is_regular(place))
		return -EEXIST;
	int error = replace(place, pid);
	if (is_denied(error) && place->exists && overwrite(place, pid, why) == 0)
		error = 0;
	return error;
}

static int write_path(const char *path, pid_t pid, char why[WHY_SIZE])
{
	struct place place;
	int error = place_find(&place, path, why, WHY_SIZE);

	if (error == 0)
		error = write_at(&place, pid, why);
	place_finish(&place);
	return error;
}

int pidfile_write(const char *path, pid_t pid)
{
	char why[WHY_SIZE];

	return write_path(path, pid, why);
}

/* --- reading ------------------------------------------------------------------- */

static int read_number(int fd, pid_t *pid)
{
	char text[32];
	uint64_t number;
	struct stat status;

	if (fstat(fd, &status) < 0)
		return -errno;
	if (!S_ISREG(status.st_mode))
		return -EINVAL;
	ssize_t n = read(fd, text, sizeof(text));
	if (n < 0)
		return -errno;
	struct str digits = str_trim((struct str){ text, (size_t)n }, " \t\r\n");
	if (str_to_u64(digits, INT32_MAX, &number) < 0 || number == 0)
		return -EINVAL;
	*pid = (pid_t)number;
	return 0;
}

int pidfile_read(const char *path, pid_t *pid)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	int error = read_number(fd, pid);
	close(fd);
	return error;
}

static bool holds(const struct place *place, pid_t pid)
{
	pid_t other = 0;

	if (!is_regular(place))
		return false;
	int fd = openat(place->dir, place->name, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return false;
	bool result = read_number(fd, &other) == 0 && other == pid;
	close(fd);
	return result;
}

void pidfile_remove(const char *path, pid_t pid)
{
	char why[WHY_SIZE];
	struct place place;

	if (place_find(&place, path, why, sizeof(why)) == 0 && holds(&place, pid) &&
	    unlinkat(place.dir, place.name, 0) < 0)
		overwrite(&place, 0, why);
	place_finish(&place);
}

/* --- the file of this process ---------------------------------------------------- */

void pidfile_release(void)
{
	if (own.path)
		pidfile_remove(own.path, getpid());
	free(own.path);
	own.path = NULL;
}

int pidfile_claim(const char *path)
{
	char full[PATH_MAX], why[WHY_SIZE] = "";
	struct stat before, after;

	if (!path[0]) {
		pidfile_release();
		return 0;
	}
	snprintf(full, sizeof(full), "%s%s", path, own.is_aside ? ASIDE : "");
	if (own.path && strcmp(own.path, full) == 0)
		return 0;
	int error = write_path(full, getpid(), why);
	if (error == -EEXIST) {
		log_warnx("the pid file \"%s\" is no regular file: it is left alone, and there is "
			  "no pid file; \"pid off\" says the same without this message",
			  full);
		pidfile_release();
		return 0;
	}
	if (error < 0) {
		log_emergc(why[0] ? 0 : error,
			   "cannot write the pid file \"%s\"; the directive pid names another%s%s",
			   full, why[0] ? ": " : "", why);
		return error;
	}
	/* Both paths may lead to one file. */
	if (own.path && (stat(own.path, &before) < 0 || stat(full, &after) < 0 ||
			 before.st_dev != after.st_dev || before.st_ino != after.st_ino))
		pidfile_release();
	free(own.path);
	own.path = strdup(full);
	own.is_renamed = own.is_aside;
	return 0;
}

/* Renames the file of this process; owns `to`. 0 or -errno. */
static int move(char *to)
{
	if (!to)
		return -ENOMEM;
	if (rename(own.path, to) < 0) {
		int error = errno;
		free(to);
		return -error;
	}
	free(own.path);
	own.path = to;
	return 0;
}

int pidfile_set_aside(void)
{
	struct stat status;
	char *to = NULL;
	int error = 0;

	if (own.is_aside)
		return 0;
	own.is_renamed = own.path && lstat(own.path, &status) == 0 && S_ISREG(status.st_mode);
	if (own.is_renamed)
		error = asprintf(&to, "%s" ASIDE, own.path) < 0 ? -ENOMEM : move(to);
	if (is_denied(error)) {
		own.is_renamed = false;
		error = 0;
	}
	own.is_aside = error == 0;
	return error;
}

int pidfile_take_back(void)
{
	if (!own.is_aside)
		return 0;
	own.is_aside = false;
	if (!own.path)
		return 0;
	return own.is_renamed ? move(strndup(own.path, strlen(own.path) - strlen(ASIDE))) :
			    pidfile_write(own.path, getpid());
}

void pidfile_inherit(const char *path)
{
	free(own.path);
	own.path = path[0] ? strdup(path) : NULL;
}

const char *pidfile_path(void)
{
	return own.path ? own.path : "";
}
