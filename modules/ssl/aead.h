/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ciphers with authentication (RFC 5116), as OpenSSL's providers offer them: their functions are
 * called as provider-cipher(7) describes. OpenSSL's EVP functions call the same ones, but look up
 * parameters by name several times for each message; for a short message, that takes as long as
 * encrypting it.
 *
 * Nonces have AEAD_NONCE bytes, tags AEAD_TAG. After a function has returned false, the message is
 * lost: begin another one. If it was aead_begin(), the key is lost, too: pass one the next time.
 */
#ifndef SKUA_SSL_AEAD_H
#define SKUA_SSL_AEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { AEAD_NONCE = 12, AEAD_TAG = 16 };

struct aead;
struct aead_context;

/*
 * The cipher that OpenSSL fetches by this name, such as "AES-128-GCM". It is never freed. NULL:
 * OpenSSL does not offer it, or there is no memory.
 */
const struct aead *aead_fetch(const char *name);

/* NULL: no memory. */
struct aead_context *aead_create(const struct aead *aead);
/* Wipes the key. NULL is allowed. */
void aead_free(const struct aead *aead, struct aead_context *context);

/*
 * Begins a message, to be sealed or to be opened. A context does one of the two, always. `key`:
 * NULL for the one that the context has.
 */
bool aead_begin(const struct aead *aead, struct aead_context *context, bool seals,
		const uint8_t *key, size_t key_len, const uint8_t *nonce);

/* Bytes that are authenticated and not encrypted; before the others. */
bool aead_add(const struct aead *aead, struct aead_context *context, const uint8_t *bytes,
	      size_t len);

/*
 * Encrypts or decrypts the next bytes of the message; `out` may be `in`. Decrypted bytes must not
 * be used before aead_end_opening() has returned true.
 */
bool aead_update(const struct aead *aead, struct aead_context *context, uint8_t *out,
		 const uint8_t *in, size_t len);

/* Ends a message. Opening: false if the message is not authentic. */
bool aead_end_sealing(const struct aead *aead, struct aead_context *context, uint8_t *tag);
bool aead_end_opening(const struct aead *aead, struct aead_context *context, const uint8_t *tag);

#endif
