/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The list of all listening sockets, by address: what listen.c (configurations) and
 * listen_transfer.c (other programs) share.
 */
#ifndef SKUA_PROCESS_LISTEN_SOCKET_SETS_H
#define SKUA_PROCESS_LISTEN_SOCKET_SETS_H

#include <stdbool.h>
#include <stdint.h>

#include "net/listener.h"

/* The sockets of one address. */
struct socket_set {
	struct listener address; /* what listener_same() looks at, and the text */
	struct listener covered; /* the listener that covers it, with this address */
	uint32_t id;
	char *lender; /* its name with the service manager that opened it; NULL: it is ours */
	int *fds;
	int count;
	bool is_new; /* the configuration that has opened it is not in force yet */
	bool share; /* with SO_REUSEPORT */
	bool makes_way; /* has SO_REUSEPORT while another address takes over its port */
	int starting; /* how many the processes have that are being started */
	int served; /* how many the processes have that serve */
	int sent; /* how many the other server has, too: sent to it, or received from it */
	struct socket_set *next;
};

/* All of them, and what is known about them. */
struct socket_sets {
	struct socket_set *first;
	struct socket_set *dropped; /* of addresses that are not configured any more */
	uint32_t last_id;
	bool (*listens_elsewhere)(uint32_t id); /* in another server; NULL: there is none */
	int last_error; /* -errno of the listen_open() that is under way; 0: none */
	bool left_over; /* a rejected configuration has opened sockets that had to stay */
};

extern struct socket_sets socket_sets;

/* The set of the listener's address, or NULL. */
struct socket_set *socket_set_find(const struct listener *listener);

/* A new set without sockets; NULL: there is no memory. */
struct socket_set *socket_set_add(const struct listener *listener);

/* Adds a socket, which it owns from then on. 0 or -ENOMEM. */
int socket_set_append(struct socket_set *set, int fd);

/* Closes the sockets from index `first` on. */
void socket_set_close_from(struct socket_set *set, int first);

/* Takes the set out of the list that begins at *list. */
void socket_set_take_out(struct socket_set **list, struct socket_set *set);

/* Closes the sockets and frees the set, which is in no list. */
void socket_set_release(struct socket_set *set);

/* Takes the set out of the list and releases it; with_file: removes a unix socket's file. */
void socket_set_destroy(struct socket_set *set, bool with_file);

/* Removes the file of a unix socket, unless it is lent or another server shares it. */
void socket_set_remove_file(const struct socket_set *set);

/* Whether another server serves the address, too. */
bool socket_set_is_shared(const struct socket_set *set);

/* Sets or clears SO_REUSEPORT of all its sockets. */
void socket_set_share_port(struct socket_set *set, bool share);

/* --- addresses and listeners ------------------------------------------------------- */

/* Whether a listener has the port of the other one at all addresses of its family. */
bool listener_covers(const struct listener *listener, const struct listener *other);

/* Whether a listener has the address of the set. */
bool socket_set_is_named(const struct socket_set *set, const struct listeners *listeners);

/*
 * The listener that the sockets of an address belong to which has no listener any longer.
 * When 127.0.0.1:80 becomes 0.0.0.0:80, the old sockets stay and belong to the new address:
 * the kernel gives them the connections to 127.0.0.1 for as long as they listen, and those
 * in their queues would be lost if they were closed. NULL: there is none.
 */
struct listener *socket_set_cover(const struct socket_set *set, const struct listeners *listeners);

/* Whether these listeners use the sockets. */
bool socket_set_is_wanted(const struct socket_set *set, const struct listeners *listeners);

#endif
