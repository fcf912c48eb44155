/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The key schedule of TLS 1.3 (RFC 8446 section 7.1) for OpenSSL's handshakes. OpenSSL looks for
 * the function that derives secrets, TLS13-KDF, among its providers; see provider-kdf(7). This file
 * is a provider with this one function, which is hkdf.c. It makes handshakes faster, and it is how
 * the secrets of application data become known. OpenSSL would report them only as a line of text,
 * which it also writes for the four other secrets, by some hundred calls of sprintf(3).
 */
#ifndef SKUA_SSL_KEY_SCHEDULE_H
#define SKUA_SSL_KEY_SCHEDULE_H

#include <stdint.h>

#include "hkdf.h"

enum { KEY_SCHEDULE_KEY_MAX = 32, KEY_SCHEDULE_IV = 12 };

/* A traffic secret of application data, and what is derived from it (section 7.3). */
struct key_schedule_secret {
	uint8_t secret[HKDF_HASH_MAX], key[KEY_SCHEDULE_KEY_MAX], iv[KEY_SCHEDULE_IV];
	size_t len, key_len, iv_len; /* 0: not derived yet */
};

struct key_schedule_secrets {
	struct key_schedule_secret client, server;
};

/*
 * The property query for SSL_CTX_new_ex(3) with which handshakes prefer the provider. It is loaded
 * by the first call, which must come from the only thread. NULL: it could not be loaded. OpenSSL
 * still uses its own function if its configuration demands properties that this one does not have,
 * such as fips=yes; then the secrets stay unknown.
 */
const char *key_schedule_query(void);

/*
 * From now on the secrets that OpenSSL derives on this thread are copied to *secrets. NULL: they
 * are not copied.
 */
void key_schedule_report(struct key_schedule_secrets *secrets);

#endif
