/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * recv(2), sendmsg(2) and sendfile(2) on a socket, which return -errno here. Sockets
 * are nonblocking. Receiving and sending do not rely on it (MSG_DONTWAIT), because another process
 * may have handed over a blocking one. `more`: further bytes follow at once, so an incomplete last
 * segment may be held back.
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
