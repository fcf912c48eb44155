/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A connection: a descriptor, the transport that its bytes go through, if any, the protocol
 * that is spoken on it, and its timer. Nothing here knows HTTP. Between requests a plain
 * connection holds no buffers.
 *
 * The loop calls the protocol in three steps of a turn (event/loop.h); a step queues the
 * job of another one when there is something to do for it:
 *
 *     readable          protocol->receive()   step 2 of the turn: bytes into a buffer
 *     job `respond`     protocol->respond()   step 4
 *     job `send`        protocol->send()      step 5
 */
#ifndef SKUA_NET_CONN_H
#define SKUA_NET_CONN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "base/list.h"
#include "event/loop.h"
#include "net/listener.h"
#include <pool.h>
#include <timer.h>

struct conn;
struct header;
struct request;
struct slice;
struct tcp_info;
struct transport;

/*
 * What goes with a connection that is moved to another process. All members are zero for a
 * new connection.
 */
struct conn_past {
	uint64_t number; /* 0: none was given yet */
	uint32_t requests; /* so far */
	int64_t started_ms; /* wall clock */
	/* When its timer expires; clock_ms(), which is the same in all processes. 0: never. */
	int64_t deadline_ms;
	int64_t began_ms; /* wall clock: when the first of `bytes` came */
	struct str bytes; /* received and not yet used */
	bool awaits_preface; /* `bytes` are the beginning of its preface (net/preface.h) */
	struct str preface; /* that it has begun with; empty: none */
	/* Of transport_export(), valid until the next connection is packed; empty: it is plain. */
	struct str transport;
	bool is_local; /* of this program itself: plain, even if its address has a transport */
};

enum { FIELDS_OF_PROTOCOL = 3 };

struct protocol {
	const char *name;
	void (*open)(struct conn *conn); /* may close it at once */
	/*
	 * Instead of open(): continues where another process, or net/preface.c, has left it.
	 * Returns false if that is not possible: then the caller closes it.
	 */
	bool (*import)(struct conn *conn, const struct conn_past *past);
	/*
	 * Fills in deadline_ms, began_ms and bytes, which the connection still owns, and
	 * changes nothing. False: something is under way, so that it cannot move now. NULL:
	 * connections of this protocol cannot move.
	 */
	bool (*export)(const struct conn *conn, struct conn_past *past);
	void (*receive)(struct conn *conn); /* readable: read once */
	void (*respond)(struct conn *conn);
	void (*send)(struct conn *conn);
	void (*expired)(struct conn *conn); /* conn->timer has expired */
	void (*drain)(struct conn *conn); /* the worker stops: end when the next response is out */
	/* conn_close(): release what the protocol holds, and set conn->is_cut. */
	void (*close)(struct conn *conn);
	/* Was a request of this connection sent before the response to the one ahead of it was? */
	bool (*is_pipelined)(const struct request *req);
	/*
	 * Writes the fields of the response that only this protocol has to `to`, and returns
	 * their number, FIELDS_OF_PROTOCOL at most. They may change as long as the response is
	 * not complete. NULL: it has none.
	 */
	int (*own_fields)(struct request *req, struct header *to);
	/*
	 * Gives the next piece of a request's body, as body_ops.read does; the piece is memory,
	 * and its bytes count in request_core(req)->body_bytes. After -EAGAIN it calls
	 * request_body_ready() when there is more to read, or an error: -ETIMEDOUT when nothing
	 * has come for client_body_timeout, -ECONNRESET when the client has ended before the
	 * body has, -EBADMSG when the framing is not valid, -EIO when the response is complete.
	 * NULL: bodies cannot be read.
	 */
	int (*read_body)(struct request *req, size_t max, struct slice *out);
};

struct conn {
	struct event event;
	uint32_t events; /* EPOLLIN, EPOLLOUT, EPOLLRDHUP that the protocol waits for */
	struct job respond, send;
	struct timer timer;

