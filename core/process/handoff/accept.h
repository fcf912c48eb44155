/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Accepts connections from listening sockets, in a worker and in the acceptor of `accept_mode
 * handoff`.
 */
#ifndef SKUA_PROCESS_HANDOFF_ACCEPT_H
#define SKUA_PROCESS_HANDOFF_ACCEPT_H

#include <stdbool.h>
#include <sys/socket.h>

struct listener;
struct listeners;
union address;

struct accept_rules {
	unsigned index, workers; /* which worker of how many; 0 of 1 takes from all sockets */
	bool many; /* take all that wait, not one at a time */

	/* Whether there is room for one more; asked before each accept, and in each turn. */
	bool (*has_room)(void);
	/* A connection was accepted. Owns the descriptor. */
	void (*take)(const struct listener *listener, int fd, const union address *peer,
		     socklen_t peer_len);
};

/*
 * Watches the sockets. Where an address has several sockets, they are spread over the workers:
 * each socket has a worker, and workers share a socket only if there are fewer sockets than
 * workers. This process's copies of the sockets for other workers are closed. Once in a
 * process. 0 or -errno.
 */
int accept_start(const struct listeners *listeners, const struct accept_rules *rules);

/*
 * Accepts the connections that wait at this moment, as far as there is room, then closes this
 * process's copies of the sockets.
 */
void accept_stop(void);

#endif
