/* SPDX-License-Identifier: BSD-2-Clause */
#include "aead.h"

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/provider.h>
#include <stdlib.h>
#include <string.h>

struct aead {
	EVP_CIPHER *type; /* keeps the provider loaded */
	void *provider_context;
	OSSL_FUNC_cipher_newctx_fn *create;
	OSSL_FUNC_cipher_freectx_fn *free;
	OSSL_FUNC_cipher_encrypt_init_fn *begin_sealing;
	OSSL_FUNC_cipher_decrypt_init_fn *begin_opening;
	OSSL_FUNC_cipher_update_fn *update;
	OSSL_FUNC_cipher_final_fn *end;
	OSSL_FUNC_cipher_get_ctx_params_fn *get;
	OSSL_FUNC_cipher_set_ctx_params_fn *set;
};

/* --- finding the functions --- */

/* Whether one of the names, which are separated by colons, is that of the cipher. */
static bool has_name(const char *names, const EVP_CIPHER *type)
{
	char name[64];

	for (const char *at = names; *at;) {
		size_t len = strcspn(at, ":");

		if (len < sizeof(name)) {
			memcpy(name, at, len);
			name[len] = '\0';
			if (EVP_CIPHER_is_a(type, name))
				return true;
		}
		at += len + (at[len] == ':');
	}
	return false;
}

/* False: one of the functions is missing. */
static bool take_functions(struct aead *aead, const OSSL_DISPATCH *functions)
{
	for (const OSSL_DISPATCH *at = functions; at->function_id; at++)
		switch (at->function_id) {
		case OSSL_FUNC_CIPHER_NEWCTX:
			aead->create = OSSL_FUNC_cipher_newctx(at);
			break;
		case OSSL_FUNC_CIPHER_FREECTX:
			aead->free = OSSL_FUNC_cipher_freectx(at);
			break;
		case OSSL_FUNC_CIPHER_ENCRYPT_INIT:
			aead->begin_sealing = OSSL_FUNC_cipher_encrypt_init(at);
			break;
		case OSSL_FUNC_CIPHER_DECRYPT_INIT:
			aead->begin_opening = OSSL_FUNC_cipher_decrypt_init(at);
			break;
		case OSSL_FUNC_CIPHER_UPDATE:
			aead->update = OSSL_FUNC_cipher_update(at);
			break;
		case OSSL_FUNC_CIPHER_FINAL:
			aead->end = OSSL_FUNC_cipher_final(at);
			break;
		case OSSL_FUNC_CIPHER_GET_CTX_PARAMS:
			aead->get = OSSL_FUNC_cipher_get_ctx_params(at);
			break;
		case OSSL_FUNC_CIPHER_SET_CTX_PARAMS:
			aead->set = OSSL_FUNC_cipher_set_ctx_params(at);
			break;
		}
	return aead->create && aead->free && aead->begin_sealing && aead->begin_opening &&
	       aead->update && aead->end && aead->get && aead->set;
}

static bool find_functions(struct aead *aead)
{
	const OSSL_PROVIDER *provider = EVP_CIPHER_get0_provider(aead->type);
	int is_not_to_be_kept = 0;
	const OSSL_ALGORITHM *algorithms =
		provider ? OSSL_PROVIDER_query_operation(provider, OSSL_OP_CIPHER,
							 &is_not_to_be_kept) :
			   NULL;
	bool ok = false;

	if (!algorithms)
		return false;
	for (const OSSL_ALGORITHM *at = algorithms; at->algorithm_names; at++)
		if (has_name(at->algorithm_names, aead->type)) {
			ok = take_functions(aead, at->implementation);
			break; /* the functions must be those of one implementation */
		}
	OSSL_PROVIDER_unquery_operation(provider, OSSL_OP_CIPHER, algorithms);
	aead->provider_context = OSSL_PROVIDER_get0_provider_ctx(provider);
	return ok;
}

const struct aead *aead_fetch(const char *name)
{
	struct aead *aead = calloc(1, sizeof(*aead));

	if (!aead)
		return NULL;
	aead->type = EVP_CIPHER_fetch(NULL, name, NULL);
	if (aead->type && EVP_CIPHER_get_iv_length(aead->type) == AEAD_NONCE &&
	    find_functions(aead))
		return aead;
	EVP_CIPHER_free(aead->type);
	free(aead);
	return NULL;
}

/* --- messages --- */

struct aead_context *aead_create(const struct aead *aead)
{
	return aead->create(aead->provider_context);
}

void aead_free(const struct aead *aead, struct aead_context *context)
{
	if (context)
		aead->free(context);
}

bool aead_begin(const struct aead *aead, struct aead_context *context, bool seals,
		const uint8_t *key, size_t key_len, const uint8_t *nonce)
{
	if (!key)
		key_len = 0;
	return (seals ? aead->begin_sealing(context, key, key_len, nonce, AEAD_NONCE, NULL) :
			aead->begin_opening(context, key, key_len, nonce, AEAD_NONCE, NULL)) == 1;
}

bool aead_add(const struct aead *aead, struct aead_context *context, const uint8_t *bytes,
	      size_t len)
{
	size_t n;

	return aead->update(context, NULL, &n, len, bytes, len) == 1;
}

bool aead_update(const struct aead *aead, struct aead_context *context, uint8_t *out,
		 const uint8_t *in, size_t len)
{
	size_t n;

	return aead->update(context, out, &n, len, in, len) == 1 && n == len;
}

/* The ciphers here write all bytes in update(): there are none left at the end. */
static bool end(const struct aead *aead, struct aead_context *context)
{
	uint8_t none[AEAD_TAG];
	size_t n = 0;

	return aead->end(context, none, &n, sizeof(none)) == 1 && n == 0;
}

bool aead_end_sealing(const struct aead *aead, struct aead_context *context, uint8_t *tag)
{
	OSSL_PARAM parameters[] = {
		OSSL_PARAM_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, tag, AEAD_TAG),
		OSSL_PARAM_END,
	};

	return end(aead, context) && aead->get(context, parameters) == 1;
}

bool aead_end_opening(const struct aead *aead, struct aead_context *context, const uint8_t *tag)
{
	const OSSL_PARAM parameters[] = {
		OSSL_PARAM_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, (void *)tag, AEAD_TAG),
		OSSL_PARAM_END,
	};

	return aead->set(context, parameters) == 1 && end(aead, context);
}
