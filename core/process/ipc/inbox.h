/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Inboxes carry connections to a worker, and nothing else. The master keeps both ends of each
 * inbox open. So the connections in it outlive a worker that dies, and its replacement reads
 * them.
 *
 *     acceptor ──┬─> inbox ─> worker     credit: stats.dealt - stats.taken
 *     master ────┘
 *
 * Connections that other workers give away come through the master (relay.h): a worker has no
 * end of another worker's inbox.
 *
 * A record beside each descriptor says what is known of the connection.
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
	uint32_t listener; /* transport_listener_id(); of a received one: struct listener, .id */
	union address peer;
	socklen_t peer_len;
	struct conn_past past; /* zero for one that was only accepted */
};

/* Connections that are to be sent in one message. Zero it to begin. */
struct batch {
	char payload[CHANNEL_PAYLOAD];
	size_t len;
	int fds[CHANNEL_FDS];
	size_t count;
};

/* Adds a connection; the caller still owns its descriptor. False: the batch is full. */
bool batch_add(struct batch *batch, const struct passed_conn *conn);

/* Empties the batch, whose descriptors stay open, and overwrites what was in it. */
void batch_clear(struct batch *batch);

/*
 * Sends the batch. 0: the descriptors are closed here, and the batch is empty. -errno of
 * channel_send(): the batch and its descriptors are as before.
 */
int batch_send(struct batch *batch, int inbox);

/*
 * Removes the first record from *payload and fills in *conn, with -1 as the descriptor. The bytes
 * in conn->past point into the payload. 0, or -EBADMSG if there is no complete record.
 */
int inbox_decode(struct str *payload, struct passed_conn *conn);

/*
 * How many connections the next message brings; 0: there is no message; -EMFILE: this process
 * cannot open so many descriptors, and some would be lost. The call costs as much as receiving
 * the message.
 */
int inbox_next(int fd);

/* Whether this process can open the descriptors of the next message, if there is one. */
bool inbox_fits(int fd);

/*
 * Receives at most so many messages and calls take() with each connection; take() owns its
 * descriptor. Returns how many connections have come.
 */
unsigned inbox_receive(int fd, unsigned messages, void (*take)(const struct passed_conn *conn));

#endif
