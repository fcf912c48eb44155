/* SPDX-License-Identifier: BSD-2-Clause */
#include "hkdf.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <string.h>
#include <strings.h>
#include <sys/uio.h>

enum { BLOCK_MAX = 128, LABEL_MAX = 249, CONTEXT_MAX = 255 };

struct hkdf_digest {
	const char *names[3];
	size_t len, block; /* in bytes: of the hash, of the blocks of the digest */
	EVP_MD *type; /* NULL: OpenSSL does not offer it */
	uint8_t hash_of_nothing[HKDF_HASH_MAX];
};

static struct hkdf_digest digests[] = {
	{ { "SHA2-256", "SHA256", "SHA-256" }, 32, 64, .type = NULL },
	{ { "SHA2-384", "SHA384", "SHA-384" }, 48, 128, .type = NULL },
};

enum { DIGESTS = sizeof(digests) / sizeof(digests[0]) };

static void fetch_all(void)
{
	for (size_t i = 0; i < DIGESTS; i++) {
		struct hkdf_digest *digest = &digests[i];
		EVP_MD *type = EVP_MD_fetch(NULL, digest->names[0], NULL);

		if (type && EVP_Digest("", 0, digest->hash_of_nothing, NULL, type, NULL) == 1)
			digest->type = type;
		else
			EVP_MD_free(type);
	}
}

const struct hkdf_digest *hkdf_digest(const char *name)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, fetch_all);
	for (size_t i = 0; i < DIGESTS; i++)
		for (size_t n = 0; n < sizeof(digests[i].names) / sizeof(digests[i].names[0]); n++)
			if (strcasecmp(digests[i].names[n], name) == 0)
				return digests[i].type ? &digests[i] : NULL;
	return NULL;
}

size_t hkdf_hash_len(const struct hkdf_digest *digest)
{
	return digest->len;
}

/*
 * Begins a hash of HMAC (RFC 2104) with the key, which is not longer than a block, and each of its
 * bytes changed by `pad`.
 */
static bool begin_hash(EVP_MD_CTX *hash, const struct hkdf_digest *digest, struct iovec key,
		       uint8_t pad)
{
	uint8_t block[BLOCK_MAX];

	memset(block, pad, digest->block);
	for (size_t i = 0; i < key.iov_len; i++)
		block[i] ^= ((const uint8_t *)key.iov_base)[i];

	bool ok = EVP_DigestInit_ex(hash, digest->type, NULL) == 1 &&
		  EVP_DigestUpdate(hash, block, digest->block) == 1;

	explicit_bzero(block, sizeof(block));
	return ok;
}

static bool hmac(EVP_MD_CTX *hash, const struct hkdf_digest *digest, struct iovec key,
		 const struct iovec *parts, int count, uint8_t *out)
{
	bool ok = begin_hash(hash, digest, key, 0x36);

	for (int i = 0; ok && i < count; i++)
		ok = EVP_DigestUpdate(hash, parts[i].iov_base, parts[i].iov_len) == 1;
	return ok && EVP_DigestFinal_ex(hash, out, NULL) == 1 &&
	       begin_hash(hash, digest, key, 0x5c) &&
	       EVP_DigestUpdate(hash, out, digest->len) == 1 &&
	       EVP_DigestFinal_ex(hash, out, NULL) == 1;
}

/* HKDF-Expand (RFC 5869 section 2.3): each block of the output is a HMAC over the one before. */
static bool expand(EVP_MD_CTX *hash, const struct hkdf_digest *digest, struct iovec key,
		   struct iovec info, uint8_t *out, size_t len)
{
	uint8_t block[HKDF_HASH_MAX], number = 0;
	bool ok = true;

	for (size_t at = 0; ok && at < len; at += digest->len) {
		const struct iovec parts[] = {
			{ block, number++ ? digest->len : 0 },
			info,
			{ &number, 1 },
		};
		size_t left = len - at;

		ok = hmac(hash, digest, key, parts, 3, block);
		if (ok)
			memcpy(out + at, block, left < digest->len ? left : digest->len);
	}
	explicit_bzero(block, sizeof(block));
	return ok;
}

bool hkdf_expand_label(const struct hkdf_digest *digest, const uint8_t *secret, const char *label,
		       size_t label_len, const void *context, size_t context_len, uint8_t *out,
		       size_t len)
{
	uint8_t info[2 + 1 + 6 + LABEL_MAX + 1 + CONTEXT_MAX], *at = info;

	if (label_len > LABEL_MAX || context_len > CONTEXT_MAX || len > 255 * digest->len)
		return false;
	*at++ = (uint8_t)(len >> 8);
	*at++ = (uint8_t)len;
	*at++ = (uint8_t)(6 + label_len);
	at = (uint8_t *)mempcpy(at, "tls13 ", 6);
	at = (uint8_t *)mempcpy(at, label, label_len);
	*at++ = (uint8_t)context_len;
	if (context_len)
		at = (uint8_t *)mempcpy(at, context, context_len);

	EVP_MD_CTX *hash = EVP_MD_CTX_new();
	bool ok = hash && expand(hash, digest, (struct iovec){ (void *)secret, digest->len },
				 (struct iovec){ info, (size_t)(at - info) }, out, len);

	EVP_MD_CTX_free(hash); /* this wipes what it has hashed */
	return ok;
}

bool hkdf_next_secret(const struct hkdf_digest *digest, const uint8_t *secret, const void *input,
		      size_t input_len, uint8_t *out)
{
	static const uint8_t zeros[HKDF_HASH_MAX];
	uint8_t salt[HKDF_HASH_MAX];
	struct iovec key = { salt, secret ? digest->len : 0 };
	const struct iovec part = { (void *)(input ? input : zeros),
				    input ? input_len : digest->len };

	if (secret && !hkdf_expand_label(digest, secret, "derived", 7, digest->hash_of_nothing,
					 digest->len, salt, digest->len))
		return false;

	EVP_MD_CTX *hash = EVP_MD_CTX_new();
	bool ok = hash && hmac(hash, digest, key, &part, 1, out);

	EVP_MD_CTX_free(hash);
	explicit_bzero(salt, sizeof(salt));
	return ok;
}
