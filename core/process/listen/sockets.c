/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls socket(2), sets options, calls bind(2) and listen(2), and tries again if the address
 * is in use. Also repairs sockets that were shut down.
 */
#include "process/listen/sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <log.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/stat.h>
#include <time.h>
#include <timer.h>
#include <unistd.h>

#include "net/listener.h"

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

enum { TRIES = 5, PAUSE_MS = 200, DEFER_S = 1 };

static void set_option(int fd, const struct listener *listener, int level, int option, int value,
		       const char *name)
{
	if (setsockopt(fd, level, option, &value, sizeof(value)) < 0)
		log_warn("setsockopt(%s, %d) for %.*s failed, ignored", name, value,
			 STR_ARG(listener->text));
}

#define SET(level, option, value) set_option(fd, listener, level, option, value, #option)

static void apply_keepalive(int fd, const struct listener *listener)
{
	const struct keepalive_probes *probes = &listener->keepalive;

	if (probes->mode == KEEPALIVE_DEFAULT)
		return;
	SET(SOL_SOCKET, SO_KEEPALIVE, probes->mode == KEEPALIVE_ON);
	if (probes->idle_s)
		SET(IPPROTO_TCP, TCP_KEEPIDLE, probes->idle_s);
	if (probes->interval_s)
		SET(IPPROTO_TCP, TCP_KEEPINTVL, probes->interval_s);
	if (probes->count)
		SET(IPPROTO_TCP, TCP_KEEPCNT, probes->count);
}

void socket_share(int fd, const struct listener *listener, bool share)
{
	SET(SOL_SOCKET, SO_REUSEPORT, share);
}

bool socket_is_shared(int fd)
{
	int share = 0;
	socklen_t len = sizeof(share);

	return getsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &share, &len) == 0 && share;
}

/* Sets the options that may be set before and after listen(). */
static void apply_options(int fd, const struct listener *listener, bool share)
{
	if (listener->rcvbuf)
		SET(SOL_SOCKET, SO_RCVBUF, listener->rcvbuf);
	if (listener->sndbuf)
		SET(SOL_SOCKET, SO_SNDBUF, listener->sndbuf);
	if (listener->address.any.sa_family == AF_UNIX)
		return;
	socket_share(fd, listener, share);
	apply_keepalive(fd, listener);
	if (listener->fastopen != LISTENER_FASTOPEN_DEFAULT)
		SET(IPPROTO_TCP, TCP_FASTOPEN, listener->fastopen);
	SET(IPPROTO_TCP, TCP_DEFER_ACCEPT, listener->deferred ? DEFER_S : 0);
}

static bool is_multipath(int fd)
{
	int protocol = 0;
	socklen_t len = sizeof(protocol);

	return getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &len) == 0 &&
	       protocol == IPPROTO_MPTCP;
}

void socket_apply(int fd, const struct listener *listener, bool share)
{
	bool is_changed = listener->multipath != is_multipath(fd);

	apply_options(fd, listener, share);
	/* A kernel without Multipath TCP makes plain sockets: then nothing has changed. */
	if (is_changed && listener->multipath) {
		int probe = socket(listener->address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC,
				   IPPROTO_MPTCP);

		is_changed = probe >= 0;
		if (probe >= 0)
			close(probe);
	}
	if (is_changed)
		log_warnx("multipath of %.*s cannot change while it is open: it does when the "
			  "server is started again, or after a reload without this address",
			  STR_ARG(listener->text));
	if (listen(fd, listener->backlog) < 0)
		log_warn("listen() to %.*s, backlog %d failed, ignored", STR_ARG(listener->text),
			 listener->backlog);
}

const char *socket_remedy(const struct listener *listener, int error)
{
	switch (-error) {
	case EADDRINUSE:
		return "another process listens there: stop it, or change the listen directive";
	case EACCES:
		return listener->address.any.sa_family == AF_UNIX ?
			       "whoever starts the server must be allowed to write to the folder" :
			       "ports below 1024 are root's: start it as root, or listen on a "
			       "higher port";
	case EADDRNOTAVAIL:
		return "this machine does not have the address: change the listen directive";
	case EAFNOSUPPORT:
		return "this machine has no such addresses: remove the listen directive";
	case EMFILE:
		return "this process may open no more descriptors: raise the limit (ulimit -n), or "
		       "listen on fewer addresses";
	}
	return "";
}

/* Closes the descriptor, if there is one, and returns -errno of the call. */
static int fail(int fd, const char *name, const char **call)
{
	int error = -errno;

	*call = name;
	if (fd >= 0)
		close(fd);
	return error;
}

static int make(const struct listener *listener, const char **call)
{
	const int type = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
	int family = listener->address.any.sa_family;
	int fd = socket(family, type, listener->multipath ? IPPROTO_MPTCP : 0);

	if (fd < 0 && listener->multipath)
		fd = socket(family, type, 0);
	if (fd < 0)
		return fail(fd, "socket()", call);
	if (family != AF_UNIX)
		SET(SOL_SOCKET, SO_REUSEADDR, 1);
	if (family == AF_INET6)
		SET(IPPROTO_IPV6, IPV6_V6ONLY, listener->ipv6only);
	return fd;
}

/*
 * With SO_REUSEPORT a second server of the same user could bind the address without an
 * error, so the address is tried without it first. 0 or -errno.
 */
