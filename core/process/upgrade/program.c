/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A name without a slash was found along PATH, and is looked for there again.
 */
#include "process/upgrade/program.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char path[PATH_MAX];
static char **arguments;

static void set_absolute(const char *name)
{
	char here[PATH_MAX];

	if (name[0] == '/' || !getcwd(here, sizeof(here)))
		snprintf(path, sizeof(path), "%s", name);
	else if (snprintf(path, sizeof(path), "%s/%s", here, name) >= (int)sizeof(path))
		path[0] = '\0';
}

static void search(const char *name)
{
	const char *folders = getenv("PATH");

	while (folders && *folders) {
		size_t len = strcspn(folders, ":");
		char candidate[PATH_MAX];

		snprintf(candidate, sizeof(candidate), "%.*s/%s", (int)len, folders, name);
		if (len && access(candidate, X_OK) == 0) {
			set_absolute(candidate);
			return;
		}
		folders += len + (folders[len] == ':');
	}
}

void program_note(char **argv)
{
	arguments = argv;
	if (argv[0] && strchr(argv[0], '/'))
		set_absolute(argv[0]);
	else if (argv[0])
		search(argv[0]);
	if (path[0])
		return;
	ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 1);
	path[len > 0 ? len : 0] = '\0';
}

const char *program_path(void)
{
	return path;
}

int program_fd(void)
{
	static int fd = -1;

	if (fd < 0)
		fd = open("/proc/self/exe", O_PATH | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int program_exec(void)
{
	execve(path, arguments, environ);
	return -errno;
}

int program_exec_fd(int fd)
{
	fexecve(fd, arguments, environ);
	return -errno;
}
