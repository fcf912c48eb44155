/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A temporary name and rename(2). This process remembers the file that it has
 * claimed, since a reload may name another.
 */
#include "process/pidfile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <log.h>
#include <stdio.h>
#include <stdlib.h>
#include <str.h>
#include <unistd.h>

#define ASIDE ".oldbin"

static char *claimed; /* NULL: this process has none */
static bool aside;

static int write_number(int fd, pid_t pid)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%d\n", pid);

	if (write(fd, text, (size_t)len) != len)
		return errno ? -errno : -EIO;
	return 0;
}

int pidfile_write(const char *path, pid_t pid)
{
	char temporary[PATH_MAX];

	if (snprintf(temporary, sizeof(temporary), "%s.%d", path, pid) >= (int)sizeof(temporary))
		return -ENAMETOOLONG;
	int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0)
		return -errno;
	int error = write_number(fd, pid);
	close(fd);
	if (error == 0 && rename(temporary, path) < 0)
		error = -errno;
	if (error < 0)
		unlink(temporary);
	return error;
}

int pidfile_read(const char *path, pid_t *pid)
{
	char text[32];
	uint64_t number;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	ssize_t n = read(fd, text, sizeof(text));
	int error = n < 0 ? -errno : 0;
	close(fd);
	if (error < 0)
		return error;
	struct str digits = str_trim((struct str){ text, (size_t)n }, " \t\r\n");
	if (str_to_u64(digits, INT32_MAX, &number) < 0 || number == 0)
		return -EINVAL;
	*pid = (pid_t)number;
	return 0;
}

void pidfile_remove(const char *path, pid_t pid)
{
	pid_t other = 0;

	if (pidfile_read(path, &other) == 0 && other == pid)
		unlink(path);
}

int pidfile_claim(const char *path)
{
	char full[PATH_MAX];

	snprintf(full, sizeof(full), "%s%s", path, aside ? ASIDE : "");
	if (claimed && strcmp(claimed, full) == 0)
		return 0;
	int error = pidfile_write(full, getpid());
	if (error < 0) {
		errno = -error;
		log_emerg("cannot write the pid file \"%s\"; the directive pid names another",
			  full);
		return -1;
	}
	pidfile_release();
	claimed = strdup(full);
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
	char *to = NULL;

	if (!claimed || aside)
		return 0;
	int error = asprintf(&to, "%s" ASIDE, claimed) < 0 ? -ENOMEM : move(to);
	aside = error == 0;
	return error;
}

int pidfile_take_back(void)
{
	if (!claimed || !aside)
		return 0;
	aside = false;
	return move(strndup(claimed, strlen(claimed) - strlen(ASIDE)));
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

void pidfile_release(void)
{
	if (claimed)
		pidfile_remove(claimed, getpid());
	free(claimed);
	claimed = NULL;
}
