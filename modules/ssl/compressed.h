/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Certificates in the compressed forms of RFC 8879, for ssl_certificate_compression. OpenSSL can
 * send them since version 3.2.
 */
#ifndef SKUA_SSL_COMPRESSED_H
#define SKUA_SSL_COMPRESSED_H

#include <openssl/ssl.h>

#include "certificate.h"

/*
 * `ssl` uses the certificate from now on: gives it the compressed forms, of which it sends one to a
 * client that accepts it. They are made when they are needed first, and kept. Does nothing if the
 * settings of `ssl` or the version of OpenSSL do not permit it. May be called by several threads at
 * a time.
 */
void compressed_use(SSL *ssl, struct ssl_certificate *certificate);

/* NULL is fine. */
void compressed_free(struct ssl_compressed *compressed);

#endif
