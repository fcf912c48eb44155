/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One poll(2) tells for many numbers which of them are open descriptors. It is called when a
 * process begins to serve and at its end. To list /proc/self/fd instead, a worker would have to
 * keep that directory open.
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
	KNOWN_MAX = 65536, /* higher numbers are not checked */
	AT_ONCE = 1024, /* numbers for a call of poll(2) */
};

static struct {
	uint8_t known[KNOWN_MAX / 8]; /* a bit for each number that leaks_note() has seen open */
	bool noted;
} leaks;

static bool note(int fd)
{
	leaks.known[fd / 8] |= (uint8_t)(1 << fd % 8);
	return false;
}

static bool report(int fd)
{
	char link[64], target[256];

	if (leaks.known[fd / 8] & 1 << fd % 8)
		return false;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	ssize_t len = readlink(link, target, sizeof(target));
	log_alertx("descriptor %d (%.*s) is still open at the end of this process: a defect", fd,
		   len > 0 ? (int)len : 0, target);
	return true;
}

/* Calls act() with the open descriptors among `count` numbers. Returns how often it was true. */
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
	leaks.noted = true;
}

unsigned leaks_report(void)
{
	return leaks.noted ? for_each(report) : 0;
}
