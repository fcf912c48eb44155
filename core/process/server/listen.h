/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The listening sockets. They belong to the master and outlive configurations:
 * a socket is opened when the first configuration names its address, and closed
 * when one without it has taken over. Each process inherits those it accepts from.
 */
#ifndef SKUA_PROCESS_SERVER_LISTEN_H
#define SKUA_PROCESS_SERVER_LISTEN_H

#include <stdbool.h>
#include <stdint.h>

#include <str.h>

struct conf;
struct listeners;

/*
 * Opens what the listeners want and is not open yet, and fills in their id,
 * fds and fds_count: one descriptor, or `workers` of them where each worker has
 * its own (`each_own` is accept_mode reuseport). More descriptors than workers
 * stay open from an earlier configuration. The sockets of an open address that a
 * listener covers (0.0.0.0:80 covers 127.0.0.1:80) stay, too, as its `also`. 0, or -1
 * after a message for each address that failed; then it is as after listen_undo().
 */
int listen_open(struct listeners *listeners, unsigned workers, bool each_own);

/*
 * The configuration of the last listen_open() was rejected: closes its addresses.
 * Where it has opened more sockets of an address that others have, too, or of a part
 * of it, they stay: as soon as they listen the kernel puts connections into them.
 */
void listen_undo(void);

/* The processes that are started now have all sockets there are; they rule now. */
void listen_starting(void);
void listen_serving(void);

/*
 * Some sockets are not known to the processes that rule, and what comes to them
 * waits for ever. `ours`: only if listen_undo() has left some.
 */
bool listen_is_unserved(bool ours);

/*
 * Fills id, fds and fds_count in again, before a process is forked that shall
 * use them: a later listen_open() may have moved them.
 */
void listen_connect(struct listeners *listeners);

/*
 * Makes those listen again that somebody has shut down (sockets.h, socket_repair()).
 * True: some are new ones now, which the processes don't have.
 */
bool listen_repair(struct listeners *listeners);

/*
 * These listeners rule now, NULL: none. What they don't use is dropped: the file of a
 * unix socket is removed, the sockets stay open until listen_close_dropped(), and
 * nothing here finds them any more. A socket that was lent is closed at once. Whether
 * there is something to close.
 */
bool listen_drop_others(const struct listeners *listeners);

/*
 * Closes them. Unless another server shares them they are shut down before, so that
 * a process which still has one open does not keep its address.
 */
void listen_close_dropped(void);

/*
 * Takes over a socket that listens or is bound already, as if it had been
 * opened here. It must have come from elsewhere (inherited, or opened by the
 * command serve). `id`: the number its address had there; 0: none. 0 or -errno;
 * the descriptor stays the caller's on failure.
 */
int listen_adopt(int fd, uint32_t id);

/*
 * The same for a socket that a service manager has opened and goes on owning
 * under this name: as many sockets as it gives are used, and the file of a unix
 * socket stays at the end.
 */
int listen_lend(int fd, uint32_t id, struct str name);

/* Closes the lent ones that none of these listeners wants, and names them in the log. */
void listen_return(const struct listeners *listeners);

/*
 * Calls act() with each socket, those of one address in their order, until it
 * returns false; `lender` is the name of listen_lend(), NULL: it is ours. True: all
 * were well.
 */
typedef bool listen_visitor(void *data, uint32_t id, int fd, const char *lender);
bool listen_for_each(listen_visitor *act, void *data);

/*
 * A socket that another server with the same sockets has opened. Owns it; it is
 * closed if its address is unknown here.
 */
void listen_receive(int fd);

/*
 * Calls act() with the sockets of an address that such a server does not know yet,
 * which it does from now on; NULL: it knows them already.
 */
void listen_tell(void (*act)(const int *fds, size_t count));

/*
 * Another server with the same sockets serves those whose listener has an id that
 * listens() is true of: when they are closed here they go on there, and the files of
 * unix sockets stay. NULL: there is no other server (any more).
 */
void listen_share(bool (*listens)(uint32_t id));

/*
 * Ids that are given from now on are at least this far from those that were: another
 * server with the same sockets gives out the ones between.
 */
void listen_skip_ids(uint32_t count);

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