	const struct listener *listener;
	const struct protocol *protocol;
	struct transport *transport; /* NULL: plain, as the socket has the bytes */
	void *state; /* the protocol's */
	struct preface_bytes *preface; /* conn_preface(); NULL: none */

	union address peer;
	socklen_t peer_len;
	char peer_text[INET6_ADDRSTRLEN]; /* of conn_peer_text() */
	uint8_t peer_text_len; /* 0: not made yet */
	union address local; /* filled in by conn_local() at its first call */
	socklen_t local_len;

	uint64_t number; /* unique while the server runs: $connection */
	uint32_t requests; /* so far */
	int64_t started_ms; /* wall clock, ms since the epoch */
	uint64_t bytes_sent;

	bool nodelay; /* TCP_NODELAY is set */
	bool peer_closed; /* the peer has closed its sending half */
	bool end_sent; /* our sending half is closed, and what comes is still read (lingering) */
	bool reads_are_cut; /* a read that did not fill its buffer may have left something */
	bool reset_on_close; /* close with RST: reset_timedout_connection, 444 */
	bool is_cut; /* the peer has got a part of a message: close without an orderly end */
	struct list link; /* in the list of the idle ones, or of the others */
	bool idle;
	/* clock_ms(): before this an idle connection is not closed to get its resources. */
	int64_t stays_until;
};

/*
 * Takes over a descriptor that was accepted (nonblocking, close-on-exec), or passed on by
 * another process. Called by the worker's listeners and inbox. Returns false if the
 * connection was refused: then the reason is logged, and the descriptor is closed.
 */
bool conn_open(const struct listener *listener, int fd, const union address *peer,
	       socklen_t peer_len);

/*
 * The same for a connection that another process has given away. No other process has it
 * any more, so it is taken even beyond conns.limit.
 */
bool conn_import(const struct listener *listener, int fd, const union address *peer,
		 socklen_t peer_len, const struct conn_past *past);

/*
 * The protocol that the connection has spoken so far is at its end; another one imports what
 * is in *past: bytes that were received behind that end, and the deadline. A connection that
 * is to have a transport has it from these bytes on. Returns false if that is not possible:
 * close the connection. True: it may have ended already, or have moved.
 */
bool conn_become(struct conn *conn, const struct protocol *protocol, struct conn_past *past);

/* Ends it, at once. The memory is gone afterwards. */
void conn_close(struct conn *conn);

/*
 * How a connection is moved to another process. conn_is_portable(): whether its protocol and
 * transport allow it at all. conn_pack(): whether it can be moved now, and what goes with
 * it. conn_unwatch() takes it out of epoll before its descriptor is sent: what arrives
 * from then on is read by the other process. conn_forget() ends it here when the descriptor
 * has been sent and closed; conn_watch() goes on with it here when it could not be sent.
 */
bool conn_is_portable(const struct conn *conn);
bool conn_pack(const struct conn *conn, struct conn_past *past);
void conn_unwatch(struct conn *conn);
void conn_watch(struct conn *conn);
void conn_forget(struct conn *conn);

/*
 * Reads once, as recv(2), but returns -errno. Connections are watched edge-triggered, which
 * is less work for the kernel; even so, what a call leaves unread is an event of the next
 * turn, if EPOLLIN is asked for then.
 */
ssize_t conn_receive(struct conn *conn, void *buffer, size_t size);

/* Whether a read that gave n bytes, more than 0, of at most `size` may have left some. */
static inline bool conn_may_have_more(const struct conn *conn, ssize_t n, size_t size)
{
	return n == (ssize_t)size || conn->peer_closed || conn->reads_are_cut;
}

/*
 * As sendmsg(2) and sendfile(2), but -errno. `more`: further bytes follow at once, so that an
 * incomplete last segment can be held back. The bytes that conn_send() takes have left when
 * conn_unsent() is 0; as long as it is not, wait for EPOLLOUT and call conn_flush().
 * conn_send_file() is for connections of which conn_sends_files() is true.
 */
