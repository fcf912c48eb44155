/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Prefaces: bytes that a connection begins with before its protocol begins, such as the header
 * of the PROXY protocol. A module declares a parameter of the directive listen, and reads the
 * preface of each connection to an address with this parameter:
 *
 *     static enum preface_verdict read_header(struct str bytes, size_t *len, const char **why)
 *     {
 *             …
 *     }
 *
 *     static const struct preface header = { "the PROXY header", read_header };
 *
 *     .listen_parameters = (const struct listen_parameter[]) {
 *             { "proxy_protocol", &header, "Connections begin with a PROXY header." },
 *             { 0 }
 *     },
 *
 * A connection must send its preface and the head of its first request within the
 * client_header_timeout of the default server of its address. It may move to another process
 * before or after the preface is complete; the preface is moved with it.
 */
#ifndef SKUA_PREFACE_H
#define SKUA_PREFACE_H

#include <stddef.h>

#include <str.h>

struct request;
struct transport_type;

enum { PREFACE_MAX = 4096 }; /* bytes */

enum preface_verdict {
	PREFACE_MORE, /* the preface is incomplete: call read() again when more bytes have come */
	PREFACE_DONE, /* the first *len bytes are the preface; the protocol reads the rest */
	PREFACE_REFUSED, /* the core closes the connection and logs the reason *why */
};

struct preface {
	const char *what; /* for messages: "the PROXY header" */
	/*
	 * Looks at all bytes that the connection has sent so far: 1 to PREFACE_MAX bytes. If
	 * PREFACE_MAX bytes are not a complete preface, the core refuses the connection. For
	 * PREFACE_DONE, *len is the length of the preface in bytes; 0 means that there is none.
	 * For PREFACE_REFUSED, *why is the reason, a static text: "it has no port". The verdict
	 * must depend on the bytes alone, because another process may have received them.
	 */
	enum preface_verdict (*read)(struct str bytes, size_t *len, const char **why);
};

/*
 * A parameter of listen. If one server of an address has it, it applies to all servers of that
 * address. Connections to one address have at most one preface and one transport.
 */
struct listen_parameter {
	const char *name; /* "proxy_protocol"; must not be a parameter of listen itself */
	const struct preface *preface; /* NULL: the parameter only sets the transport */
	const char *doc; /* for `skua help listen`: "connections begin with …" */
	/* The transport of the bytes that follow the preface, if any; NULL: they are plain. */
	const struct transport_type *transport;
};

/*
 * The preface of the request's connection; empty if the connection had none. The bytes live as
 * long as the request. They must be checked again, because another process with another
 * configuration may have accepted them.
 */
struct str request_preface(const struct request *req);

#endif
