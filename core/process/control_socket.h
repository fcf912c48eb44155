/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The unix socket behind control.c: its file, and who is at the other end.
 */
#ifndef SKUA_PROCESS_CONTROL_SOCKET_H
#define SKUA_PROCESS_CONTROL_SOCKET_H

#include <stdbool.h>

/*
 * Listens at the path, for its owner only (0600), nonblocking. The file of a
 * master that is gone is replaced. The descriptor, or -EADDRINUSE: a living
 * master listens there; -EEXIST: the file is no socket; -ENAMETOOLONG; -errno.
 */
int control_socket_open(const char *path);

/* Connects to one, blocking. The descriptor or -errno. */
int control_socket_connect(const char *path);

/* Whether the process at the other end belongs to root or to this process's user. */
bool control_socket_trusts(int fd);

#endif
