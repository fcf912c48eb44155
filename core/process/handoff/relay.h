/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Workers give connections to each other through the master, which passes each message on
 * without reading its records. So no worker has an end of another worker's inbox, and no
 * worker gives more connections than the master has asked it for:
 *
 *     master ── LISTENERS, QUIT ──> worker that ends       listeners that successors have
 *            ── GIVE n ──────────>                          there is room for n connections
 *            <───── CONNECTIONS ──                          at most n, in several messages
 *            ── CONNECTIONS ──> inbox of a successor
 *
 * The successors of a process that ends are the workers of the active generation, or those
 * of another program that serves beside this one (peer_master.h). A worker that does not end
 * is asked for connections when it has far more than the others (balance.h). How many of
 * these it keeps after all it reports by MESSAGE_KEPT.
 */
#ifndef SKUA_PROCESS_HANDOFF_RELAY_H
#define SKUA_PROCESS_HANDOFF_RELAY_H

#include <stdbool.h>
#include <stdint.h>

struct generation;
struct message;
struct process;
struct receiver;

/*
 * In the master, once. active() is that of struct handoff_hooks. keep() takes over a message that
 * was removed from its socket and that no worker can take now; it calls relay_pass_message() with
 * it later.
 */
void relay_init(struct generation *(*active)(void), void (*keep)(struct message *message));

/*
 * Sends a process that ends the listeners that its successors have (MESSAGE_LISTENERS). The
 * caller sends MESSAGE_QUIT afterwards. 0, or -errno of channel_send(); -EPIPE: its channel
 * is closed.
 */
int relay_send_listeners(struct process *process);

/* The successors have changed: sends their listeners to all processes that end, and asks
   those for connections. */
void relay_successors_changed(void);

/*
 * A process was told to end: asks it for as many connections as there is room for, now and
 * whenever room comes. The acceptor gives the connections that it holds without being asked.
 */
void relay_expect(struct process *process);

/*
 * Asks a process that serves for so many connections. False: it cannot be asked, or has not
 * yet given what it was asked for before.
 */
bool relay_request(struct process *process, uint32_t count);

/*
 * The worker that would get what this process is asked for by relay_request(): the least
 * loaded of the others of its generation. NULL: none has room. The caller counts the
 * connections that it has asked for in `planned` of the receiver until it calls
 * relay_forget_plans().
 */
struct receiver *relay_lightest(const struct process *process);
void relay_forget_plans(void);

/*
 * MESSAGE_CONNECTIONS comes next in the channel of a process: passes it on, or keeps it until a
 * worker has room. 1: done; -EAGAIN: the master has no room for its descriptors, so the message
 * stays where it is, and the channel is not watched until the next attempt; -EPROTO: the process
 * was not asked for so many connections, or the message is broken; it is dropped.
 */
int relay_take(struct process *process);

/* MESSAGE_KEPT has come: the process does not give so many of those it was asked for. */
void relay_kept(struct process *process, uint32_t count);

/* The process has ended, or its channel is closed: nothing more is taken from it. */
void relay_stop(struct process *process);

/*
 * Passes on the first message in a socket that only the master reads (orphans.h), or keeps it.
 * Returns how many connections were in it; 0: there is no message; -EPROTO: it held something
 * else, or more connections than `limit`, and is dropped; -EMFILE: the master has no room for its
 * descriptors now.
 */
int relay_pass_orphan(int from, uint32_t limit);

/*
 * Sends a message that was kept to a worker. 0: done, and the message is empty. After an error it
 * is unchanged: -EPIPE: no worker is left that could take it; -ESHUTDOWN: the same, because the
 * server ends; another -errno: not possible now.
 */
int relay_pass_message(struct message *message);

#endif
