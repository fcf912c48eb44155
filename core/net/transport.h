/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The core's side of transports (include/transport.h). Protocols use net/conn.h, which calls
 * the functions declared here. A plain connection has no struct transport, and no cost for it.
 *
 * Epoll is edge-triggered and does not report bytes that a transport holds. So the state of the
 * socket is kept here:
 *
 *     is_dry     the socket had no more bytes, an EPOLLIN will come
 *     is_full    the socket has refused bytes, an EPOLLOUT will come
 *
 * After each call net/conn.c asks transport_can_receive() and transport_can_send() whether the
 * protocol can make progress without an event. If so, a job continues in the next turn of the
 * loop. If not, epoll is asked for the event that makes progress possible.
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
	struct job job; /* of net/conn.c: continues without an event */
	uint32_t watched; /* EPOLLIN, EPOLLOUT, EPOLLRDHUP that epoll is asked for now */

	char *early; /* came before the transport began: transport_read_socket() gives it first */
	size_t early_len, early_used;

	bool is_dry, is_full;
	bool receive_needs_room; /* the last receive() has returned TRANSPORT_NEEDS_ROOM */
	bool waits; /* it has returned TRANSPORT_WAITS, and transport_wake() was not called yet */
	bool send_needs_bytes; /* send() has returned TRANSPORT_NEEDS_BYTES; no receive() since */
	bool is_broken; /* a call has returned an error */
	bool has_ended; /* end() was called */
	bool shuts_down; /* close our half of the socket as soon as nothing is unsent */
	bool closes; /* close the connection as soon as nothing is unsent */

	alignas(max_align_t) char state[];
};

/*
 * Gives the connection a transport. `early` are bytes that were read from its socket already;
 * they are copied. 0, or -errno: the connection has no transport then.
 */
int transport_begin(struct conn *conn, const struct transport_type *type, struct str early);

/* Room for the longest export: a name, early bytes and the state. */
enum { TRANSPORT_EXPORTED_MAX = TRANSPORT_STATE_MAX + 8192 };

/*
 * transport_export() writes the type's name, the early bytes and the state. Returns the length in
 * bytes, or -errno as the type's export(). transport_import() gives a new connection a transport
 * with this state. 0 or -errno; -EPROTONOSUPPORT: the state belongs to another type.
 */
ssize_t transport_export(const struct transport *transport, char *to, size_t room);
int transport_import(struct conn *conn, const struct transport_type *type, struct str exported);

/* NULL is fine. */
void transport_destroy(struct transport *transport);

/* As the functions of the type, but they return -EAGAIN in place of TRANSPORT_… results. */
ssize_t transport_receive(struct transport *transport, void *buffer, size_t size);
ssize_t transport_send(struct transport *transport, const struct iovec *iov, int count, bool more);
ssize_t transport_send_file(struct transport *transport, int fd, uint64_t offset, size_t size);

/* Writes the unsent bytes. 0: all of them were written; -EAGAIN: not all; or another -errno. */
int transport_flush(struct transport *transport);

/* Adds the orderly end, once, and writes the unsent bytes. Results as transport_flush(). */
int transport_end(struct transport *transport);

/*
 * The id by which processes name the connections of a listener that they accept from others. For
 * connections without a transport, which have not changed their protocol, it is the listener's id;
 * for others it also depends on the type of the transport (NULL: none) and on the state_name of
 * the protocol (NULL: that of the listener). So no program gets connections whose state it does
 * not understand.
 */
enum { LISTENER_ID_BITS = 24 };
uint32_t transport_listener_id(uint32_t listener, const struct transport_type *type,
			       const char *state_name);

/* Writes all ids of a listener, at most `max`. Returns their number. */
size_t transport_listener_ids(const struct listener *listener, uint32_t *ids, size_t max);

static inline size_t transport_unsent(const struct transport *transport)
{
	return transport->type->unsent(transport);
}

/* Whether it makes sense to call receive(), send() or flush() now. */
bool transport_can_receive(const struct transport *transport);
bool transport_can_send(const struct transport *transport);
bool transport_can_flush(const struct transport *transport);

/* The events to ask epoll for when the protocol waits for `events`. */
uint32_t transport_events(const struct transport *transport, uint32_t wanted);

#endif
