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

static struct {
	char path[PATH_MAX];
	char **arguments;
	int fd; /* of the file that runs; -1: not opened yet */
} program = { .fd = -1 };

static void set_absolute(const char *name)
{
	char here[PATH_MAX];

	if (name[0] == '/' || !getcwd(here, sizeof(here)))
		snprintf(program.path, sizeof(program.path), "%s", name);
	else if (snprintf(program.path, sizeof(program.path), "%s/%s", here, name) >=
		 (int)sizeof(program.path))
		program.path[0] = '\0';
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
	program.arguments = argv;
	if (argv[0] && strchr(argv[0], '/'))
		set_absolute(argv[0]);
	else if (argv[0])
		search(argv[0]);
	if (program.path[0])
		return;
	ssize_t len = readlink("/proc/self/exe", program.path, sizeof(program.path) - 1);
	program.path[len > 0 ? len : 0] = '\0';
}

const char *program_path(void)
{
	return program.path;
}

int program_fd(void)
{
	if (program.fd < 0)
		program.fd = open("/proc/self/exe", O_PATH | O_CLOEXEC);
	return program.fd < 0 ? -errno : program.fd;
}

int program_exec(void)
{
	execve(program.path, program.arguments, environ);
	return -errno;
}

int program_exec_fd(int fd)
{
	fexecve(fd, program.arguments, environ);
	return -errno;
}
