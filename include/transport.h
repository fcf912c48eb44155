/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Transports. A transport stands between the socket of a connection and its protocol, and
 * converts the bytes in both directions, as TLS does. A connection without a transport is plain.
 *
 *     socket ── transport_read_socket() ──> receive() ──> protocol
 *     socket <── transport_write_socket() ─── send() <─── protocol
 *
 * A module names its transport in a parameter of listen (preface.h). The connections to an
 * address with this parameter use the transport from their first byte on, or from the end of
 * their preface on.
 *
 * The core makes the calls below on the loop's thread, one at a time for each connection. None
 * of them may block. When receive() or send() cannot continue, it returns what it needs, and
 * the core repeats the call when the socket has bytes or room. The core asks the transport what
 * it holds in memory: has_bytes() reports received bytes for which epoll will report no event,
 * and unsent() reports bytes that the socket has not taken yet. So a transport needs no timer
 * and no events of its own, unless it holds bytes back: see unsent().
 */
#ifndef SKUA_TRANSPORT_H
#define SKUA_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#include <str.h>

struct module;
struct request;
struct transport;

/* Results of receive() and send() beside the errors of errno(3). */
enum {
	TRANSPORT_NEEDS_BYTES = -5000, /* the socket is empty: repeat the call when it has bytes */
	TRANSPORT_NEEDS_ROOM, /* the socket is full: the unsent() bytes must be written first */
	TRANSPORT_WAITS, /* receive() only: a thread or a timer will call transport_wake() */
};

enum { TRANSPORT_STATE_MAX = 48 * 1024 }; /* export() writes at most this many bytes */

struct transport_type {
	/*
	 * For messages, and for connections that move to another process, which must know a
	 * transport of this name. Change the name whenever the format of export() changes.
	 */
	const char *name; /* "scrambling 1" */
	size_t size; /* bytes of transport_state(), zeroed before init() or import() is called */
	/*
	 * lacks() returns the name of a directive that the default server of an address needs
	 * for this transport and does not have, or NULL if nothing is missing. `conf` is the
	 * struct of `module` at that server. Both members may be NULL: then nothing is checked.
	 */
	const struct module *module;
	const char *(*lacks)(const void *conf);

	/*
	 * Whether all addresses of a server use the transport, though no parameter of listen says
	 * so; `conf` is as above. NULL: none do.
	 */
	bool (*wants)(const void *conf);

	/*
	 * The protocol on which the transport has agreed with the client (ALPN), "h2" or
	 * "http/1.1", once receive() has returned bytes. data NULL: none. NULL: it agrees on none.
	 */
	struct str (*protocol)(const struct transport *transport);

	/* Whether $scheme is "https", and 443 the default port in redirects. NULL: it is not. */
	bool (*is_secure)(const struct transport *transport);

	/*
	 * Whether the connection cannot carry a request yet, because the peers are still
	 * negotiating. A worker that ends lets such a connection go on to its first response;
	 * so the transport needs a time limit for it. NULL: it always can.
	 */
	bool (*is_opening)(const struct transport *transport);

	/* Begins a connection. 0, or -errno: the core closes it. NULL: nothing is to be done. */
	int (*init)(struct transport *transport);

	/* Releases what the state refers to, and overwrites secrets in it. Sends nothing. */
	void (*finish)(struct transport *transport);

	/*
	 * Writes at most `size` bytes for the protocol to `buffer`. Returns their number; 0 if
	 * the peer has ended its stream; one of the results above; or -errno if the connection
	 * is broken. It may return TRANSPORT_NEEDS_BYTES only after it has read the socket until
	 * that was empty, and while has_bytes() is false.
	 */
	ssize_t (*receive)(struct transport *transport, void *buffer, size_t size);

	/* Whether receive() would return bytes or the end without a read from the socket. */
	bool (*has_bytes)(const struct transport *transport);

	/*
	 * Takes bytes from the protocol, converts them, and writes as many to the socket as it
	 * accepts. Returns the number of bytes taken from the protocol, at least 1; the core
	 * does not pass these bytes again. With count 0 it only writes the unsent() bytes, and
	 * returns 0. Otherwise it returns one of the results above, or -errno if the
	 * connection is broken. It takes nothing while many bytes are unsent(). `more`: further
	 * bytes follow at once, so an incomplete record or segment may be held back.
	 */
	ssize_t (*send)(struct transport *transport, const struct iovec *iov, int count, bool more);

