/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A connection before its protocol begins: its first bytes are the preface that a module reads
 * (include/preface.h). This is a protocol like others, with nothing to respond or to send. At
 * the end of the preface the connection goes on with the protocol of its listener, which gets
 * the bytes that have come with the preface as if another process had sent them.
 *
 *     waits for       woken by   deadline
 *     --------------  ---------  --------------------------------------------------
 *     the first byte  EPOLLIN    opening.timeout_ms after the accept; idle
 *     more bytes      EPOLLIN    the same
 *     the protocol    (at once)  the same: the first head of a request is late with it
 */
#ifndef SKUA_NET_PREFACE_H
#define SKUA_NET_PREFACE_H

#include <preface.h>
#include <stdint.h>

struct log;
struct protocol;
struct transport_type;

/* How the connections to an address begin. */
struct opening {
	const struct preface *preface; /* NULL: none */
	const struct protocol *protocol; /* preface_protocol */
	int64_t timeout_ms; /* of the preface */
	const struct log *log; /* NULL: that of the process */
	const struct transport_type *transport; /* of the bytes behind the preface; NULL: plain */
};

extern const struct protocol preface_protocol;

#endif
