/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The unix socket behind control.c: its file, and who is at the other end.
 */
#ifndef SKUA_PROCESS_MASTER_CONTROL_SOCKET_H
#define SKUA_PROCESS_MASTER_CONTROL_SOCKET_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * Listens at the path, for its owner only (0600), nonblocking. The file of a
 * master that has ended is replaced. A path that begins with '@' is an abstract address
 * (unix(7)), which has no file and no permissions, so check clients by control_socket_trusts().
 * Returns the descriptor; -EADDRINUSE: a running master listens there; -EEXIST: the file is not
 * a socket; -ENAMETOOLONG; or another -errno.
 */
int control_socket_open(const char *path);

/*
 * Connects to such a socket, and waits for that at most five seconds. Returns the descriptor or
 * -errno; -EAGAIN: too many other clients were waiting.
 */
int control_socket_connect(const char *path);

/* Whether the process at the other end belongs to root or to this process's user. */
bool control_socket_trusts(int fd);

/* The process that listens at the other end. */
struct control_peer {
	pid_t pid; /* 0: it cannot be seen from here, because it is in another PID namespace */
	uid_t uid;
};

/*
 * Finds out who listens at the other end. 0 if that process can be trusted and may be signalled:
 * it belongs to root or to this process's user, or this process is root and it is a Skua. -EPERM
 * if not, or another -errno.
 */
int control_socket_peer(int fd, struct control_peer *peer);

#endif
