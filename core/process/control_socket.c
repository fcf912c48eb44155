/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rights of the file are set by umask while it is made: there is no moment
 * in which somebody else could connect.
 */
#include "process/control_socket.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 8 };

static int set_address(struct sockaddr_un *address, const char *path)
{
	size_t len = strlen(path);

	if (len >= sizeof(address->sun_path))
		return -ENAMETOOLONG;
	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	memcpy(address->sun_path, path, len);
	return 0;
}

static int try_connect(const struct sockaddr_un *address, int flags)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);

	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0)
		return fd;
	int error = -errno;
	close(fd);
	return error;
}

int control_socket_connect(const char *path)
{
	struct sockaddr_un address;
	int error = set_address(&address, path);

	return error < 0 ? error : try_connect(&address, 0);
}

/* Makes way at the path if what is there was left behind. */
static int remove_stale(const struct sockaddr_un *address)
{
	struct stat status;

	if (lstat(address->sun_path, &status) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(status.st_mode))
		return -EEXIST;
	int fd = try_connect(address, SOCK_NONBLOCK);
	if (fd >= 0)
		close(fd);
	if (fd != -ECONNREFUSED)
		return -EADDRINUSE;
	return unlink(address->sun_path) < 0 ? -errno : 0;
}

static int make(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	mode_t before = umask(0177);
	int result = bind(fd, (const struct sockaddr *)address, sizeof(*address));
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
	struct sockaddr_un address;
	int error = set_address(&address, path);

	if (error == 0)
		error = remove_stale(&address);
	return error < 0 ? error : make(&address);
}

bool control_socket_trusts(int fd)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 &&
	       (peer.uid == 0 || peer.uid == geteuid());
}
