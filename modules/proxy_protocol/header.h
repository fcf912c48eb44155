/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The header of the PROXY protocol, versions 1 and 2
 * (https://www.haproxy.org/download/2.8/doc/proxy-protocol.txt). Functions without state.
 */
#ifndef SKUA_PROXY_PROTOCOL_HEADER_H
#define SKUA_PROXY_PROTOCOL_HEADER_H

#include <stdbool.h>
#include <stdint.h>

#include <ip.h>
#include <preface.h>

struct proxy_header {
	bool has_addresses; /* false: UNKNOWN, LOCAL, or not TCP over IPv4 or IPv6 */
	struct ip source, destination;
	int source_port, destination_port;
	struct str tlvs; /* of version 2, after the addresses; borrowed, not checked */
};

/*
 * Parses the header at the beginning of the bytes, with the contract of `read` in struct preface.
 * With PREFACE_DONE *out is set.
 */
enum preface_verdict proxy_header_parse(struct str bytes, struct proxy_header *out, size_t *len,
					const char **why);

/* The types of TLVs (section 2.2). */
enum {
	TLV_ALPN = 0x01,
	TLV_AUTHORITY = 0x02,
	TLV_UNIQUE_ID = 0x05,
	TLV_SSL = 0x20,
	TLV_SSL_VERSION = 0x21,
	TLV_SSL_CN = 0x22,
	TLV_SSL_CIPHER = 0x23,
	TLV_SSL_SIG_ALG = 0x24,
	TLV_SSL_KEY_ALG = 0x25,
	TLV_NETNS = 0x30,
};

/* Sets *value to the value of the first TLV of this type; it is borrowed. False: there is none. */
bool tlv_find(struct str tlvs, unsigned type, struct str *value);

/*
 * Splits the value of TLV_SSL: *verify is 0 if the client's certificate was verified, and *tlvs
 * are the TLVs nested in the value. False: the value is too short.
 */
bool tlv_ssl_split(struct str value, uint32_t *verify, struct str *tlvs);

#endif
