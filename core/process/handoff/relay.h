/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Workers give connections to each other through the master, which passes each message
 * on without a look into its records. So no worker has an end of another one's inbox,
 * and none gives more than the master has asked it for:
 *
 *     master ── LISTENERS, QUIT ──> worker that ends       whose connections others take
 *            ── GIVE n ──────────>                          there is room for n of them
 *            <───── CONNECTIONS ──                          at most n, in some messages
 *            ── CONNECTIONS ──> inbox of a successor
 *
 * The successors of a process that ends are the workers of the ruling generation, or
 * those of another program that serves beside this one (peer_master.h). A worker that does
 * not end is asked for some when it has far more than the others (balance.h); what it
 * does not want to give then it reports by MESSAGE_KEPT.
 */
#ifndef SKUA_PROCESS_HANDOFF_RELAY_H
#define SKUA_PROCESS_HANDOFF_RELAY_H

#include <stdbool.h>
#include <stdint.h>

struct generation;
struct process;
struct receiver;

/* In the master, once. active() is that of struct handoff_hooks. */
void relay_init(struct generation *(*active)(void));

/* Tells a process that ends whose connections others take; MESSAGE_QUIT follows. 0 or -errno. */
int relay_tell(struct process *process);

/* The successors have changed: tells all that end, and asks them for connections. */
void relay_tell_all(void);

/*
 * A process was told to end: asks it for as many connections as there is room for, now
 * and later. The acceptor gives those it holds without being asked.
 */
void relay_expect(struct process *process);

/* Asks one that serves for so many. False: it cannot be asked, or has not done yet. */
bool relay_ask_for(struct process *process, uint32_t count);

/*
 * The least loaded of the other workers of its generation, as relay_ask_for() would
 * use it. NULL: none has room. Whoever plans to send it something notes that in
 * `planned`, until relay_forget_plans().
 */
struct receiver *relay_lightest(const struct process *process);
void relay_forget_plans(void);

/*
 * MESSAGE_CONNECTIONS comes next in the channel of a process: passes it on. 1: done;
 * -EAGAIN: the channel is left alone until somebody takes the message; -EPROTO: the
 * process was not asked for so many, or sends something else under this name, which is
 * dropped.
 */
int relay_take(struct process *process);

/* MESSAGE_KEPT */
void relay_kept(struct process *process, uint32_t count);

/* The process has gone, or its channel is closed: nothing more is taken from it. */
void relay_stop(struct process *process);

/*
 * Passes the message at the front of a socket on, which a process that has gone has left
 * behind (orphans.h), to whom it may concern. How many connections that were, at most
 * `limit`; 0: there is none, or the server ends and nobody is to take it; -EPROTO: it
 * was something else, or of more, and is dropped; -EAGAIN, -EMFILE: not now; -EPIPE: nobody
 * takes it.
 */
int relay_left(int from, uint32_t limit);

#endif
