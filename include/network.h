/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Networks as they are written in configurations: one address, address/bits (RFC 4632
 * section 3.1, RFC 4291 section 2.3), "unix:" or "all"; and whether an address belongs to one.
 * Addresses are bytes as in ip.h.
 *
 * An IPv4 address that came over a socket of IPv6 is compared as IPv4: the client 192.0.2.1 is
 * in 192.0.2.0/24, and not in ::/0; ::ffff:192.0.2.0/120 is the same as 192.0.2.0/24.
 */
#ifndef SKUA_NETWORK_H
#define SKUA_NETWORK_H

#include <stdbool.h>
#include <stddef.h>

#include <ip.h>
#include <pool.h>
#include <str.h>

struct conf_call;
struct conf_word;

enum network_kind {
	NETWORK_IP = 1 << 0, /* the addresses of one version that begin with the same bits */
	NETWORK_UNIX = 1 << 1, /* all clients of unix sockets */
	NETWORK_ALL = 1 << 2, /* all clients */
};

struct network {
	enum network_kind kind;
	struct ip ip; /* of NETWORK_IP; the bits behind the first `bits` are 0 */
	unsigned bits;
};

enum network_result {
	NETWORK_GOOD,
	NETWORK_HOST_BITS, /* good, but the address had bits behind its /bits; they were cleared */
	NETWORK_NO_ADDRESS, /* what stands before the "/", if any, is no address */
	NETWORK_NO_LENGTH, /* what stands behind it is no number from 0 to out->bits */
};

enum network_result network_parse(struct str text, struct network *out);

/*
 * The same for a word of the configuration, which must be of one of `kinds` (or-ed). Warns
 * of bits behind the network's. Returns 0, or -EINVAL after conf_error().
 */
int conf_parse_network(struct conf_call *call, const struct conf_word *word, unsigned kinds,
		       struct network *out);

/* Whether the address belongs to the network. */
bool network_has(const struct network *network, struct str address);

/* Networks in an order, each with a number that means something to the caller. Starts zeroed. */
struct networks {
	struct network_entry {
		struct network network;
		int value;
	} *items;
	size_t count, capacity;
};

/* Adds it behind the others. The pool must be the same each time. */
void networks_add(struct networks *networks, struct pool *pool, const struct network *network,
		  int value);

/* The value of the first network that has the address, in the order they were added. */
bool networks_find(const struct networks *networks, struct str address, int *value);

#endif
