/* SPDX-License-Identifier: BSD-2-Clause */
/* The address of one end of a connection: IPv4, IPv6 or a unix socket. */
#ifndef SKUA_NET_ADDRESS_H
#define SKUA_NET_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <str.h>

struct pool;

union address {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	struct sockaddr_un un;
};

/* The bytes of the IP address, borrowed (ip.h); none of a unix socket. */
struct str address_bytes(const union address *address);

/* The address without its port, in the pool: "127.0.0.1", "::1", "unix:". */
struct str address_text(const union address *address, struct pool *pool);

/* The port in the order of the host; 0 for unix sockets. */
int address_port(const union address *address);
void address_set_port(union address *address, int port); /* of an IPv4 or IPv6 address */

/* Whether the address is 0.0.0.0 or [::], whatever its port. Not for unix sockets. */
bool address_is_any(const union address *address);

/* Whether both have the same TCP port; false for unix sockets. */
bool address_same_port(const union address *a, const union address *b);

#endif