	/*
	 * About how many bytes the next send() takes at most, and at least 1: the core reads no
	 * more of a file for it. NULL: the core reads 32 KiB at a time.
	 */
	size_t (*send_max)(const struct transport *transport);

	/*
	 * How many converted bytes the socket has not taken yet. N bytes of the protocol must
	 * become at least N converted bytes, because the core computes from this number how much
	 * of a response has left: all of it when the number is 0.
	 *
	 * Before the first send() with bytes, a transport may hold bytes of its own back, to send
	 * them together with those of the protocol. They do not count here, and send() with count
	 * 0 leaves them where they are. The transport holds them for a short time only: then it
	 * counts them, and calls transport_wake(). send() with bytes and end() write them first.
	 */
	size_t (*unsent)(const struct transport *transport);

	/*
	 * As sendfile(2), from `offset` on, but returns -errno. The core calls it only while
	 * unsent() is 0. NULL: the core reads files into memory and passes the bytes to send().
	 */
	ssize_t (*send_file)(struct transport *transport, int fd, uint64_t offset, size_t size);

	/*
	 * Adds the orderly end of the stream to the unsent() bytes, such as close_notify of TLS,
	 * by which the peer knows that nothing is missing. The core calls it once, after the
	 * last send() with bytes, and does not call it if a response was cut off. The core may
	 * still call receive() afterwards, which must not add further bytes to unsent(). NULL:
	 * the transport has no such end.
	 */
	void (*end)(struct transport *transport);

	/*
	 * Writes the whole state to `to`, held bytes included, so that the connection can
	 * continue in another process. Does not change the state. Returns the number of bytes
	 * written, at most `room`; or -EAGAIN or -EMSGSIZE if the connection cannot move now:
	 * then this process serves it until it can. Once the message with the state is sent, the
	 * core calls finish() here before anything else. If sending fails, the transport
	 * continues here. So two processes never use the same state, but the state is lost if a
	 * process is killed at that moment. NULL: connections with this transport cannot move;
	 * they end after the next response.
	 */
	ssize_t (*export)(const struct transport *transport, char *to, size_t room);

	/* Whether export() can ever succeed for this connection. NULL: it can. */
	bool (*can_move)(const struct transport *transport);

	/*
	 * Called in place of init(): continues from a state that export() of another process has
	 * written. That process is not trusted, so the state must be checked. `state` is valid
	 * during the call. 0, or -errno: the core closes the connection.
	 */
	int (*import)(struct transport *transport, struct str state);
};

/* The transport's own memory: type->size bytes, which live as long as the connection. */
void *transport_state(const struct transport *transport);

/*
 * Reads from the socket, as recv(2) does, but returns -errno. It returns the bytes first that
 * were received together with the preface.
 */
ssize_t transport_read_socket(struct transport *transport, void *buffer, size_t size);

/*
 * Makes the core call receive() again after it has returned TRANSPORT_WAITS, and ask for unsent()
 * bytes. To be called on the loop's thread, but not from within the functions of struct
 * transport_type.
 */
void transport_wake(struct transport *transport);

/*
 * The module's configuration at the server with this name at the connection's address, or at the
 * default server if no server has the name or `name` is empty. `name` is the host that the client
 * has asked for; upper and lower case are the same. The result lives as long as the connection.
 */
const void *transport_conf(const struct transport *transport, struct str name,
			   const struct module *module);

/*
 * The protocols that the server with this name (as of transport_conf()) offers, best first, as the
 * list of RFC 7301 section 3.1: each name is preceded by a byte that has its length.
 */
struct str transport_protocols(const struct transport *transport, struct str name);

/*
 * A request that nobody has sent, at the server with this name (as of transport_conf()), for
 * templates that are written out before there is a request: variables of the connection and of the
 * server have their values, those of a request have none. End it before the calling function
 * returns to the core; the texts of the request live as long as it.
 */
struct request *transport_request(struct transport *transport, struct str name);
void transport_request_end(struct request *req);

/* The transport of the request's connection, if it is of this type; otherwise NULL. */
struct transport *request_transport(const struct request *req, const struct transport_type *type);

/* Writes to the socket, as send(2) does, but returns -errno. `more` is as for send() above. */
ssize_t transport_write_socket(struct transport *transport, const void *bytes, size_t len,
			       bool more);

#endif
