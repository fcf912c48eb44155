/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Inboxes carry connections to a worker, and nothing else. The master keeps
 * both ends of each, so what lies in one outlives its reader: the replacement
 * takes it out.
 *
 *     acceptor ──┬─> inbox ─> worker     credit: stats.dealt - stats.taken
 *     master ────┘
 *
 * What other workers give away comes through the master (relay.h): a worker has no end
 * of another one's inbox.
 *
 * What is known of a connection travels as a record beside its descriptor.
 */
#ifndef SKUA_PROCESS_IPC_INBOX_H
#define SKUA_PROCESS_IPC_INBOX_H

#include <stdbool.h>

#include "net/conn.h"
#include "net/listener.h"
#include "process/ipc/channel.h"

/* At most so many connections are on their way to one worker. */
#define INBOX_CREDIT 128

/* A connection on its way. */
struct passed_conn {
	int fd;
	uint32_t listener; /* struct listener, .id */
	union address peer;
	socklen_t peer_len;
	struct conn_past past; /* zero for one that was only accepted */
};

/* Connections that shall leave in one message. Zero it to begin. */
struct batch {
	char payload[CHANNEL_PAYLOAD];
	size_t len;
	int fds[CHANNEL_FDS];
	size_t count;
};

/* False: it does not fit in any more; send the batch first. */
bool batch_add(struct batch *batch, const struct passed_conn *conn);

/*
 * Sends it. 0: the descriptors are closed here, the batch is empty. -errno of
 * channel_send(): all is as before.
 */
int batch_send(struct batch *batch, int inbox);

/*
 * Takes a record off the front of *payload; fd is not touched. -EBADMSG: there
 * is no whole one.
 */
int inbox_decode(struct str *payload, struct passed_conn *conn);

/*
 * How many connections the next message brings, 0 without one; -EMFILE when this
 * process has no room for their descriptors and some would be lost. It costs as
 * much as receiving the message.
 */
int inbox_next(int fd);

/* The same question: is there room for them? */
bool inbox_fits(int fd);

/*
 * Takes all messages out and calls take() with each connection, whose
 * descriptor it owns. At most `messages` of them. How many connections came.
 */
unsigned inbox_receive(int fd, unsigned messages, void (*take)(const struct passed_conn *conn));

#endif
