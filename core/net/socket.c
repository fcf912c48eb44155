/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/socket.h"

#include <errno.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>

enum { SMALL = 4096 }; /* bytes */

static ssize_t result(ssize_t n)
{
	return n < 0 ? -errno : n;
}

ssize_t socket_receive(int fd, void *buffer, size_t size)
{
	return result(recv(fd, buffer, size, MSG_DONTWAIT));
}

/* Copies all pieces to `to`. Returns their length, or 0 if they are longer than `size`. */
static size_t join(char *to, size_t size, const struct iovec *iov, int count)
{
	size_t len = 0;

	for (int i = 0; i < count && len <= size; i++)
		len += iov[i].iov_len;
	if (len > size)
		return 0;
	for (int i = 0; i < count; i++)
		to = (char *)memcpy(to, iov[i].iov_base, iov[i].iov_len) + iov[i].iov_len;
	return len;
}

/* send(2) is so much faster than sendmsg(2) that small pieces are copied into one first. */
ssize_t socket_send(int fd, const struct iovec *iov, int count, bool more)
{
	static char joined[SMALL];
	struct msghdr message = { .msg_iov = (struct iovec *)iov, .msg_iovlen = (size_t)count };
	int flags = MSG_NOSIGNAL | MSG_DONTWAIT | (more ? MSG_MORE : 0);
	size_t len = count > 1 ? join(joined, sizeof(joined), iov, count) : 0;

	if (count == 1)
		return result(send(fd, iov->iov_base, iov->iov_len, flags));
	if (len > 0)
		return result(send(fd, joined, len, flags));
	return result(sendmsg(fd, &message, flags));
}

ssize_t socket_send_file(int fd, int file, uint64_t offset, size_t size)
{
	off_t from = (off_t)offset;

	return result(sendfile(fd, file, &from, size));
}
