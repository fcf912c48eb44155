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

struct ssl_facts {
	uint16_t version; /* TLS1_3_VERSION */
	uint16_t cipher; /* its number in the protocol */
	uint32_t group; /* of the key exchange, SSL_get_negotiated_group(3); 0: none */
	uint8_t is_resumed;
	uint8_t has_verified; /* the client has shown a certificate */
	int32_t verify_result; /* X509_V_OK, or an error code of OpenSSL */
	int64_t expires_s; /* of the client's certificate, since the epoch; 0: there is none */
	uint8_t rules[16]; /* the beginning of ssl_settings.session_context */
	uint16_t name_len, protocol_len, certificate_len;
	char bytes[]; /* the server's name, the protocol (ALPN), the client's certificate (DER) */
};

enum { FACTS_CERTIFICATE_MAX = 8 * 1024 }; /* bytes; a longer client certificate is not kept */

/*
 * Takes the facts from a completed handshake; `name` is that in its ClientHello.
 * keeps_certificate: variables need the client's certificate. The result is from malloc(3). NULL:
 * no memory.
 */
struct ssl_facts *ssl_facts_create(SSL *ssl, struct str name, bool keeps_certificate);

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

struct str ssl_facts_bytes(const struct ssl_facts *facts); /* the whole struct */
struct str ssl_facts_name(const struct ssl_facts *facts);
struct str ssl_facts_protocol(const struct ssl_facts *facts);
struct str ssl_facts_certificate(const struct ssl_facts *facts); /* empty: none is kept */

#endif
