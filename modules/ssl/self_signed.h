/* SPDX-License-Identifier: BSD-2-Clause */
/* Certificates that are made on the spot, for ssl_self_signed. */
#ifndef SKUA_SSL_SELF_SIGNED_H
#define SKUA_SSL_SELF_SIGNED_H

#include <str.h>

#include "settings.h"

/*
 * Makes a certificate for these names and addresses, with an ECDSA key on P-256. The master makes
 * it once for the same names, so that it stays the same at a reload. *out gets references of its
 * own; its chain is empty. False: OpenSSL has failed.
 */
bool self_signed_create(const struct ssl_words *names, struct ssl_certificate *out);

/* The SHA-256 fingerprint of the last one, "AB:CD:…", in the pool; data NULL: there is none. */
struct str self_signed_fingerprint(struct pool *pool);

#endif
