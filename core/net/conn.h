/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A connection: a descriptor, its transport, if any, its protocol and its timer. Nothing here
 * depends on HTTP. Between requests a plain connection holds no buffers.
 *
 * The loop calls the protocol in three steps of a turn (event/loop.h). A step that has work for
 * a later step queues the job of that step:
 *
 *     readable          protocol->receive()   step 2 of the turn: bytes into a buffer
 *     job `respond`     protocol->respond()   step 3
 *     job `send`        protocol->send()      step 4
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
 * The state that is sent with a connection to another process. All members are zero for a new
 * connection.
 */
struct conn_past {
	uint64_t number; /* 0: none was given yet */
	uint32_t requests; /* so far */
	int64_t started_ms; /* wall clock */
	/* clock_ms() when its timer expires (the clock is the same in all processes). 0: never. */
	int64_t deadline_ms;
	int64_t began_ms; /* wall clock: when the first of `bytes` came */
	struct str bytes; /* received and not yet used */
	bool is_switched; /* it has changed its protocol: `bytes` are the state of the other one */
	bool awaits_preface; /* `bytes` are the beginning of its preface (net/preface.h) */
	struct str preface; /* the complete preface; empty: none */
	/* The result of transport_export(), valid until the next conn_pack(); empty: plain. */
	struct str transport;
	bool is_local; /* made by this program: plain, even if its address has a transport */
};

enum { FIELDS_OF_PROTOCOL = 3 };

struct protocol {
	const char *name;
	/*
	 * Of a protocol that a connection changes to (conn_become()): the name of the format of the
	 * bytes of export(), by which other processes say that they understand it. Change it
	 * whenever the format changes. NULL: all that speak the protocol do.
	 */
	const char *state_name;
	void (*open)(struct conn *conn); /* may close it at once */
	/*
	 * Called instead of open(): continues the connection in the state in which another
	 * process, or net/preface.c, has left it. False if that is not possible: then the caller
	 * closes the connection.
	 */
	bool (*import)(struct conn *conn, const struct conn_past *past);
	/*
	 * Fills in deadline_ms, began_ms and bytes of *past, and changes nothing; the connection
	 * still owns the bytes. False: a request or response is in progress, so the connection
	 * cannot move now. NULL: connections of this protocol cannot move.
	 */
	bool (*export)(const struct conn *conn, struct conn_past *past);
	void (*receive)(struct conn *conn); /* readable: read once */
	void (*respond)(struct conn *conn);
	void (*send)(struct conn *conn);
	void (*expired)(struct conn *conn); /* conn->timer has expired */
	void (*drain)(struct conn *conn); /* the worker stops: end when the next response is out */
	/* conn_close(): release what the protocol holds, and set conn->is_cut. */
	void (*close)(struct conn *conn);
	/* Whether the client has sent a request before it got the response to the previous one. */
	bool (*is_pipelined)(const struct request *req);
	/*
	 * Writes the response fields that only this protocol has to `to`, at most
	 * FIELDS_OF_PROTOCOL, and returns their number. They may change until the response is
	 * complete. NULL: the protocol has no such fields.
	 */
	int (*own_fields)(struct request *req, struct header *to);
	/*
	 * Reads the next slice of a request's body, as body_ops.read does. The slice is memory,
	 * and its length is added to request_core(req)->body_bytes. After -EAGAIN the protocol
	 * calls request_body_ready() when there are more bytes or an error. -ETIMEDOUT: nothing
	 * has arrived for client_body_timeout. -ECONNRESET: the client has closed the connection
	 * within the body. -EBADMSG: the framing is not valid. -EIO: the response is complete.
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
	struct transport *transport; /* NULL: plain */
	void *state; /* the protocol's */
	struct preface_bytes *preface; /* conn_preface(); NULL: none */

	union address peer;
	socklen_t peer_len;
	char peer_text[INET6_ADDRSTRLEN]; /* of conn_peer_text() */
	uint8_t peer_text_len; /* in bytes; 0: peer_text is not made yet */
	union address local; /* filled in by conn_local() at its first call */
	socklen_t local_len;

