/* SPDX-License-Identifier: BSD-2-Clause */
/* Attacks by messages to the master, and to whoever else is at the other end of a pair. */
#include "hostile.h"

#include <errno.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

/* As core/process/ipc/channel.c has it. */
struct head {
	uint16_t version, type;
	uint32_t number, len, fds_count;
};

enum {
	CONNECTIONS = 5,
	MOVED = 7,
	UNKNOWN = 99,
	MANY = 20000,
	FDS = 64,
	FDS_MAX = 253,
};

static long send_with(int fd, const struct head *head, int passed, unsigned count)
{
	char room[CMSG_SPACE(sizeof(int) * FDS_MAX)] = { 0 };
	struct iovec iov = { (void *)head, sizeof(*head) };
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (count) {
		message.msg_control = room;
		message.msg_controllen = CMSG_SPACE(sizeof(int) * count);
		struct cmsghdr *control = CMSG_FIRSTHDR(&message);
		control->cmsg_level = SOL_SOCKET;
		control->cmsg_type = SCM_RIGHTS;
		control->cmsg_len = CMSG_LEN(sizeof(int) * count);
		for (unsigned i = 0; i < count; i++)
			memcpy(CMSG_DATA(control) + i * sizeof(int), &passed, sizeof(int));
	}
	return sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void send_to_all(uint16_t type, int passed, unsigned count)
{
	const struct head head = { .version = 1, .type = type, .fds_count = count };

	for (int fd = 0; fd < DESCRIPTORS; fd++)
		if (is_message_socket(fd))
			send_with(fd, &head, passed, count);
}

/* What is said of each would fill the log. */
void attack_flood(struct report *report)
{
	(void)report;
	for (int i = 0; i < MANY; i++)
		send_to_all(UNKNOWN, -1, 0);
}

/* So that root reads the files of the configuration, whoever may be editing them. */
void attack_moved(struct report *report)
{
	(void)report;
	send_to_all(MOVED, -1, 0);
}

/* The master hears nothing of it any more, and cannot tell it anything. */
void attack_silence(struct report *report)
{
	(void)report;
	for (int fd = 0; fd < DESCRIPTORS; fd++)
		if (is_message_socket(fd))
			close(fd);
}

/* Bytes that are no message. */
void attack_junk(struct report *report)
{
	static const char junk[100];

	(void)report;
	for (int i = 0; i < MANY; i++)
		for (int fd = 0; fd < DESCRIPTORS; fd++)
			if (is_message_socket(fd))
				send(fd, junk, sizeof(junk), MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* Connections that nobody has asked for fill the others. */
void attack_connections(struct report *report)
{
	for (int i = 0; i < MANY; i++)
		send_to_all(CONNECTIONS, report->fd, FDS);
}

/* Descriptors on their way are counted by user: nobody else of it could pass any. */
void attack_descriptors(struct report *report)
{
	for (int i = 0; i < MANY; i++)
		send_to_all(UNKNOWN, report->fd, FDS_MAX);
}
