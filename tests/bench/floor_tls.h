/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the floors with TLS share: handshakes by OpenSSL, on the loop and without tickets, after
 * which modules/ssl/records.c seals and opens records.
 */
#ifndef SKUA_BENCH_FLOOR_TLS_H
#define SKUA_BENCH_FLOOR_TLS_H

#include <openssl/ssl.h>
#include <stdbool.h>

#include "modules/ssl/records.h"

struct floor_tls {
	SSL *ssl; /* NULL: the handshake is done, and records are our own */
	uint8_t client[RECORD_SECRET_MAX], server[RECORD_SECRET_MAX];
	const struct record_suite *suite;
	struct record_key in, out;
	uint8_t *unsent; /* sealed, and refused by the socket; NULL: nothing */
	size_t unsent_len;
};

/*
 * A context with this certificate and key (paths). `alpn`: the protocol that is chosen, in the
 * format of SSL_set_alpn_protos(3); NULL: none. NULL is returned if that is not possible.
 */
SSL_CTX *floor_tls_context(const char *certificate, const char *key, const char *alpn);

/* The server's side of a new connection. */
void floor_tls_begin(struct floor_tls *tls, SSL_CTX *context, int fd);

/* 1: the handshake is done; 0: it waits for bytes; -1: it has failed. */
int floor_tls_shake_hands(struct floor_tls *tls);

/* From now on the records are sealed and opened by `suite`. False: that is not possible. */
bool floor_tls_take_keys(struct floor_tls *tls);

/*
 * Sends sealed bytes. 1: all of them; 0: the socket is full, and the rest is kept: call
 * floor_tls_flush() when it has room; -1: the connection is broken.
 */
int floor_tls_send(struct floor_tls *tls, int fd, const uint8_t *bytes, size_t len);
int floor_tls_flush(struct floor_tls *tls, int fd);

void floor_tls_finish(struct floor_tls *tls);

#endif
