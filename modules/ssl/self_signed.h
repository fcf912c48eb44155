/* SPDX-License-Identifier: BSD-2-Clause */
/* Certificates that are made on the spot, for ssl_self_signed. */
#ifndef SKUA_SSL_SELF_SIGNED_H
#define SKUA_SSL_SELF_SIGNED_H

#include <str.h>

#include "settings.h"

/*
 * Makes a certificate for these names and addresses, with an ECDSA key on P-256. The master makes
 * it once for the same names, so that it stays the same at a reload and an upgrade. *out gets
 * references of its own; its chain is empty. False: OpenSSL has failed.
 */
bool self_signed_create(const struct ssl_words *names, struct ssl_certificate *out);

/*
 * The SHA-256 fingerprint of the one that was created last, "AB:CD:…", in the pool. data NULL: none
 * was created.
 */
struct str self_signed_fingerprint(struct pool *pool);

/* For the module's pass_on() and take_over() (module.h): all that were made, with their keys. */
struct str self_signed_pass_on(struct pool *pool);
void self_signed_take_over(struct str bytes);

#endif
