/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A handshake, which OpenSSL makes. It costs half a millisecond of CPU, so it runs on
 * threads, step by step: each step takes the records that the client has sent and gives those
 * that are to be sent. OpenSSL is fed record by record, so nothing behind the client's last
 * message of the handshake gets into it.
 *
 * After it, records of TLS 1.3 are sealed and opened by records.c, with the secrets that
 * OpenSSL has told, and the SSL object is freed. Where that cannot be, it stays.
 */
#ifndef SKUA_SSL_HANDSHAKE_H
#define SKUA_SSL_HANDSHAKE_H

#include <openssl/ssl.h>
#include <str.h>

#include "hello.h"
#include "records.h"
#include "settings.h"

enum handshake_result {
	HANDSHAKE_MORE, /* it needs further records */
	HANDSHAKE_DONE,
	HANDSHAKE_FAILED, /* what is to be sent is an alert */
};

/* One step is made at a time, and nothing else touches the struct meanwhile. */
struct handshake {
	void *owner; /* the caller's */
	const struct ssl_settings *settings;
	uint8_t name_len; /* of the server, as the ClientHello has it */
	char name[HELLO_NAME_MAX];
	SSL *ssl;

	/* Of a step: */
	uint8_t *input; /* malloc(3)ed: complete records */
	size_t input_len, input_used;
	enum handshake_result result;
	const char *error; /* HANDSHAKE_FAILED: why. Static text */

	/* What OpenSSL wants to have sent, since the last step; malloc(3)ed. */
	char *output;
	size_t output_len;

	/* Of TLS 1.3, from the key log: */
	uint8_t client_secret[RECORD_SECRET_MAX], server_secret[RECORD_SECRET_MAX];
	size_t client_secret_len, server_secret_len; /* 0: not known */
	uint64_t records_sent; /* with the server's secret: tickets */
};

/* `name`: of hello_read(). NULL: no memory. */
struct handshake *handshake_create(const struct ssl_settings *settings, struct str name);

/* Wipes the secrets. NULL is fine. */
void handshake_destroy(struct handshake *handshake);

/* Takes records, which are copied, for the next step. 0 or -ENOMEM. */
int handshake_add(struct handshake *handshake, struct str records);

/* The step itself, on any thread: as much as the records of handshake_add() allow. */
void handshake_step(struct handshake *handshake);

/* Called once for each SSL_CTX: what handshakes need of it. */
void handshake_prepare(SSL_CTX *context);

#endif
