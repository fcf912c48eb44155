/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Prefaces: bytes that connections begin with before their protocol begins, such as the
 * header of the PROXY protocol. A module declares a parameter of the directive listen, and
 * reads the preface of each connection that comes in by such an address:
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
 * A connection has client_header_timeout, that of the default server of its address, to send
 * its preface and the head of its first request. It may move to another process while the
 * preface is not complete, and afterwards. The preface stays with it.
 */
#ifndef SKUA_PREFACE_H
#define SKUA_PREFACE_H

#include <stddef.h>

#include <str.h>

struct request;
struct transport_type;

enum { PREFACE_MAX = 4096 }; /* bytes */

enum preface_verdict {
	PREFACE_MORE, /* it is not complete: read() is called again when there are more bytes */
	PREFACE_DONE, /* the first *len bytes are the preface, the protocol reads the others */
	PREFACE_REFUSED, /* the connection is closed, and the error log says so */
};

struct preface {
	const char *what; /* for messages: "the PROXY header" */
	/*
	 * Looks at all bytes that the connection has sent so far: 1 to PREFACE_MAX of them. As
	 * many as PREFACE_MAX that are no complete preface are refused by the core. *len may be
	 * 0: then there was no preface. *why, a static text, says why it is refused: "it has no
	 * port". The verdict follows from the bytes alone, since they may have come to another
	 * process.
	 */
	enum preface_verdict (*read)(struct str bytes, size_t *len, const char **why);
};

/*
 * A parameter of listen. It holds for all servers of an address if it stands in one of them.
 * Connections to one address have one preface and one transport at most.
 */
struct listen_parameter {
	const char *name; /* "proxy_protocol"; none that listen itself has */
	const struct preface *preface; /* NULL: it only says .transport */
	const char *doc; /* for `skua help listen`: "connections begin with …" */
	/* What the bytes behind a preface, if there is one, go through; NULL: nothing. */
	const struct transport_type *transport;
};

/*
 * The preface of the connection that the request came by; empty if it has had none. The bytes
 * live as long as the request. They are to be read with the same care as at first: they may
 * have been read by another process, whose configuration was another.
 */
struct str request_preface(const struct request *req);

#endif
