/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IP addresses, as the bytes that request_address() gives: 4 of IPv4, 16 of IPv6, in
 * network order. No bytes stand for a client on a unix socket.
 */
#ifndef SKUA_IP_H
#define SKUA_IP_H

#include <stdbool.h>
#include <stddef.h>

#include <pool.h>
#include <str.h>

struct ip {
	unsigned char bytes[16];
	size_t len; /* 4 or 16 */
};

static inline struct str ip_bytes(const struct ip *ip)
{
	return (struct str){ (const char *)ip->bytes, ip->len };
}

/*
 * "192.0.2.1", or any form of an IPv6 address (RFC 4291 section 2.2), without brackets,
 * port and zone. False: it is none of these, and *out is undefined.
 */
bool ip_parse(struct str text, struct ip *out);

/* Room that ip_put() wants; INET6_ADDRSTRLEN of inet_ntop(3). */
enum { IP_TEXT_SIZE = 46 };

/*
 * "127.0.0.1", "2001:db8::1" (in the form of RFC 5952), "::ffff:192.0.2.1", "unix:" for
 * no bytes: written to `to`, which has IP_TEXT_SIZE bytes. Returns the new end.
 */
char *ip_put(char *to, struct str bytes);

/* The same in the pool, with a NUL behind it. */
struct str ip_text(struct pool *pool, struct str bytes);

/*
 * The 4 bytes of an IPv4 address that came over a socket of IPv6 (::ffff:192.0.2.1, RFC 4291
 * section 2.5.5.2), borrowed. Any other address is returned as it is.
 */
struct str ip_unmapped(struct str bytes);

#endif
