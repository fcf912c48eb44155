/* SPDX-License-Identifier: BSD-2-Clause */
/* Bytes over a socket as they are: recv(2), sendmsg(2), sendfile(2). */
#include "net/conn.h"

#include <errno.h>
#include <sys/sendfile.h>
#include <sys/socket.h>

static ssize_t result(ssize_t n)
{
	return n < 0 ? -errno : n;
}

static ssize_t plain_receive(struct conn *conn, void *buffer, size_t size)
{
	return result(recv(conn->event.fd, buffer, size, 0));
}

static ssize_t plain_send(struct conn *conn, const struct iovec *iov, int count, bool more)
{
	struct msghdr message = { .msg_iov = (struct iovec *)iov, .msg_iovlen = (size_t)count };

	return result(sendmsg(conn->event.fd, &message, MSG_NOSIGNAL | (more ? MSG_MORE : 0)));
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
