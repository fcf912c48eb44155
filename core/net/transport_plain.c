/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bytes over a socket as they are: recv(2), sendmsg(2), sendfile(2). Sockets are
 * nonblocking, but one that another process has passed on is not trusted to be.
 */
#include "net/conn.h"

#include <errno.h>
#include <sys/sendfile.h>
#include <sys/socket.h>

enum { SMALL = 4096 }; /* bytes */

static ssize_t result(ssize_t n)
{
	return n < 0 ? -errno : n;
}

static ssize_t plain_receive(struct conn *conn, void *buffer, size_t size)
{
	return result(recv(conn->event.fd, buffer, size, MSG_DONTWAIT));
}

/* Copies all pieces to `to`. Returns their length, or 0 if they are longer than `size`. */
static size_t join(char *to, size_t size, const struct iovec *iov, int count)
{
	size_t len = 0;

	for (int i = 0; i < count; i++) {
		if (iov[i].iov_len > size - len)
			return 0;
		memcpy(to + len, iov[i].iov_base, iov[i].iov_len);
		len += iov[i].iov_len;
	}
	return len;
}

/* send(2) is so much faster than sendmsg(2) that small pieces are copied into one first. */
static ssize_t plain_send(struct conn *conn, const struct iovec *iov, int count, bool more)
{
	static char joined[SMALL];
	struct msghdr message = { .msg_iov = (struct iovec *)iov, .msg_iovlen = (size_t)count };
	int flags = MSG_NOSIGNAL | MSG_DONTWAIT | (more ? MSG_MORE : 0);
	size_t len = count > 1 ? join(joined, sizeof(joined), iov, count) : 0;

	if (count == 1)
		return result(send(conn->event.fd, iov->iov_base, iov->iov_len, flags));
	if (len > 0)
		return result(send(conn->event.fd, joined, len, flags));
	return result(sendmsg(conn->event.fd, &message, flags));
}

static ssize_t plain_send_file(struct conn *conn, int fd, uint64_t offset, size_t size)
{
	off_t from = (off_t)offset;

	return result(sendfile(conn->event.fd, fd, &from, size));
}

const struct transport transport_plain = {
	.receive = plain_receive,
	.send = plain_send,
	.send_file = plain_send_file,
	.can_export = true,
};
