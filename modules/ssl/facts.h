/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Properties of a connection after its handshake, for variables and access rules. They are one
 * flat piece of memory without pointers, so that they can move to another process with the
 * connection.
 */
#ifndef SKUA_SSL_FACTS_H
#define SKUA_SSL_FACTS_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <str.h>

/* Texts and bytes of a handshake. */
enum ssl_fact {
	FACT_NAME, /* of the server, as the client has asked for it (SNI) */
	FACT_PROTOCOL, /* the one that was agreed on (ALPN) */
	/* These are kept only if a variable of the configuration needs them: */
	FACT_CERTIFICATE, /* of the client, in DER */
	FACT_CIPHERS, /* that the client has offered, as OpenSSL names them, separated by colons */
	FACT_CURVES, /* groups that the client has offered, in the same way */
	FACT_SIGALG, /* by which the server has signed, as the IANA names it */
	FACT_CLIENT_SIGALG,
	FACTS,
};

struct ssl_facts {
	uint16_t version; /* TLS1_3_VERSION */
	uint16_t cipher; /* its number in the protocol */
	uint32_t group; /* of the key exchange, SSL_get_negotiated_group(3); 0: none */
	uint8_t is_resumed;
	uint8_t has_verified; /* the client has shown a certificate */
	int32_t verify_result; /* X509_V_OK, or an error code of OpenSSL */
	int64_t expires_s; /* of the client's certificate, since the epoch; 0: there is none */
	uint8_t rules[16]; /* the beginning of ssl_settings.session_context */
	uint16_t lens[FACTS];
	char bytes[]; /* one after the other */
};

enum { FACT_MAX = 8 * 1024 }; /* bytes; a longer one, such as a certificate, is not kept */

/*
 * Takes the facts from a completed handshake; `name` is that in its ClientHello. kept: a bit for
 * each enum ssl_fact that a variable needs. The result is from malloc(3). NULL: no memory.
 */
struct ssl_facts *ssl_facts_create(SSL *ssl, struct str name, unsigned kept);

/*
 * Copies the ssl_facts_bytes() of another process. The result is from malloc(3). NULL: the bytes
 * are invalid, or no memory.
 */
struct ssl_facts *ssl_facts_import(struct str bytes);

/*
 * The result of the check of the client's certificate, as of now: a connection or a session may
 * last longer than the certificate that was valid in its handshake.
 */
int ssl_facts_verify_result(const struct ssl_facts *facts);

/*
 * The name of a group of the key exchange, as OpenSSL's functions about groups number it: with
 * TLSEXT_nid_unknown, the rest is the number in the protocol. NULL: it is not known.
 */
const char *ssl_group_name(uint32_t group);

struct str ssl_facts_bytes(const struct ssl_facts *facts); /* the whole struct */
struct str ssl_fact(const struct ssl_facts *facts, enum ssl_fact which); /* empty: none */

#endif
