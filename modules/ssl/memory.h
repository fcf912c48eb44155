/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The memory of OpenSSL. An SSL object holds secrets of its connection, among them the traffic
 * secrets of TLS 1.3, and SSL_free(3) leaves them in the memory that it frees. So OpenSSL frees its
 * memory by a function of this file from the start of the program on.
 */
#ifndef SKUA_SSL_MEMORY_H
#define SKUA_SSL_MEMORY_H

#include <openssl/ssl.h>

/* SSL_free(3), but all memory that it frees is overwritten first. NULL is fine. */
void ssl_free_wiped(SSL *ssl);

#endif
