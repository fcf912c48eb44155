/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The memory of OpenSSL. An SSL object holds secrets of its connection: the traffic secrets of TLS
 * 1.3, and the master secret of a session. SSL_free(3) leaves them in the memory that it frees, and
 * so does SSL_do_handshake(3) with the session that it encodes for a ticket. So OpenSSL frees its
 * memory by a function of this file from the start of the program on.
 */
#ifndef SKUA_SSL_MEMORY_H
#define SKUA_SSL_MEMORY_H

#include <openssl/ssl.h>
#include <stdbool.h>

/*
 * False: OpenSSL has got memory before the program began, and keeps to its own functions. Then the
 * functions below overwrite nothing.
 */
bool ssl_memory_is_ours(void);

/* SSL_do_handshake(3), but all memory that it frees is overwritten first. */
int ssl_do_handshake_wiped(SSL *ssl);

/* SSL_free(3), but all memory that it frees is overwritten first. NULL is fine. */
void ssl_free_wiped(SSL *ssl);

#endif
