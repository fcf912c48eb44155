/* SPDX-License-Identifier: BSD-2-Clause */
/* Private keys in PEM. */
#ifndef SKUA_SSL_KEYS_H
#define SKUA_SSL_KEYS_H

#include <conf.h>
#include <openssl/evp.h>

/*
 * Reads the first private key of the text. Each of the passwords is tried in turn. NULL: there is
 * none that can be read; ssl_error_text() says why. May be called on any thread, but by one at a
 * time.
 */
EVP_PKEY *key_parse(struct str text, const struct str_list *passwords);

#endif
