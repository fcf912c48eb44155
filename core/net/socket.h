/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bytes over a socket as they are: recv(2), sendmsg(2), sendfile(2), which return -errno here.
 * Sockets are nonblocking, but one that another process has passed on is not trusted to be.
 * `more`: further bytes follow at once, so that an incomplete last segment can be held back.
 */
#ifndef SKUA_NET_SOCKET_H
#define SKUA_NET_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

ssize_t socket_receive(int fd, void *buffer, size_t size);
ssize_t socket_send(int fd, const struct iovec *iov, int count, bool more);
ssize_t socket_send_file(int fd, int file, uint64_t offset, size_t size);

#endif
