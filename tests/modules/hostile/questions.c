/* SPDX-License-Identifier: BSD-2-Clause */
/* Questions to helpers, as core/process/ipc/ has them. */
#include "hostile.h"

#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

struct question {
	uint16_t version, type;
	uint32_t number, len, fds_count;
	char text[QUESTION_MAX];
};

enum { ASK = 18, HEAD = 16 };

long ask_helper(int helper, const char *text, size_t len, int fd)
{
	struct question question = { .version = 1, .type = ASK, .number = 9,
				     .len = (uint32_t)len, .fds_count = fd >= 0 };
	struct iovec iov = { &question, HEAD + len };
	char room[CMSG_SPACE(sizeof(int))] = "";
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1 };

	memcpy(question.text, text, len);
	if (fd >= 0) {
		message.msg_control = room;
		message.msg_controllen = sizeof(room);
		struct cmsghdr *control = CMSG_FIRSTHDR(&message);
		*control = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof(int)),
					     .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS };
		memcpy(CMSG_DATA(control), &fd, sizeof(fd));
	}
	return sendmsg(helper, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

int receive_answer(int helper)
{
	struct pollfd ready = { .fd = helper, .events = POLLIN };
	char bytes[512], room[CMSG_SPACE(sizeof(int))];
	struct iovec iov = { bytes, sizeof(bytes) };
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = room,
				  .msg_controllen = sizeof(room) };
	int fd = -1;

	if (poll(&ready, 1, 2000) != 1 || recvmsg(helper, &message, MSG_DONTWAIT) <= 0)
		return -1;
	struct cmsghdr *control = CMSG_FIRSTHDR(&message);
	if (control && control->cmsg_type == SCM_RIGHTS)
		memcpy(&fd, CMSG_DATA(control), sizeof(fd));
	return fd;
}
