/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads the link /proc/PID/exe, proc_pid_exe(5). The command line is not used, because any
 * program can choose its own. For a script that is called skua the link names the shell.
 */
#include "process/os/executable.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <str.h>

/* Reads the path of the executable of a process, with a NUL. 0 or -errno. */
static int read_name(const char *process, char name[PATH_MAX])
{
	char link[32];

	snprintf(link, sizeof(link), "/proc/%s/exe", process);
	ssize_t len = readlink(link, name, PATH_MAX - 1);
	if (len < 0)
		return -errno;
	name[len] = '\0';
	return 0;
}

static bool is_same_file(const char *process)
{
	struct stat own, theirs;
	char link[32];

	snprintf(link, sizeof(link), "/proc/%s/exe", process);
	return stat("/proc/self/exe", &own) == 0 && stat(link, &theirs) == 0 &&
	       own.st_dev == theirs.st_dev && own.st_ino == theirs.st_ino;
}

static struct str last_name(struct str path)
{
	return str_skip(path, (size_t)(str_rchr(path, '/') + 1));
}

/* Takes off what the kernel adds to the name of a file that was removed. */
static struct str without_deleted(struct str path)
{
	static const struct str deleted = STR_INIT(" (deleted)");

	return str_ends(path, deleted) ? str_head(path, path.len - deleted.len) : path;
}

bool executable_has_name(const char *theirs, const char *own)
{
	static const struct str skua = STR_INIT("skua");
	struct str path = without_deleted(str_from(theirs));
	struct str name = last_name(path);

	if (str_eq(name, last_name(without_deleted(str_from(own)))))
		return true;
	/* skua.old, skua-0.1, skua.dpkg-tmp */
	return str_starts(name, skua) &&
	       (name.len == skua.len || strchr(".-_~", name.data[skua.len]));
}

enum executable executable_of(pid_t pid, char name[PATH_MAX])
{
	char number[16], own[PATH_MAX];

	snprintf(number, sizeof(number), "%d", pid);
	if (read_name(number, name) < 0)
		return EXECUTABLE_UNKNOWN;
	if (is_same_file(number) || (read_name("self", own) == 0 && executable_has_name(name, own)))
		return EXECUTABLE_SKUA;
	return EXECUTABLE_OTHER;
}