	uint64_t number; /* unique while the server runs: $connection */
	uint32_t requests; /* so far */
	int64_t started_ms; /* clock_ms() */
	uint64_t bytes_sent;

	bool nodelay; /* TCP_NODELAY is set */
	bool peer_closed; /* the peer has closed its sending half */
	bool end_sent; /* our sending half is closed; received bytes are discarded (lingering) */
	bool reads_are_cut; /* a read that did not fill its buffer may have left bytes unread */
	bool reset_on_close; /* close with RST: reset_timedout_connection, 444 */
	bool is_cut; /* a message was sent in part only: close without an orderly end */
	struct list link; /* in the list of the idle ones, or of the others */
	bool idle;
	/* clock_ms() until which an idle connection must not be closed to free its resources. */
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
 * As above, for a connection that another process has handed over. No other process has the
 * connection any more, so it is accepted even beyond conns.limit.
 */
bool conn_import(const struct listener *listener, int fd, const union address *peer,
		 socklen_t peer_len, const struct conn_past *past);

/*
 * Changes the protocol of a connection. The new protocol imports the bytes that were received
 * after the end of the old protocol, and the deadline, from *past. If the address has a transport,
 * these bytes are the first that it converts. Returns false if that is not possible: the caller
 * closes the connection. After true, the connection may have been closed or moved already, so the
 * caller must not use it.
 */
bool conn_become(struct conn *conn, const struct protocol *protocol, struct conn_past *past);

/* Closes the connection at once and frees it. */
void conn_close(struct conn *conn);

/*
 * Move a connection to another process. conn_is_portable(): whether its protocol and transport
 * can ever do that. conn_pack(): whether it can move now; fills in the state to be sent with it.
 * conn_unwatch() removes it from epoll before its descriptor is sent, so that the other process
 * reads what arrives from then on. conn_forget() frees it here after the descriptor was sent and
 * closed. conn_watch() continues it here if the descriptor could not be sent.
 */
bool conn_is_portable(const struct conn *conn);
bool conn_pack(const struct conn *conn, struct conn_past *past);
void conn_unwatch(struct conn *conn);
void conn_watch(struct conn *conn);
void conn_forget(struct conn *conn);

/*
 * Reads once, as recv(2), but returns -errno. Connections are watched edge-triggered, which is
 * less work for the kernel. Still, bytes that a call leaves unread cause an event in the next
 * turn, if the protocol waits for EPOLLIN then.
 */
ssize_t conn_receive(struct conn *conn, void *buffer, size_t size);

/* How long ago the connection began, in whichever process that was. */
static inline int64_t conn_age_ms(const struct conn *conn)
{
	return clock_ms() - conn->started_ms;
}

/* Whether bytes may be left after a read of at most `size` bytes that has returned n > 0. */
static inline bool conn_may_have_more(const struct conn *conn, ssize_t n, size_t size)
{
	return n == (ssize_t)size || conn->peer_closed || conn->reads_are_cut;
}

/*
 * As sendmsg(2) and sendfile(2), but they return -errno. `more`: further bytes follow at once, so
 * an incomplete last segment may be held back. The bytes that conn_send() has taken are all in the
 * socket when conn_unsent() is 0; until then wait for EPOLLOUT and call conn_flush().
 * conn_send_file() may be called only if conn_sends_files() is true.
 */
ssize_t conn_send(struct conn *conn, const struct iovec *iov, int count, bool more);
ssize_t conn_send_file(struct conn *conn, int fd, uint64_t offset, size_t size);
bool conn_sends_files(const struct conn *conn);

/* False: the transport has found the socket full (or empty), and no event has come since. */
bool conn_can_send(const struct conn *conn);

/* How many bytes the transport holds that the socket has not taken. Without transport: 0. */
size_t conn_unsent(const struct conn *conn);

/* Writes these bytes. 0: all of them; -EAGAIN: the socket is full; or another -errno. */
int conn_flush(struct conn *conn);

/*
 * Send the orderly end of the stream, if the transport has one (close_notify of TLS). Only
 * conn_close() of a connection that is_cut omits the end.
 *
 * conn_end() is called before conn_close(), so that the end is sent completely. True: the end waits
 * for room in the socket, and the connection is closed once it is sent; until then the protocol
 * only handles its timer. False: the caller closes the connection now.
 *
 * conn_shutdown() closes our half of the socket after the end was sent; bytes from the peer can
 * still be read. 0 or -errno.
 */
bool conn_end(struct conn *conn);
int conn_shutdown(struct conn *conn);

/* From now on small segments are sent at once (TCP_NODELAY). */
void conn_set_nodelay(struct conn *conn);

/*
 * From now on the socket takes bytes only while fewer than `bytes` of those that it has taken wait
 * to be sent (TCP_NOTSENT_LOWAT), so that what is more urgent does not wait behind many others.
 * After it has refused bytes, EPOLLOUT comes when fewer than half of them wait.
 */
void conn_limit_unsent(struct conn *conn, int bytes);

/* TCP_INFO of tcp(7). 0 or -errno. */
int conn_tcp_info(const struct conn *conn, struct tcp_info *info);

/* Whether the transport still negotiates with the client (struct transport_type). */
bool conn_is_opening(const struct conn *conn);

/* "http" or "https", and the default port of this scheme. */
struct str conn_scheme(const struct conn *conn);
int conn_scheme_port(const struct conn *conn);

/* What the transport has agreed on with the client, "h2"; data NULL: nothing. */
struct str conn_protocol(const struct conn *conn);

/* The preface of the connection (include/preface.h), borrowed; empty: none. */
struct str conn_preface(const struct conn *conn);

/* Stores a copy of these bytes as the preface of the connection. False: there is no memory. */
bool conn_keep_preface(struct conn *conn, struct str bytes);

/* Sets the events that the protocol waits for from now on: EPOLLIN, EPOLLOUT, EPOLLRDHUP. */
void conn_want(struct conn *conn, uint32_t events);

/*
 * The protocol says that the connection waits for the next request (idle), or that a request
 * has begun. When descriptors or connections run out, idle connections are closed first, but
 * not before conn->stays_until.
 */
void conn_set_idle(struct conn *conn, bool idle);

/* The address of the server's end, from getsockname(2) at the first call. */
const union address *conn_local(struct conn *conn);

/* The client's address as text, made at the first call; it lives as long as the connection. */
struct str conn_peer_text(struct conn *conn);

/*
 * The connections of this process, which has one loop and so one set of them. net/conn.c
 * keeps the lists and counts; the worker gives the limit and the two functions.
 */
struct conns {
	struct list idle_list, busy_list; /* in idle_list, those idle longest come first */
	uint32_t active; /* open connections */
	uint32_t idle; /* those of them that wait for a request */
	uint32_t writing; /* with a response under way; counted by the protocol */
	uint32_t limit; /* worker_connections */

	/* Called when the number of open connections has become 0; NULL: nobody. */
	void (*none_left)(void);
	/*
	 * Called by the protocol for a connection between two requests: hands it over to another
	 * process. Returns true if that was done: then the connection no longer exists here.
	 * False: it is served here as before; but a connection that can never move is drained, so
	 * an idle one has been closed. NULL: connections stay in this process.
	 */
	bool (*export)(struct conn *conn);
};
extern struct conns conns;

/*
 * Calls act() on each connection: first the idle ones, beginning with the longest idle, then the
 * others. act() may close that connection and those before it.
 */
void conn_for_each(void (*act)(struct conn *conn));

/* As conn_for_each(), on all or on idle connections, but stop as soon as act() returns false. */
void conn_for_all(bool (*act)(struct conn *conn));
void conn_for_idle(bool (*act)(struct conn *conn));

/* When the worker stops: call protocol->drain() for each connection, or close all at once. */
void conn_drain_all(void);
void conn_close_all(void);

/* Closes the connection that has been idle longest. False: none may be closed. */
bool conn_close_oldest_idle(void);

#endif
