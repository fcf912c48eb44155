/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Messages between processes, over pairs of sockets (SOCK_SEQPACKET), with
 * descriptors on them. This is the only place that passes descriptors.
 *
 *     master <── channel ──> worker     one for each: commands, reports, connections
 *     master, acceptor ── inbox ──> worker     connections only (inbox.h)
 *     worker <── channel ──> helper     one for each worker, made by the master at first need
 *     helper ── channel ──> helper      at a reload or upgrade, made by the master
 *
 * No two workers have an end of the same pair: whoever has one can shut it down. A
 * message is a head, at most CHANNEL_PAYLOAD bytes and CHANNEL_FDS descriptors.
 * Heads carry a version, so that an old and a new binary can talk. A reader ignores bytes
 * that come after those it knows, and messages of types that it does not know.
 */
#ifndef SKUA_PROCESS_IPC_CHANNEL_H
#define SKUA_PROCESS_IPC_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <str.h>

#define CHANNEL_FDS	64
#define CHANNEL_PAYLOAD 65536

/* Binaries of different versions use these numbers: never give one a new meaning. */
enum message_type {
	MESSAGE_READY = 1, /* to the master: this process serves */
	MESSAGE_QUIT = 2, /* from the master: end after the responses under way */
	MESSAGE_STOP = 3, /* from the master: end now */
	MESSAGE_LOGS = 4, /* from the master: log files, opened again; number: index of the first */
	/* In an inbox, and to the master (relay.h): a record for each descriptor (inbox.h). */
	MESSAGE_CONNECTIONS = 5,
	MESSAGE_SUCCESSORS = 6, /* to another program: who takes connections here (successors.h) */
	MESSAGE_MOVED = 7, /* of older workers: a root lies outside of their sandbox; not used */
	MESSAGE_COUNTERS = 8, /* the counters of another program's processes (successors.h) */
	/* Between masters: listening sockets that were opened (peer_master.h). */
	MESSAGE_SOCKETS = 9,
	MESSAGE_LEAVING = 10, /* between masters: no worker accepts there any more */
	MESSAGE_CLOSED = 11, /* to the master: this process has closed its listening sockets */
	/* To a process that ends: the ids of the listeners whose connections others take. */
	MESSAGE_LISTENERS = 12,
	MESSAGE_GIVE = 13, /* to a worker: it may give `number` connections to the master */
	MESSAGE_KEPT = 14, /* to the master: `number` of these connections are not given */
	/* A worker and a helper get a channel of their own (master/helpers.h). */
	MESSAGE_WANT = 15, /* to the master: this worker needs the helper of this number */
	MESSAGE_HELPER = 16, /* to the worker: its end; without a descriptor: there is none */
	MESSAGE_CLIENT = 17, /* to the helper: the other end; number: the worker's place */
	/* Between worker and helper (helper_message.h). */
	MESSAGE_ASK = 18,
	MESSAGE_ANSWER = 19,
	/* One process of a helper passes on what it keeps to another (worker/helper_passing.h). */
	MESSAGE_PASS_ON = 20, /* to the older one: its end of a channel; payload: its name */
	MESSAGE_TAKE_OVER =
		21, /* to the newer one: the other end. Between masters: with its name */
	MESSAGE_ITEM = 22, /* between the two: one item and its descriptor */
};

/* A message that was received. Whoever receives it owns the descriptors. */
struct message {
	unsigned type; /* enum message_type, or what a newer binary knows */
	uint32_t number; /* its meaning is the type's */
	struct str payload; /* valid until the next one is received */
	int fds[CHANNEL_FDS];
	size_t fds_count;
	bool lacks_fds; /* it was dropped because its descriptors could not be opened here */
};

/* Both ends are nonblocking and close-on-exec. 0 or -errno. */
int channel_pair(int fds[2]);

/*
 * Sends one message; the descriptors stay open here. 0 or -errno. -EAGAIN: the receiver is behind;
 * -ETOOMANYREFS: too many descriptors are in flight (for both: try again later, or another
 * receiver). -EPIPE: the receiver has ended.
 */
int channel_send(int fd, enum message_type type, uint32_t number, struct str payload,
		 const int *fds, size_t fds_count);

/*
 * Receives one message. 1: *message is set; 0: all other ends are closed; -EAGAIN: there is no
 * message; -EBADMSG: a malformed message was dropped with its descriptors, and this was logged. If
 * message->lacks_fds is true, its type and number are set nevertheless.
 */
int channel_receive(int fd, struct message *message);

/*
 * The type of the message that comes next, without a look at the rest: 1 and *type; 0
 * and -EAGAIN as channel_receive(). -EBADMSG: it has no head, and is dropped.
 */
int channel_next(int fd, unsigned *type);

/*
 * As channel_receive(), but the message stays where it is: the descriptors are copies, and
 * channel_drop() removes the message with its own descriptors. A broken message is removed
 * here. -EMFILE: this process cannot open so many descriptors; receiving the message now
 * would lose some.
 */
int channel_peek(int fd, struct message *message);
void channel_drop(int fd);

/* Overwrites the payload of a message that was received: it may hold keys. */
void message_wipe(struct message *message);

/* Closes the descriptors of a message that is not used. */
void message_discard(struct message *message);

#endif
