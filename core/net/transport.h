/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The core's side of transports (include/transport.h). Protocols use net/conn.h, which calls
 * what is declared here. A plain connection has no struct transport and pays for nothing of it.
 *
 * Epoll is edge-triggered and knows nothing of bytes that a transport holds. So what can be
 * done is kept as a state:
 *
 *     is_dry     the socket had no more bytes, an EPOLLIN will come
 *     is_full    the socket has refused bytes, an EPOLLOUT will come
 *
 * After each call net/conn.c asks transport_can_receive() and its like whether something that
 * the protocol waits for can be done without an event. If so, a job goes on with it in the
 * next round; if not, epoll is asked for the event that changes the answer.
 */
#ifndef SKUA_NET_TRANSPORT_H
#define SKUA_NET_TRANSPORT_H

#include <stdalign.h>
#include <transport.h>

#include "event/loop.h"

struct conn;
struct listener;

struct transport {
	const struct transport_type *type;
	struct conn *conn;
	struct job job; /* net/conn.c: goes on without an event */
	uint32_t watched; /* EPOLLIN, EPOLLOUT, EPOLLRDHUP that epoll is asked for now */

	char *early; /* came before the transport began: transport_read_socket() gives it first */
	size_t early_len, early_used;

	bool is_dry, is_full;
	bool receive_needs_room; /* the last receive() has said so */
	bool waits; /* likewise, for transport_wake() */
	bool send_needs_bytes; /* the last send() has said so, and no receive() since */
	bool is_broken; /* a call has returned an error */
	bool has_ended; /* end() was called */
	bool shuts_down; /* our half of the socket is closed as soon as nothing is unsent */
	bool closes; /* and the connection */

	alignas(max_align_t) char state[];
};

/*
 * Gives the connection a transport. `early`: bytes that were read from its socket already.
 * 0 or -errno: the connection has none.
 */
int transport_begin(struct conn *conn, const struct transport_type *type, struct str early);

/* Room for the longest: a name, early bytes, and the state. */
enum { TRANSPORT_EXPORTED_MAX = TRANSPORT_STATE_MAX + 8192 };

/*
 * Writes the type's name and all that the transport holds. Returns the length, or -errno as
 * the type's export(). transport_import() gives a new connection such a transport;
 * -EPROTONOSUPPORT: its type is another one.
 */
ssize_t transport_export(const struct transport *transport, char *to, size_t room);
int transport_import(struct conn *conn, const struct transport_type *type, struct str exported);

/* NULL is fine. */
void transport_destroy(struct transport *transport);

/* As the functions of the type, but -EAGAIN in place of what they need. */
ssize_t transport_receive(struct transport *transport, void *buffer, size_t size);
ssize_t transport_send(struct transport *transport, const struct iovec *iov, int count, bool more);
ssize_t transport_send_file(struct transport *transport, int fd, uint64_t offset, size_t size);

/* Writes what is held. 0: all of it has left; -EAGAIN; or another -errno. */
int transport_flush(struct transport *transport);

/* Adds the orderly end, once, and writes what is held. Results as transport_flush(). */
int transport_end(struct transport *transport);

/*
 * What processes call the connections of a listener when they say which ones they take: those
 * without a transport by the listener's id, those with one by an id that also tells the type.
 * So no program gets connections whose state it does not understand.
 */
enum { LISTENER_ID_BITS = 24 };
uint32_t transport_listener_id(uint32_t listener, const struct transport_type *type);

/* All that a listener stands for. Returns how many ids it has written, `max` at most. */
size_t transport_listener_ids(const struct listener *listener, uint32_t *ids, size_t max);

static inline size_t transport_unsent(const struct transport *transport)
{
	return transport->type->unsent(transport);
}

/* Whether it makes sense to call receive(), send() or flush() now. */
bool transport_can_receive(const struct transport *transport);
bool transport_can_send(const struct transport *transport);
bool transport_can_flush(const struct transport *transport);

/* What to ask epoll for when the protocol waits for these events. */
uint32_t transport_events(const struct transport *transport, uint32_t wanted);

#endif
