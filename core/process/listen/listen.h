/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The listening sockets. They belong to the master and outlive configurations:
 * a socket is opened when the first configuration names its address, and closed
 * when one without it has taken over. Each process inherits those it accepts from.
 */
#ifndef SKUA_PROCESS_LISTEN_LISTEN_H
#define SKUA_PROCESS_LISTEN_LISTEN_H

#include <stdbool.h>

struct listener;
struct listeners;

/*
 * Finds a listener that excludes another one: the kernel lets 0.0.0.0:80 and 127.0.0.1:80,
 * or [::]:80 with ipv6only=off and any IPv4 address of the port, listen at the same time
 * only if both have SO_REUSEPORT. `workers` and `each_own` as for listen_open(). NULL: there
 * is none.
 */
const struct listener *listen_conflict(const struct listeners *listeners,
				       const struct listener *listener, unsigned workers,
				       bool each_own);

/* The remedy for a conflict between two listeners, for a message. */
const char *listen_conflict_remedy(const struct listener *listener, const struct listener *other);

/*
 * Opens what the listeners want and is not open yet, and fills in their id,
 * fds and fds_count: one descriptor, or `workers` of them where each worker has
 * its own (`each_own` is accept_mode reuseport). More descriptors than workers
 * stay open from an earlier configuration. The sockets of an open address that a
 * listener covers (0.0.0.0:80 covers 127.0.0.1:80) stay, too, as its `also`. 0, or the
 * -errno of one of them after a message for each address that failed; then it is as after
 * listen_undo().
 */
int listen_open(struct listeners *listeners, unsigned workers, bool each_own);

/*
 * The configuration of the last listen_open() was rejected: closes its addresses.
 * Where it has opened more sockets of an address that others have, too, or of a part
 * of it, they stay: as soon as they listen the kernel puts connections into them.
 */
void listen_undo(void);

/* The processes that are started now inherit all sockets that are open. */
void listen_starting(void);

/* Those processes serve now, and what is open belongs to their configuration. */
void listen_serving(void);

/*
 * Whether there are sockets that the serving processes do not have, so that connections to
 * them wait for ever. `ours`: only if listen_undo() has left some.
 */
bool listen_is_unserved(bool ours);

/*
 * Fills id, fds and fds_count in again, before a process is forked that is to
 * use them: a later listen_open() may have moved them.
 */
void listen_connect(struct listeners *listeners);

/*
 * Makes those listen again that somebody has shut down (sockets.h, socket_repair()).
 * True: some were replaced by new sockets, which the processes do not have.
 */
bool listen_repair(struct listeners *listeners);

/*
 * Drops the sockets that none of these listeners uses, NULL: all: the file of a unix socket
 * is removed, the sockets stay open until listen_close_dropped(), and nothing here finds
 * them any more. A socket that was lent (listen_transfer.h) is closed at once. Whether there
 * is something to close.
 */
bool listen_drop_others(const struct listeners *listeners);

/*
 * Closes what was dropped. Unless another server shares a socket, it is shut down before,
 * so that a process which still has it open does not keep its address.
 */
void listen_close_dropped(void);

/*
 * In a process that was just forked: closes the sockets that it does not serve, so
 * that an address is free as soon as those that serve it let go of it. `listeners`
 * are those of its configuration; without `accepts` it accepts from none of them, and
 * only their ids stay.
 */
void listen_keep(struct listeners *listeners, bool accepts);

/* Closes everything; the master also removes the files of unix sockets. */
void listen_finish(bool remove_files);

#endif
