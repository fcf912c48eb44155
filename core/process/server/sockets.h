/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Makes one listening socket as a listen directive describes it.
 */
#ifndef SKUA_PROCESS_SERVER_SOCKETS_H
#define SKUA_PROCESS_SERVER_SOCKETS_H

#include <stdbool.h>

struct listener;

/* Which call failed, and its errno. */
struct failure {
	const char *call; /* "bind()" */
	int error;
};

/*
 * A socket that listens: nonblocking, close-on-exec. `share`: with SO_REUSEPORT,
 * so that further ones can be made for the address; `first`: it is the first of
 * this server, so an address that somebody else listens on is refused, shared or
 * not. `patient`: an address in use is tried again for a second, as a server that is
 * being stopped lets go of it. The file of a unix socket that nobody listens on any
 * longer is removed. The descriptor, or -1 and *failure.
 */
int socket_listen(const struct listener *listener, bool share, bool first, bool patient,
		  struct failure *failure);

/*
 * Lets a socket that listens share its port with other addresses of it, or no longer:
 * 0.0.0.0:80 and 127.0.0.1:80 listen at the same time only if both have SO_REUSEPORT.
 */
void socket_share(int fd, const struct listener *listener, bool share);
bool socket_is_shared(int fd);

/* What somebody can do about a failure, for a message; "": nothing that is known. */
const char *socket_remedy(const struct listener *listener, int error);

/* Gives an open one the options of this listener; those that can't be set are logged. */
void socket_apply(int fd, const struct listener *listener, bool share);

/* What was found of a socket that shall listen. */
enum socket_state {
	SOCKET_LISTENS,
	SOCKET_LISTENS_AGAIN, /* the same, in all processes that have it */
	SOCKET_REPLACED, /* another one has its number now, which other processes don't have */
	SOCKET_LOST, /* nobody is heard at its address; tried again at the next call */
};

/*
 * Whoever has a copy of a listening socket can shut it down for all, or change its
 * options: undoes that, with a line in the log once a minute. `may_replace`: otherwise it
 * is nobody's to open anew.
 */
enum socket_state socket_repair(int fd, const struct listener *listener, bool share,
				bool may_replace);

#endif
