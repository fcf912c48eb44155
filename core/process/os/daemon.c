/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One fork and one pipe. The second process is not detached from the standard
 * descriptors before it is ready: until then its messages are the caller's.
 */
#include "process/os/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static int ready_pipe = -1;
static int null = -1; /* opened before a sandbox keeps processes from it */
static bool background;

static void wait_for_server(int fd)
{
	char byte;
	ssize_t n;

	do
		n = read(fd, &byte, 1);
	while (n < 0 && errno == EINTR);
	_exit(n == 1 ? 0 : 1);
}

int daemon_start(void)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	pid_t pid = fork();
	if (pid < 0) {
		int error = errno;
		close(fds[0]);
		close(fds[1]);
		return -error;
	}
	if (pid > 0) {
		close(fds[1]);
		wait_for_server(fds[0]);
	}
	close(fds[0]);
	ready_pipe = fds[1];
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	background = true;
	setsid();
	return 0;
}

void daemon_stay(void)
{
	background = true;
}

bool daemon_is_background(void)
{
	return background;
}

/* Who started the command may wait until nobody can write to its output any longer. */
void daemon_detach(void)
{
	if (ready_pipe < 0)
		return;
	if (null >= 0) {
		dup2(null, STDIN_FILENO);
		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
		if (null > STDERR_FILENO)
			close(null);
	}
	close(ready_pipe);
	ready_pipe = null = -1;
}

void daemon_ready(void)
{
	while (ready_pipe >= 0 && write(ready_pipe, "", 1) < 0 && errno == EINTR)
		continue;
	daemon_detach();
}
