/* SPDX-License-Identifier: BSD-2-Clause */
/* Attacks on and by sockets that a worker shares with others. */
#include "hostile.h"

#include <errno.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* --- out ------------------------------------------------------------------------ */

static long send_to(int fd, const void *address, socklen_t len, int flags)
{
	char byte = 'x';
	struct iovec iov = { &byte, 1 };
	struct msghdr message = { .msg_name = (void *)address, .msg_namelen = len,
				  .msg_iov = &iov, .msg_iovlen = 1 };

	return sendmsg(fd, &message, flags | MSG_NOSIGNAL);
}

static void connect_by(struct report *report, int fd)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)report->port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const struct sockaddr nobody = { .sa_family = AF_UNSPEC };
	const struct sockaddr *address = (const struct sockaddr *)&to;

	/* It listens no more then, and could connect. */
	tried(report, "shutdown(SHUT_RD)", shutdown(fd, SHUT_RD));
	tried(report, "sendto(MSG_FASTOPEN)",
	      sendto(fd, "x", 1, MSG_FASTOPEN | MSG_NOSIGNAL, address, sizeof(to)));
	tried(report, "sendto(MSG_FASTOPEN, AF_UNSPEC)",
	      sendto(fd, "x", 1, MSG_FASTOPEN | MSG_NOSIGNAL, &nobody, sizeof(nobody)));
	tried(report, "sendmsg(MSG_FASTOPEN)", send_to(fd, address, sizeof(to), MSG_FASTOPEN));
	tried(report, "sendto(address)", sendto(fd, "x", 1, MSG_NOSIGNAL, address, sizeof(to)));
	tried(report, "sendto(MSG_OOB)", send(fd, "x", 1, MSG_OOB | MSG_NOSIGNAL));
	/* It may be made, but leads nowhere: whoever listens at the port sees that. */
	if (send_to(fd, address, sizeof(to), 0) >= 0)
		note(report, "sendmsg(address): done\n");
	tried(report, "connect", connect(fd, address, sizeof(to)));
	tried(report, "bind", bind(fd, address, sizeof(to)));
	tried(report, "listen", listen(fd, 0));
}

void attack_connect(struct report *report)
{
	for (int fd = 0; fd < DESCRIPTORS; fd++)
		if (is_listening(fd))
			connect_by(report, fd);
	tried(report, "socket", socket(AF_INET, SOCK_STREAM, 0));
}

/* --- shared state ------------------------------------------------------------------ */

void attack_shutdown(struct report *report)
{
	for (int fd = 0; fd < DESCRIPTORS; fd++) {
		if (!is_listening(fd) && !is_message_socket(fd))
			continue;
		tried(report, "shutdown(SHUT_RD)", shutdown(fd, SHUT_RD));
		tried(report, "shutdown(SHUT_RDWR)", shutdown(fd, SHUT_RDWR));
		/* This one is allowed, for connections. Nobody else may feel it. */
		shutdown(fd, SHUT_WR);
	}
}

/* Allowed, for connections; those that are accepted inherit it. */
void attack_linger(struct report *report)
{
	const struct linger linger = { 1, 0 };

	for (int fd = 0; fd < DESCRIPTORS; fd++)
		if (is_listening(fd) &&
		    setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)) < 0)
			note(report, "SO_LINGER: error %d\n", errno);
}

static void set_options(struct report *report, int fd)
{
	enum { REUSEPORT_EBPF = 52 };
	static const struct {
		const char *what;
		int level, name;
	} options[] = {
		{ "SO_RCVBUF", SOL_SOCKET, SO_RCVBUF },
		{ "SO_SNDBUF", SOL_SOCKET, SO_SNDBUF },
		{ "SO_REUSEADDR", SOL_SOCKET, SO_REUSEADDR },
		{ "SO_REUSEPORT", SOL_SOCKET, SO_REUSEPORT },
		{ "SO_BINDTODEVICE", SOL_SOCKET, SO_BINDTODEVICE },
		{ "SO_ATTACH_REUSEPORT_EBPF", SOL_SOCKET, REUSEPORT_EBPF },
		{ "TCP_DEFER_ACCEPT", IPPROTO_TCP, TCP_DEFER_ACCEPT },
		{ "TCP_FASTOPEN", IPPROTO_TCP, TCP_FASTOPEN },
		{ "TCP_ULP", IPPROTO_TCP, 31 },
		{ "TCP_USER_TIMEOUT", IPPROTO_TCP, TCP_USER_TIMEOUT },
		{ "IP_TTL", IPPROTO_IP, 2 },
		/* The numbers of those that are allowed, at other levels. */
		{ "TCP_NODELAY of sockets", SOL_SOCKET, TCP_NODELAY },
		{ "SO_LINGER of TCP", IPPROTO_TCP, SO_LINGER },
	};
	struct sock_filter first[] = { BPF_STMT(BPF_RET | BPF_K, 0) };
	struct sock_fprog program = { 1, first };
	int zero = 0;

	tried(report, "SO_ATTACH_REUSEPORT_CBPF",
	      setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program, sizeof(program)));
	tried(report, "SO_ATTACH_FILTER",
	      setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)));
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		tried(report, options[i].what, setsockopt(fd, options[i].level, options[i].name,
							  &zero, sizeof(zero)));
}

void attack_options(struct report *report)
{
	for (int fd = 0; fd < DESCRIPTORS; fd++)
		if (is_listening(fd) || is_message_socket(fd))
			set_options(report, fd);
}
