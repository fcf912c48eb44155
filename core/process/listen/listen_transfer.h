/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Listening sockets that come from another program or go to one: from a service manager,
 * to the next program at an upgrade, and between two masters that serve at the same time.
 */
#ifndef SKUA_PROCESS_LISTEN_LISTEN_TRANSFER_H
#define SKUA_PROCESS_LISTEN_LISTEN_TRANSFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <str.h>

struct listeners;

/*
 * Takes over a socket that listens or is bound already, as if it had been opened
 * by listen_open(). It must have come from elsewhere (inherited, or opened by the
 * command serve). `id`: the number that its address had there; 0: none. 0 or -errno; on
 * failure the descriptor stays the caller's.
 */
int listen_adopt(int fd, uint32_t id);

/*
 * The same for a socket that a service manager has opened and goes on owning
 * under this name: as many sockets as it gives are used, and the file of a unix
 * socket stays at the end.
 */
int listen_lend(int fd, uint32_t id, struct str name);

/* Closes the lent sockets that none of these listeners wants, and names them in the log. */
void listen_return(const struct listeners *listeners);

/*
 * Calls act() with each socket, those of one address in their order, until it
 * returns false; `lender` is the name that listen_lend() was given, NULL: the socket is
 * ours. True: act() has always returned true.
 */
typedef bool listen_visitor(void *data, uint32_t id, int fd, const char *lender);
bool listen_for_each(listen_visitor *act, void *data);

/*
 * Takes over a socket that another server with the same sockets has opened. Owns it, and
 * closes it if its address is unknown here.
 */
void listen_receive(int fd);

/*
 * Calls act() with the sockets of each address that the other server does not know yet, and
 * notes that it knows them. act NULL: only notes that.
 */
void listen_send_new(void (*act)(const int *fds, size_t count));

/*
 * Another server with the same sockets serves each address for whose id listens() is
 * true: when its sockets are closed here they go on listening there, and the file of a unix
 * socket stays. NULL: there is no other server (any more).
 */
void listen_share(bool (*listens)(uint32_t id));

/*
 * Leaves out the next `count` ids: another server with the same sockets gives those to
 * addresses of its own.
 */
void listen_skip_ids(uint32_t count);

#endif
