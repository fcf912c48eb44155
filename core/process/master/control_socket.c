/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rights of the file are set by umask while it is made: there is no moment
 * in which somebody else could connect.
 */
#include "process/master/control_socket.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "process/os/executable.h"

enum { BACKLOG = 8, CONNECT_SECONDS = 5 };

struct address {
	struct sockaddr_un un;
	socklen_t len;
};

static int set_address(struct address *address, const char *path)
{
	size_t len = strlen(path);

	if (len >= sizeof(address->un.sun_path))
		return -ENAMETOOLONG;
	*address = (struct address){ .un.sun_family = AF_UNIX, .len = sizeof(address->un) };
	memcpy(address->un.sun_path, path, len);
	/* The length of an abstract name is part of it. */
	if (path[0] == '@') {
		address->un.sun_path[0] = '\0';
		address->len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
	}
	return 0;
}

static int try_connect(const struct address *address, int flags)
{
	const struct timeval limit = { .tv_sec = CONNECT_SECONDS };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	if (connect(fd, (const struct sockaddr *)&address->un, address->len) == 0)
		return fd;
	int error = -errno;
	close(fd);
	return error;
}

int control_socket_connect(const char *path)
{
	struct address address;
	int error = set_address(&address, path);

	return error < 0 ? error : try_connect(&address, 0);
}

/* Removes the socket at the path if the master that has made it has ended. */
static int remove_stale(const struct address *address)
{
	struct stat status;

	if (address->un.sun_path[0] == '\0')
		return 0; /* an abstract name, which ends with its process */
	if (lstat(address->un.sun_path, &status) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(status.st_mode))
		return -EEXIST;
	int fd = try_connect(address, SOCK_NONBLOCK);
	if (fd >= 0)
		close(fd);
	if (fd != -ECONNREFUSED)
		return -EADDRINUSE;
	return unlink(address->un.sun_path) < 0 ? -errno : 0;
}

static int make(const struct address *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	mode_t before = umask(0177);
	int result = bind(fd, (const struct sockaddr *)&address->un, address->len);
	int error = errno;
	umask(before);
	if (result == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	if (result == 0)
		error = errno;
	close(fd);
	return -error;
}

int control_socket_open(const char *path)
{
	struct address address;
	int error = set_address(&address, path);

	if (error == 0)
		error = remove_stale(&address);
	return error < 0 ? error : make(&address);
}

static bool is_trusted(uid_t uid)
{
	return uid == 0 || uid == geteuid();
}

bool control_socket_trusts(int fd)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 && is_trusted(peer.uid);
}

int control_socket_peer(int fd, struct control_peer *peer)
{
	struct ucred got;
	socklen_t len = sizeof(got);
	char name[PATH_MAX];

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &got, &len) < 0)
		return -errno;
	*peer = (struct control_peer){ .pid = got.pid, .uid = got.uid };
	if (is_trusted(got.uid))
		return 0;
	/* Root may control the server of any user. */
	if (geteuid() == 0 && got.pid && executable_of(got.pid, name) == EXECUTABLE_SKUA)
		return 0;
	return -EPERM;
}
