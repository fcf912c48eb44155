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

static char *claimed; /* NULL: this process has none */
static bool aside; /* another master writes the path that is configured */
static bool is_renamed; /* `claimed` has the ending */

/* --- writing ------------------------------------------------------------------- */

/* What was longer before is cut. */
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

/* It is the directory that does not allow it, or what is mounted there. */
static bool is_denied(int error)
{
	return error == -EACCES || error == -EPERM || error == -EROFS || error == -EBUSY;
}

/* Writes into the file that is there, or empties it: pid 0. */
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
	if (claimed)
		pidfile_remove(claimed, getpid());
	free(claimed);
	claimed = NULL;
}

static bool are_one_file(const char *path, const char *other)
{
	struct stat one, two;

	return stat(path, &one) == 0 && stat(other, &two) == 0 && one.st_dev == two.st_dev &&
	       one.st_ino == two.st_ino;
}

int pidfile_claim(const char *path)
{
	char full[PATH_MAX], why[WHY_SIZE] = "";

	if (!path[0]) {
		pidfile_release();
		return 0;
	}
	snprintf(full, sizeof(full), "%s%s", path, aside ? ASIDE : "");
	if (claimed && strcmp(claimed, full) == 0)
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
		log_write(log_process, LEVEL_EMERG, why[0] ? 0 : -error, 0,
			  "cannot write the pid file \"%s\"; the directive pid names another%s%s",
			  full, why[0] ? ": " : "", why);
		return -1;
	}
	if (claimed && !are_one_file(claimed, full))
		pidfile_release();
	free(claimed);
	claimed = strdup(full);
	is_renamed = aside;
	return 0;
}

/* Owns the path. */
static int move(char *to)
{
	if (!to)
		return -ENOMEM;
	if (rename(claimed, to) < 0) {
		int error = errno;
		free(to);
		return -error;
	}
	free(claimed);
	claimed = to;
	return 0;
}

int pidfile_set_aside(void)
{
	struct stat status;
	char *to = NULL;
	int error = 0;

	if (aside)
		return 0;
	is_renamed = claimed && lstat(claimed, &status) == 0 && S_ISREG(status.st_mode);
	if (is_renamed)
		error = asprintf(&to, "%s" ASIDE, claimed) < 0 ? -ENOMEM : move(to);
	if (is_denied(error)) {
		is_renamed = false;
		error = 0;
	}
	aside = error == 0;
	return error;
}

int pidfile_take_back(void)
{
	if (!aside)
		return 0;
	aside = false;
	if (!claimed)
		return 0;
	return is_renamed ? move(strndup(claimed, strlen(claimed) - strlen(ASIDE))) :
			    pidfile_write(claimed, getpid());
}

void pidfile_inherit(const char *path)
{
	free(claimed);
	claimed = path[0] ? strdup(path) : NULL;
}

const char *pidfile_path(void)
{
	return claimed ? claimed : "";
}
