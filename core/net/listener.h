/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A listening address as the configuration describes it. The sockets belong to the master
 * (process/listen/listen.c), which opens them and keeps them over a reload. The workers only
 * inherit them.
 */
#ifndef SKUA_NET_LISTENER_H
#define SKUA_NET_LISTENER_H

#include <stdbool.h>
#include <stdint.h>
#include <conf.h>
#include <str.h>

#include "net/address.h"

struct conn;
struct opening;
struct protocol;
struct transport_type;

struct keepalive_probes {
	enum { KEEPALIVE_DEFAULT, KEEPALIVE_ON, KEEPALIVE_OFF } mode;
	int idle_s, interval_s, count; /* 0: the system's */
};

#define LISTENER_FASTOPEN_DEFAULT (-1) /* as the system has it */

struct listener {
	uint32_t id; /* given by process/: one number per address while the server lives */
	union address address;
	socklen_t address_len;
	struct str text; /* "127.0.0.1:8080", "[::]:80", "unix:/run/skua.sock" */
	struct conf_place place; /* of the first listen directive that names it */

	int backlog; /* listen(2) */
	int rcvbuf, sndbuf; /* bytes; 0: the system's */
	int fastopen; /* TCP_FASTOPEN: requests in a SYN that may wait; LISTENER_FASTOPEN_DEFAULT */
	bool multipath; /* IPPROTO_MPTCP, where the kernel has it */
	bool ipv6only;
	bool reuseport; /* one socket a worker, also in accept_mode shared */
	bool deferred; /* TCP_DEFER_ACCEPT */
	struct keepalive_probes keepalive;

	const struct protocol *protocol; /* what connections speak; set by http_start() */
	const struct protocol *switched; /* what they may change to; NULL: nothing */
	/* The .state_name of `switched`, set when the configuration is read; NULL: there is none */
	const char *switched_state;
	const void *data; /* the protocol's: the servers of this address */
	/*
	 * How a connection begins: its preface and its transport. Addresses that share a socket
	 * may have different ones. NULL: no connection has a preface or a transport.
	 */
	const struct opening *(*opening_of)(struct conn *conn);
	const struct transport_type **transports; /* of these addresses, each once */
	size_t transports_count;

	int *fds; /* open sockets: one, or one a worker with reuseport; process/ fills it in */
	int fds_count;

	/*
	 * A copy of this listener for an address that it covers and whose sockets were open
	 * before, such as 127.0.0.1:80 for 0.0.0.0:80; id, address and fds differ. process/
	 * fills it in. NULL: there is no (further) one.
	 */
	struct listener *also;
};

struct listeners {
	struct listener *items;
	size_t count;
};

/*
 * Parses the address of a listen directive: "8080", "*:8080", "127.0.0.1",
 * "127.0.0.1:8080", "localhost:8080", "[::1]:8080", "unix:/path". The port is
 * 80 if none is given. For a range of ports, "8000-8003", *out gets the first one. *ports is
 * the number of ports, 1 without a range. Returns 0 and sets address, address_len and text of
 * *out, or -EINVAL and sets the reason *why (static text).
 */
int listener_parse(struct pool *pool, struct str text, struct listener *out, unsigned *ports,
		   const char **why);

/* Changes the port of an IPv4 or IPv6 address; sets address and text. */
void listener_set_port(struct pool *pool, struct listener *listener, int port);

/* Same family, address and port (or path). */
bool listener_same(const struct listener *a, const struct listener *b);

#endif