static int probe(const struct listener *listener, const char **call)
{
	int fd = make(listener, call);

	if (fd < 0)
		return fd;
	if (bind(fd, &listener->address.any, listener->address_len) < 0)
		return fail(fd, "bind()", call);
	close(fd);
	return 0;
}

/* Removes the file of a unix socket that a dead server has left behind, where nobody accepts. */
static bool remove_stale(const struct listener *listener)
{
	const struct sockaddr_un *un = &listener->address.un;
	struct stat status;

	if (un->sun_family != AF_UNIX || !un->sun_path[0] || lstat(un->sun_path, &status) < 0 ||
	    !S_ISSOCK(status.st_mode))
		return false;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	bool stale = connect(fd, &listener->address.any, listener->address_len) < 0 &&
		     errno == ECONNREFUSED;
	close(fd);
	return stale && unlink(un->sun_path) == 0;
}

static int try_listen(const struct listener *listener, unsigned flags, const char **call)
{
	bool is_unix = listener->address.any.sa_family == AF_UNIX;
	int error = 0;

	if (flags & SOCKET_SHARE && flags & SOCKET_PROBE && !is_unix)
		error = probe(listener, call);
	if (error < 0)
		return error;
	int fd = make(listener, call);
	if (fd < 0)
		return fd;
	apply_options(fd, listener, flags & SOCKET_SHARE);
	if (bind(fd, &listener->address.any, listener->address_len) < 0)
		return fail(fd, "bind()", call);
	/* As in nginx, anybody may connect who can reach the folder of the socket. */
	if (is_unix && listener->address.un.sun_path[0] &&
	    chmod(listener->address.un.sun_path, 0666) < 0)
		return fail(fd, "chmod()", call);
	if (listen(fd, listener->backlog) < 0)
		return fail(fd, "listen()", call);
	if (listener->multipath && !is_multipath(fd))
		log_warnx("multipath: this kernel has no Multipath TCP, %.*s is plain TCP",
			  STR_ARG(listener->text));
	return fd;
}

int socket_listen(const struct listener *listener, unsigned flags, const char **call)
{
	const struct timespec pause = { .tv_nsec = PAUSE_MS * 1000000L };

	for (int i = 0;; i++) {
		int fd = try_listen(listener, flags, call);

		if (fd != -EADDRINUSE)
			return fd;
		if (i == 0 && remove_stale(listener))
			continue;
		if (!(flags & SOCKET_WAIT) || i >= TRIES)
			return fd;
		nanosleep(&pause, NULL);
	}
}

/* --- repair ---------------------------------------------------------------------- */

/* When each kind of repair was logged last. */
static struct {
	int64_t linger_ms, shutdown_ms;
} logged;

static bool still_listens(int fd)
{
	struct pollfd look = { .fd = fd, .events = POLLRDHUP };
	int value = 0;
	socklen_t len = sizeof(value);

	if (poll(&look, 1, 0) > 0 && look.revents & (POLLRDHUP | POLLHUP | POLLNVAL))
		return false;
	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &value, &len) == 0 && value;
}

/* Undoes SO_LINGER. Accepted sockets inherit it, and their last bytes could be lost. */
static void take_linger(int fd, const struct listener *listener)
{
	struct linger linger = { 0 };
	socklen_t len = sizeof(linger);

	if (getsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, &len) < 0 || !linger.l_onoff)
		return;
	linger = (struct linger){ 0 };
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	if (clock_is_due(&logged.linger_ms, SHORTAGE_LOG_MS))
		log_alertx("a process has set SO_LINGER for the listening socket of %.*s, which is "
			   "undone: it was taken over, or has a defect", STR_ARG(listener->text));
}

/* Puts a new socket behind the number fd. 0 or -errno. */
static int replace(int fd, const struct listener *listener, bool share)
{
	const char *call;
	int other = socket_listen(listener, share ? SOCKET_SHARE : 0, &call);

	if (other < 0)
		return other;
	int error = dup3(other, fd, O_CLOEXEC) < 0 ? -errno : 0;
	close(other);
	return error;
}

enum socket_state socket_repair(int fd, const struct listener *listener, bool share,
				bool may_replace)
{
	const struct sockaddr nothing = { .sa_family = AF_UNSPEC };
	enum socket_state state = SOCKET_LOST;

	if (still_listens(fd)) {
		take_linger(fd, listener);
		return SOCKET_LISTENS;
	}
	/* connect(2): forgets what it was connected to and that it was shut down, which
	   connections inherit. */
	while (connect(fd, &nothing, sizeof(nothing)) < 0 && errno == EINTR)
		;
	listen(fd, listener->backlog);
	if (still_listens(fd))
		state = SOCKET_LISTENS_AGAIN;
	else if (may_replace && replace(fd, listener, share) == 0)
		state = SOCKET_REPLACED;
	if (clock_is_due(&logged.shutdown_ms, SHORTAGE_LOG_MS))
		log_alertx("the socket of %.*s was shut down, by a process that was taken over or "
			   "has a defect: %s", STR_ARG(listener->text),
			   state == SOCKET_LOST	      ? "nobody listens there, tried again" :
			   state == SOCKET_REPLACED ? "a new one takes its place" :
						      "it listens again");
	return state;
}
