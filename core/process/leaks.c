/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Compares the descriptors in /proc/self/fd at two moments. Without /proc nothing
 * is found.
 */
#include "process/leaks.h"

#include <dirent.h>
#include <limits.h>
#include <log.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { KNOWN_MAX = 65536 };

static uint8_t known[KNOWN_MAX / 8];
static bool noted;
static DIR *list; /* /proc/self/fd */

static bool is_known(int fd)
{
	return fd >= KNOWN_MAX || known[fd / 8] & 1 << fd % 8;
}

static bool note(int fd)
{
	if (fd < KNOWN_MAX)
		known[fd / 8] |= (uint8_t)(1 << fd % 8);
	return false;
}

static bool report(int fd)
{
	char link[64], target[256];

	if (is_known(fd))
		return false;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	ssize_t len = readlink(link, target, sizeof(target));
	log_alertx("descriptor %d (%.*s) is still open at the end of this process: a defect", fd,
		   len > 0 ? (int)len : 0, target);
	return true;
}

void leaks_start(void)
{
	list = opendir("/proc/self/fd");
}

/* How many of the open descriptors act() says true of. */
static unsigned for_each(bool (*act)(int fd))
{
	unsigned count = 0;
	struct dirent *entry;

	if (!list)
		return 0;
	rewinddir(list);
	while ((entry = readdir(list))) {
		int fd = atoi(entry->d_name);
		if (entry->d_name[0] != '.' && fd != dirfd(list))
			count += act(fd);
	}
	return count;
}

void leaks_note(void)
{
	for_each(note);
	noted = true;
}

unsigned leaks_report(void)
{
	return noted ? for_each(report) : 0;
}
