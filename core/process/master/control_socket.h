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
 * (unix(7)), which has no file, and no rights: control_socket_trusts() tells whom to
 * serve. The descriptor, or -EADDRINUSE: a living master listens there; -EEXIST: the
 * file is no socket; -ENAMETOOLONG; -errno.
 */
int control_socket_open(const char *path);

/*
 * Connects to one, blocking. The descriptor or -errno; -EAGAIN: so many clients wait
 * there that none was let in within five seconds.
 */
int control_socket_connect(const char *path);

/* Whether the process at the other end belongs to root or to this process's user. */
bool control_socket_trusts(int fd);

/* The process that listens at the other end. */
struct control_peer {
	pid_t pid; /* 0: it is out of this process's sight, in another PID namespace */
	uid_t uid;
};

/*
 * 0 if it may be believed and signalled: it belongs to root or to this process's user,
 * or this is root and it is a Skua. -EPERM if not, or -errno.
 */
int control_socket_peer(int fd, struct control_peer *peer);

#endif
