/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The listening sockets. They belong to the master and outlive configurations:
 * a socket is opened when the first configuration names its address, and closed
 * when one without it has taken over. Workers inherit them.
 */
#ifndef SKUA_PROCESS_LISTEN_H
#define SKUA_PROCESS_LISTEN_H

#include <stdbool.h>
#include <stdint.h>

#include <str.h>

struct conf;
struct listeners;

/*
 * Opens what the listeners want and is not open yet, and fills in their id,
 * fds and fds_count: one descriptor, or `workers` of them where each worker has
 * its own (`each_own` is accept_mode reuseport). More descriptors than workers
 * stay open from an earlier configuration. 0, or -1 after a message for each
 * address that failed; then nothing has changed.
 */
int listen_open(struct listeners *listeners, unsigned workers, bool each_own);

/* Closes what the last listen_open() has opened: its configuration was rejected. */
void listen_undo(void);

/*
 * Fills id, fds and fds_count in again, before a process is forked that shall
 * use them: a later listen_open() may have moved them.
 */
void listen_connect(struct listeners *listeners);

/* Closes the sockets that these listeners don't use: their configuration rules now. */
void listen_close_others(const struct listeners *listeners);

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
 * Another server uses the same sockets now, or does no longer: as long as it
 * does, the files of unix sockets stay when sockets are closed here.
 */
void listen_share(bool with_another);

/*
 * Ids that are given from now on are at least this far from those that were: another
 * server with the same sockets gives out the ones between.
 */
void listen_skip_ids(uint32_t count);

/* Closes everything; the master also removes the files of unix sockets. */
void listen_finish(bool remove_files);

#endif
