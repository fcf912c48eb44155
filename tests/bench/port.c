/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * port             prints a port of 127.0.0.1 that nobody listens on
 * port PORT PID    waits until somebody listens on it, as long as process PID
 *                  runs, at most five seconds; exit status 1 when in vain
 *
 * For the configuration files of servers that cannot be told to let the kernel
 * choose. Another process can take the port before the server does: then the
 * server doesn't start, and the bench says so.
 */
#include <arpa/inet.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static struct sockaddr_in loopback(unsigned port)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
}

static int print_free_port(void)
{
	struct sockaddr_in addr = loopback(0);
	socklen_t len = sizeof addr;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof addr) < 0 ||
	    getsockname(fd, (struct sockaddr *)&addr, &len) < 0) {
		perror("port: no free port on 127.0.0.1");
		return 1;
	}
	printf("%u\n", ntohs(addr.sin_port));
	return 0;
}

static bool listens(unsigned port)
{
	struct sockaddr_in addr = loopback(port);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool connected = fd >= 0 && connect(fd, (struct sockaddr *)&addr, sizeof addr) == 0;

	close(fd);
	return connected;
}

static int wait_for(unsigned port, pid_t pid)
{
	const struct timespec pause = { .tv_nsec = 20000000 };

	for (int i = 0; i < 250 && kill(pid, 0) == 0; i++) {
		if (listens(port))
			return 0;
		nanosleep(&pause, NULL);
	}
	return 1;
}

int main(int argc, char **argv)
{
	if (argc == 1)
		return print_free_port();
	if (argc == 3)
		return wait_for((unsigned)atoi(argv[1]), atoi(argv[2]));
	fprintf(stderr, "usage: port [PORT PID]\n");
	return 2;
}
