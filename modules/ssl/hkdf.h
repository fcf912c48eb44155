/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * HKDF (RFC 5869) as TLS 1.3 uses it (RFC 8446 section 7.1). A handshake derives more than twenty
 * secrets. OpenSSL's function needs about five times as long for each, because it looks up its
 * algorithms and copies its inputs each time. These functions use digests of OpenSSL that are
 * fetched once, and leave no copies of secrets behind.
 *
 * They may be called on any thread.
 */
#ifndef SKUA_SSL_HKDF_H
#define SKUA_SSL_HKDF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HKDF_HASH_MAX = 48 }; /* the most bytes of a hash */

struct hkdf_digest;

/*
 * "SHA256" or "SHA384", or OpenSSL's other names for them. NULL: another digest, or OpenSSL does
 * not offer it. The result lives as long as the process.
 */
const struct hkdf_digest *hkdf_digest(const char *name);

size_t hkdf_hash_len(const struct hkdf_digest *digest);

/*
 * HKDF-Expand-Label. `secret` has hkdf_hash_len() bytes. The label is without its prefix "tls13 ";
 * it has at most 249 bytes, and the context at most 255. False: the lengths are not allowed, or
 * there is no memory.
 */
bool hkdf_expand_label(const struct hkdf_digest *digest, const uint8_t *secret, const char *label,
		       size_t label_len, const void *context, size_t context_len, uint8_t *out,
		       size_t len);

/*
 * One step of the key schedule: HKDF-Extract(Derive-Secret(secret, "derived", ""), input).
 * `secret`: NULL for the first step, whose salt is empty. `input`: NULL stands for a hash of zeros.
 * *out has hkdf_hash_len() bytes. False: no memory.
 */
bool hkdf_next_secret(const struct hkdf_digest *digest, const uint8_t *secret, const void *input,
		      size_t input_len, uint8_t *out);

#endif
