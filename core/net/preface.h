/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The protocol that reads the preface of a connection (include/preface.h), before the connection's
 * own protocol begins. It is a struct protocol like others, but responds and sends nothing. After
 * the preface the connection continues with the protocol of its listener, which imports the bytes
 * that were received after the preface as if another process had handed the connection over.
 *
 *     waits for       woken by   deadline
 *     --------------  ---------  --------------------------------------------------
 *     the first byte  EPOLLIN    opening.timeout_ms after the accept; idle
 *     more bytes      EPOLLIN    the same
 *     the protocol    (at once)  the same, also for the head of the first request
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
