/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A TLS handshake, which OpenSSL performs, in steps. Those that need half a millisecond of CPU
 * time run on threads, short ones on the loop, and those that resume a session on either. The
 * input of a step are the records that the client has sent, and the output are the records to
 * send. OpenSSL gets one record at a time, so it never reads records after the last handshake
 * message of the client.
 *
 * After the handshake, records.c encrypts and decrypts the records of TLS 1.3 with the secrets
 * that key_schedule.c has derived for OpenSSL, and the SSL object is freed. For other connections,
 * for example with TLS 1.2, the SSL object is kept.
 */
#ifndef SKUA_SSL_HANDSHAKE_H
#define SKUA_SSL_HANDSHAKE_H

#include <openssl/ssl.h>
#include <stdatomic.h>
#include <str.h>

#include "hello.h"
#include "key_schedule.h"
#include "named.h"
#include "records.h"
#include "settings.h"

enum handshake_result {
	HANDSHAKE_MORE, /* it needs further records */
	HANDSHAKE_NEEDS_CERTIFICATES, /* the caller sets `named` or lacks_named, and goes on */
	HANDSHAKE_DONE,
	HANDSHAKE_FAILED, /* the output is an alert */
};

/* One step runs at a time. While it runs, nothing else may access the struct. */
struct handshake {
	void *owner; /* the caller's; NULL: it was abandoned */
	unsigned steps; /* the caller's: how many were started */
	atomic_bool is_abandoned;
	const struct ssl_settings *settings;
	struct named_set *named; /* of settings->pairs; owned; NULL: not needed yet */
	bool resumes_quickly; /* the caller's: by a ticket whose key is known */
	bool lacks_named; /* there is no set of certificates: the handshake fails */
	struct str protocols; /* for ALPN: the caller's, as of transport_protocols() */
	uint8_t name_len; /* of the name of the server in the ClientHello */
	char name[HELLO_NAME_MAX];
	SSL *ssl; /* made by the first step */

	/* The input and the result of a step: */
	uint8_t *input; /* malloc(3)ed: complete records */
	size_t input_len, input_used;
	enum handshake_result result;
	const char *error; /* static text: why the result is HANDSHAKE_FAILED */

	/* The bytes that OpenSSL has written since the last step, to be sent; from malloc(3). */
	char *output;
	size_t output_len;

	struct key_schedule_secrets secrets; /* of TLS 1.3 */
	uint64_t records_sent; /* with the server's secret: tickets */
};

/*
 * `name`: of hello_read(). NULL: no memory. Until the first step the handshake needs little memory.
 */
struct handshake *handshake_create(const struct ssl_settings *settings, struct str name);

/* Wipes the secrets. NULL is fine. */
void handshake_destroy(struct handshake *handshake);

/*
 * The owner has gone while a step runs or waits for a thread: the step ends early, and does nothing
 * if it has not begun. The caller destroys the handshake when the step has ended.
 */
void handshake_abandon(struct handshake *handshake);

/* Adds records to the input of the next step. They are copied. 0 or -ENOMEM. */
int handshake_add(struct handshake *handshake, struct str records);

/*
 * Runs a step, on any thread: goes on with the handshake as far as the records of handshake_add()
 * allow.
 */
void handshake_step(struct handshake *handshake);

/*
 * Whether the next step is a short one, which may run on the loop's thread. Of TLS 1.3 only the
 * client's Finished is missing then, and no certificate of the client: the step needs some hashes
 * and a ticket, but no key exchange and no signature. Nor is it to wait for the keys of tickets.
 */
bool handshake_is_nearly_done(const struct handshake *handshake);

/* Prepares an SSL_CTX for handshakes. Call it once for each SSL_CTX. */
void handshake_prepare(SSL_CTX *context);

#endif
