/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A client with TLS, by OpenSSL; certificates for tests; and a client that seals its own
 * records, so that it can send what OpenSSL never would. What goes wrong fails the test.
 */
#ifndef TESTS_TLS_CLIENT_H
#define TESTS_TLS_CLIENT_H

#include <openssl/ssl.h>
#include <stdbool.h>

#include "harness/client.h"
#include "records.h"

/*
 * A key and a certificate for `name`, signed by `issuer`, or by itself if that is NULL. The
 * algorithm is "EC", "RSA" or "RSA-1024".
 */
struct identity {
	EVP_PKEY *key;
	X509 *certificate;
};

struct identity identity_create(const char *name, const char *algorithm,
				const struct identity *issuer);

/* The same with a key on P-256, for an authority: it may sign others. */
struct identity authority_create(const char *name, const struct identity *issuer);

void identity_destroy(struct identity *identity);

/* Writes DIR/NAME.pem and DIR/NAME.key below the server's folder. */
void identity_put(const struct identity *identity, const char *dir, const char *name);

/* The certificate as the text of a file. */
const char *pem_of(X509 *certificate);

/* How a client is; zero is as usual. */
struct tls_setup {
	const char *name; /* SNI */
	const char *protocols; /* ALPN, as a list of RFC 7301 */
	const char *suite; /* of TLS 1.3 */
	const char *groups; /* of the key exchange */
	const char *signatures; /* algorithms of signatures that it accepts */
	const char *early_data; /* is sent behind its first message; wants a session */
	bool wants_staple; /* an OCSP response */
	int version; /* TLS1_2_VERSION; 0: any */
	const struct identity *identity; /* of the client */
	const struct identity *issuers[2]; /* whose certificates the client sends behind its own */
	SSL_SESSION *session; /* to be resumed */
	int fragment; /* bytes of its records at most */
	uint8_t max_fragment; /* TLSEXT_max_fragment_length_512: so much in each record, of both */
	/* Called with the server during the handshake, when its certificate has come; or NULL. */
	int (*midway)(X509_STORE_CTX *store, void *server); /* 1 */
	int port; /* index: 1 is %PORT2% */
};

struct tls {
	int fd;
	SSL *ssl;
	bool failed; /* the handshake has */
	uint8_t client_secret[RECORD_SECRET_MAX], server_secret[RECORD_SECRET_MAX];
};

struct tls *tls_open(struct server *server, const struct tls_setup *setup);
#define tls_connect(server, ...) tls_open(server, &(const struct tls_setup){ __VA_ARGS__ })
void tls_close(struct tls *tls);

void tls_send(struct tls *tls, const char *text);

/* The next response, by its Content-Length. .status 0: the connection has ended. */
struct reply tls_reply(struct tls *tls);
struct reply tls_get(struct tls *tls, const char *target); /* keep-alive */

/* Whether the server ends the connection, and with close_notify. */
bool tls_ends_orderly(struct tls *tls);

/*
 * What a command of the shell prints, errors included. %PORT%, %PORT2% and %DIR% in it are filled
 * in.
 */
const char *output_of(struct server *server, const char *command);

/* From now on the caller seals and opens: keys as they are after a handshake. */
struct record_client {
	int fd;
	const struct record_suite *suite;
	struct record_key in, out;
};

struct record_client record_client(struct tls *tls);
void record_client_send(struct record_client *client, enum record_type type, const void *bytes,
			size_t len);

/* The next alert; -1: the connection ends without one. Other records are passed over. */
int record_client_alert(struct record_client *client);

#endif
