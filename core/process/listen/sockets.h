/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Makes one listening socket as a listen directive describes it.
 */
#ifndef SKUA_PROCESS_LISTEN_SOCKETS_H
#define SKUA_PROCESS_LISTEN_SOCKETS_H

#include <stdbool.h>

struct listener;

enum socket_flag {
	SOCKET_SHARE = 1 << 0, /* with SO_REUSEPORT, so that further ones can be made */
	SOCKET_PROBE = 1 << 1, /* refuse an address that somebody else listens on, even if shared */
	SOCKET_WAIT = 1 << 2, /* try an address in use for a second: its server may be stopping */
};

/*
 * Makes a socket that listens: nonblocking, close-on-exec. The file of a unix socket that
 * nobody listens on any longer is removed. `flags`: enum socket_flag, or-ed. The descriptor,
 * or -errno and *call, the name of the call that failed ("bind()", static text).
 */
int socket_listen(const struct listener *listener, unsigned flags, const char **call);

/*
 * Lets a socket that listens share its port with other addresses of it, or no longer:
 * 0.0.0.0:80 and 127.0.0.1:80 listen at the same time only if both have SO_REUSEPORT.
 */
void socket_share(int fd, const struct listener *listener, bool share);

/* Whether the socket shares its port. */
bool socket_is_shared(int fd);

/* What somebody can do about -errno, for a message; "": nothing that is known. */
const char *socket_remedy(const struct listener *listener, int error);

/* Gives an open socket the options of this listener; those that cannot be set are logged. */
void socket_apply(int fd, const struct listener *listener, bool share);

/* What socket_repair() has found. */
enum socket_state {
	SOCKET_LISTENS,
	SOCKET_LISTENS_AGAIN, /* the same, in all processes that have it */
	SOCKET_REPLACED, /* a new socket has its number now, which other processes do not have */
	SOCKET_LOST, /* nobody listens at its address; the next call tries again */
};

/*
 * Makes a socket listen again that was shut down. Any process that has a copy of a
 * listening socket can shut it down for all, or change its options; both are undone, with a
 * line in the log once a minute. `may_replace`: a new socket may take its place if that
 * fails, which is not so for one that a service manager owns.
 */
enum socket_state socket_repair(int fd, const struct listener *listener, bool share,
				bool may_replace);

#endif