ssize_t conn_send(struct conn *conn, const struct iovec *iov, int count, bool more);
ssize_t conn_send_file(struct conn *conn, int fd, uint64_t offset, size_t size);
bool conn_sends_files(const struct conn *conn);

/* How many bytes the transport has taken, or made, that the socket has not. Plain: 0. */
size_t conn_unsent(const struct conn *conn);

/* Writes those. 0: all of them have left; -EAGAIN: the socket is full; or another -errno. */
int conn_flush(struct conn *conn);

/*
 * The orderly end of what is sent, where the transport has one (close_notify of TLS). Only
 * conn_close() of a connection that is_cut leaves it out.
 *
 * conn_end() is called before conn_close() to make sure that the end leaves. True: it waits for
 * room in the socket. When it has left, the connection is closed; until then the protocol has
 * only its timer to watch. False: close it now.
 *
 * conn_shutdown() closes our half of the socket when the end has left; what the peer sends can
 * still be read. 0 or -errno.
 */
bool conn_end(struct conn *conn);
int conn_shutdown(struct conn *conn);

/* From now on small segments are sent at once (TCP_NODELAY). */
void conn_set_nodelay(struct conn *conn);

/* TCP_INFO of tcp(7). 0 or -errno. */
int conn_tcp_info(const struct conn *conn, struct tcp_info *info);

/* "http" or "https", and the port that a URL with this scheme need not name. */
struct str conn_scheme(const struct conn *conn);
int conn_scheme_port(const struct conn *conn);

/* The preface that the connection has begun with (include/preface.h); empty: none. */
struct str conn_preface(const struct conn *conn);

/* Keeps a copy of these bytes as its preface. False: there is no memory. */
bool conn_keep_preface(struct conn *conn, struct str bytes);

/* The protocol waits for these events (EPOLLIN, EPOLLOUT, EPOLLRDHUP) from now on. */
void conn_want(struct conn *conn, uint32_t events);

/*
 * The protocol says that the connection waits for the next request (idle), or that a request
 * has begun. When descriptors or connections run out, idle connections are closed first, but
 * not before conn->stays_until.
 */
void conn_set_idle(struct conn *conn, bool idle);

/* The address of the server's end; asks the kernel at the first call. */
const union address *conn_local(struct conn *conn);

/* The client's address as text; made at the first call, lives as long as the connection. */
struct str conn_peer_text(struct conn *conn);

/*
 * The connections of this process, which has one loop and so one set of them. net/conn.c
 * keeps the lists and counts; the worker gives the limit and the two functions.
 */
struct conns {
	struct list idle_list, busy_list; /* those idle longest come first */
	uint32_t active; /* open connections */
	uint32_t idle; /* those of them that wait for a request */
	uint32_t writing; /* with a response under way; counted by the protocol */
	uint32_t limit; /* worker_connections */

	/* Called when the number of open connections has become 0; NULL: nobody. */
	void (*none_left)(void);
	/*
	 * Called by the protocol for a connection that is between two requests: gives it to
	 * another process. Returns true if that process has it: then it is gone here. False: it
	 * is served here as before; but one that cannot move at all is drained, so that it is
	 * gone if it was idle. NULL as long as connections stay in this process.
	 */
	bool (*export)(struct conn *conn);
};
extern struct conns conns;

/*
 * Calls act() on each connection, idle ones first, those that have been idle
 * longest before the others. It may end that connection and those before it.
 */
void conn_for_each(void (*act)(struct conn *conn));

/* As conn_for_each(), but stops when act() returns false: all connections, or idle ones alone. */
void conn_for_all(bool (*act)(struct conn *conn));
void conn_for_idle(bool (*act)(struct conn *conn));

/* The worker stops: calls protocol->drain() for each connection; or closes all at once. */
void conn_drain_all(void);
void conn_close_all(void);

/* Closes the connection that has been idle longest. False: there is none that may be closed. */
bool conn_close_oldest_idle(void);

#endif
