/* SPDX-License-Identifier: BSD-2-Clause */
#include "process/listen/activation.h"

#include <log.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "process/listen/listen_transfer.h"

enum { FIRST_FD = 3, FDS_MAX = 4096 };

static bool option_is(int fd, int option, int wanted)
{
	int value;
	socklen_t len = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, option, &value, &len) == 0 && value == wanted;
}

static void adopt(int fd, struct str name)
{
	if (!option_is(fd, SO_TYPE, SOCK_STREAM) || !option_is(fd, SO_ACCEPTCONN, 1)) {
		log_errorx("the inherited descriptor %d (%.*s) is no stream socket that listens: "
			   "closed",
			   fd, STR_ARG(name));
		close(fd);
		return;
	}
	int error = listen_lend(fd, 0, name);
	if (error == 0)
		return;
	log_errorc(error, "the inherited socket %d (%.*s) cannot be used: closed", fd,
		   STR_ARG(name));
	close(fd);
}

void activation_adopt(void)
{
	struct str names = str_from(getenv("LISTEN_FDNAMES"));
	uint64_t pid, count = 0;
	bool is_for_this = str_to_u64(str_from(getenv("LISTEN_PID")), INT32_MAX, &pid) == 0 &&
			   (pid_t)pid == getpid();

	if (is_for_this && str_to_u64(str_from(getenv("LISTEN_FDS")), FDS_MAX, &count) < 0)
		log_errorx("LISTEN_FDS is no number up to %d: no socket is inherited", FDS_MAX);
	for (int fd = FIRST_FD; fd < FIRST_FD + (int)count; fd++) {
		struct str name = str_split(&names, ':');

		adopt(fd, str_empty(name) ? STR("unnamed") : name);
	}
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
}
