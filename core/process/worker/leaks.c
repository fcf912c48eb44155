/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Asks poll(2) for many numbers at once which of them are open, at two moments. A
 * listing of /proc/self/fd would have to stay open for that, and would be one thing
 * more that a worker holds.
 */
#include "process/worker/leaks.h"

#include <fcntl.h>
#include <log.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include "process/sandbox/privileges.h"

enum {
	KNOWN_MAX = 65536, /* numbers that are looked at */
	AT_ONCE = 1024,
};

static uint8_t known[KNOWN_MAX / 8];
static bool noted;

static bool is_known(int fd)
{
	return known[fd / 8] & 1 << fd % 8;
}

static bool note(int fd)
{
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

/* How many of the open descriptors from `first` on act() says true of. */
static unsigned for_some(int first, int count, bool (*act)(int fd))
{
	struct pollfd fds[AT_ONCE];
	unsigned found = 0;

	for (int i = 0; i < count; i++)
		fds[i] = (struct pollfd){ .fd = first + i };
	if (poll(fds, (nfds_t)count, 0) < 0)
		return 0;
	for (int i = 0; i < count; i++)
		if (!(fds[i].revents & POLLNVAL))
			found += act(fds[i].fd);
	return found;
}

static unsigned for_each(bool (*act)(int fd))
{
	uint32_t limit = privileges_file_limit();
	int end = limit < KNOWN_MAX ? (int)limit : KNOWN_MAX;
	unsigned found = 0;

	for (int fd = 0; fd < end; fd += AT_ONCE)
		found += for_some(fd, end - fd < AT_ONCE ? end - fd : AT_ONCE, act);
	return found;
}

static bool close_inherited(int fd)
{
	int flags = fcntl(fd, F_GETFD);

	if (fd > STDERR_FILENO && flags >= 0 && !(flags & FD_CLOEXEC))
		close(fd);
	return false;
}

void leaks_close_inherited(void)
{
	for_each(close_inherited);
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
