/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One fork and one pipe. The second process is not detached from the standard
 * descriptors before it is ready: until then its messages are the caller's.
 */
#include "process/os/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static struct {
	int ready_pipe; /* write end, to the process that waits; -1: none waits */
	int null; /* /dev/null, opened before a sandbox keeps processes from it; or -1 */
	bool is_this; /* this process is in the background */
} background = { .ready_pipe = -1, .null = -1 };

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
		char byte;
		ssize_t n;

		close(fds[1]);
		do
			n = read(fds[0], &byte, 1);
		while (n < 0 && errno == EINTR);
		_exit(n == 1 ? 0 : 1);
	}
	close(fds[0]);
	background.ready_pipe = fds[1];
	background.null = open("/dev/null", O_RDWR | O_CLOEXEC);
	background.is_this = true;
	setsid();
	return 0;
}

void daemon_stay(void)
{
	background.is_this = true;
}

bool daemon_is_background(void)
{
	return background.is_this;
}

/* The caller of the command may wait until no process can write to its output any longer. */
void daemon_detach(void)
{
	if (background.ready_pipe < 0)
		return;
	if (background.null >= 0) {
		dup2(background.null, STDIN_FILENO);
		dup2(background.null, STDOUT_FILENO);
		dup2(background.null, STDERR_FILENO);
		if (background.null > STDERR_FILENO)
			close(background.null);
	}
	close(background.ready_pipe);
	background.ready_pipe = background.null = -1;
}

void daemon_ready(void)
{
	while (background.ready_pipe >= 0 && write(background.ready_pipe, "", 1) < 0 &&
	       errno == EINTR)
		continue;
	daemon_detach();
}
