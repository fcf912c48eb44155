/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Transports: what the bytes of a connection go through between its socket and its protocol,
 * as those of TLS do. A connection without a transport is plain.
 *
 *     socket ── transport_read_socket() ──> receive() ──> protocol
 *     socket <── transport_write_socket() ─── send() <─── protocol
 *
 * A module names its transport in a parameter of listen (preface.h), and the connections to
 * such an address have it from their first byte, or from the end of their preface on.
 *
 * The calls below are made on the loop's thread, one at a time for each connection. None of
 * them may wait. When receive() or send() cannot go on, it returns what it needs: the core
 * repeats the call when the socket has bytes or room. What a transport holds itself, the core
 * learns by asking: has_bytes() for received bytes that no event of the socket will report,
 * unsent() for bytes that still have to leave. So a transport needs no timer and no events.
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

/* Results of receive() and send() that are no errors of errno(3). */
enum {
	TRANSPORT_NEEDS_BYTES = -5000, /* from the socket, which has none: call it again then */
	TRANSPORT_NEEDS_ROOM, /* in the socket; what must be written first is unsent() */
	TRANSPORT_WAITS, /* receive() only: for a thread, or a timer; see transport_wake() */
};

enum { TRANSPORT_STATE_MAX = 48 * 1024 }; /* bytes that export() writes at most */

struct transport_type {
	/*
	 * For messages, and for connections that move: the process that takes one must know a
	 * transport of this name. A change of what export() writes needs another name.
	 */
	const char *name; /* "scrambling 1" */
	size_t size; /* of transport_state(), which is zero when init() or import() begins */
	/*
	 * The name of the directive that the default server of an address must have besides, and
	 * has not; NULL: nothing is missing. `conf` is the struct of `module` at that server.
	 * Both members may be NULL.
	 */
	const struct module *module;
	const char *(*lacks)(const void *conf);

	bool is_secure; /* $scheme is "https", and 443 the port that links need not name */

	/* A connection begins. 0; -errno: it is closed. NULL: there is nothing to do. */
	int (*init)(struct transport *transport);

	/* Releases what the state refers to, and wipes what is secret. Sends nothing. */
	void (*finish)(struct transport *transport);

	/*
	 * Gives at most `size` bytes to the protocol. Returns how many; 0: the peer has ended;
	 * one of the results above; or -errno: the connection is broken. NEEDS_BYTES: it has
	 * read the socket until that had no more, and has_bytes() is false.
	 */
	ssize_t (*receive)(struct transport *transport, void *buffer, size_t size);

	/* Whether receive() would give bytes or the end without reading from the socket. */
	bool (*has_bytes)(const struct transport *transport);

	/*
	 * Takes bytes of the protocol, seals them, and writes as much as the socket takes.
	 * Returns how many it has taken, at least 1; these are not given again. With count 0 it
	 * only writes what it holds, and returns 0. Otherwise as receive(). It takes nothing
	 * while much is unsent(). `more`: further bytes follow at once, so that what fills no
	 * record or segment may be held back.
	 */
	ssize_t (*send)(struct transport *transport, const struct iovec *iov, int count, bool more);

	/*
	 * How many bytes it still has to write. Those that stand for the protocol's last bytes
	 * must be at least as many as those: a response has left when this is 0, or small enough.
	 */
	size_t (*unsent)(const struct transport *transport);

	/*
	 * As sendfile(2), from `offset` on, but returns -errno; to be called only while nothing
	 * is unsent(). NULL: the bytes of files are read, and go through send().
	 */
	ssize_t (*send_file)(struct transport *transport, int fd, uint64_t offset, size_t size);

	/*
	 * The orderly end of what is sent: adds what tells the peer that nothing is missing to
	 * what is unsent(). Called once, after the last send() with bytes; receive() may still
	 * be called, but from now on nothing is added to what is unsent(). Not called where a
	 * response was cut off. NULL: it sends no such thing.
	 */
	void (*end)(struct transport *transport);

	/*
	 * Writes its whole state, bytes that are held included, so that the connection can go on
	 * in another process; changes nothing. Returns how many bytes it has written; or
	 * -EAGAIN, -EMSGSIZE: it cannot move now, the old process goes on with it until it can.
	 * When the message with the state is sent, finish() is called here before anything else;
	 * if it was not sent, the transport goes on here. So at no time do two processes use a
	 * state, but one may be lost when a process is killed. NULL: such connections do not
	 * move; they end after the next response.
	 */
	ssize_t (*export)(const struct transport *transport, char *to, size_t room);

	/* Whether export() will ever do it for this connection. NULL: it will. */
	bool (*can_move)(const struct transport *transport);

	/*
	 * In place of init(): goes on from an exported state, which has come from a process that
	 * is not trusted. 0; -errno: the connection is closed.
	 */
	int (*import)(struct transport *transport, struct str state);
};

/* The transport's own memory, type->size bytes, for as long as the connection. */
void *transport_state(const struct transport *transport);

/*
 * Reads from the socket, as recv(2) does, but returns -errno. What has come with the preface
 * comes first.
 */
ssize_t transport_read_socket(struct transport *transport, void *buffer, size_t size);

/*
 * After TRANSPORT_WAITS: receive() can go on. On the loop's thread; not from a call of the
 * transport's own functions.
 */
void transport_wake(struct transport *transport);

/*
 * The module's configuration at the server that has this name at the connection's address: the
 * default server where no server has it, or none is given. A name is the host that a client has
 * asked for, in any case of letters.
 */
const void *transport_conf(const struct transport *transport, struct str name,
			   const struct module *module);

/* The transport of the request's connection, if it is of this type; otherwise NULL. */
struct transport *request_transport(const struct request *req, const struct transport_type *type);

/* Writes to the socket, as send(2) does, but returns -errno. */
ssize_t transport_write_socket(struct transport *transport, const void *bytes, size_t len,
			       bool more);

#endif
