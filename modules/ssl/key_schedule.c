/* SPDX-License-Identifier: BSD-2-Clause */
#include "key_schedule.h"

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/provider.h>
#include <string.h>
#include <sys/uio.h>

static _Thread_local struct key_schedule_secrets *reported;

void key_schedule_report(struct key_schedule_secrets *secrets)
{
	reported = secrets;
}

/* --- a derivation --- */

/* The parameters of TLS13-KDF, EVP_KDF-TLS13_KDF(7). A missing one has no iov_base. */
struct inputs {
	int mode;
	struct iovec digest, key, salt, prefix, label, data;
};

static void read_inputs(const OSSL_PARAM *params, struct inputs *in)
{
	const struct {
		const char *name;
		struct iovec *value;
	} known[] = {
		{ OSSL_KDF_PARAM_DIGEST, &in->digest }, { OSSL_KDF_PARAM_KEY, &in->key },
		{ OSSL_KDF_PARAM_SALT, &in->salt },	{ OSSL_KDF_PARAM_PREFIX, &in->prefix },
		{ OSSL_KDF_PARAM_LABEL, &in->label },	{ OSSL_KDF_PARAM_DATA, &in->data },
	};

	for (; params && params->key; params++) {
		if (strcmp(params->key, OSSL_KDF_PARAM_MODE) == 0)
			(void)OSSL_PARAM_get_int(params, &in->mode);
		for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
			if (params->key[0] == known[i].name[0] &&
			    strcmp(params->key, known[i].name) == 0)
				*known[i].value = (struct iovec){ params->data, params->data_size };
	}
}

static bool is_text(struct iovec bytes, const char *text)
{
	return bytes.iov_len == strlen(text) && memcmp(bytes.iov_base, text, bytes.iov_len) == 0;
}

static size_t copy(uint8_t *to, size_t room, const uint8_t *bytes, size_t len)
{
	if (len > room)
		return 0;
	memcpy(to, bytes, len);
	return len;
}

static void report_key(struct key_schedule_secret *to, const struct inputs *in, const uint8_t *out,
		       size_t len)
{
	if (to->len != in->key.iov_len || CRYPTO_memcmp(to->secret, in->key.iov_base, to->len) != 0)
		return;
	if (is_text(in->label, "key"))
		to->key_len = copy(to->key, sizeof(to->key), out, len);
	else if (is_text(in->label, "iv"))
		to->iv_len = copy(to->iv, sizeof(to->iv), out, len);
}

/* Sections 7.1 and 7.3: the secrets of application data, and their keys. */
static void report(const struct inputs *in, const uint8_t *out, size_t len)
{
	if (is_text(in->label, "c ap traffic")) {
		reported->client.len = copy(reported->client.secret, HKDF_HASH_MAX, out, len);
	} else if (is_text(in->label, "s ap traffic")) {
		reported->server.len = copy(reported->server.secret, HKDF_HASH_MAX, out, len);
	} else {
		report_key(&reported->client, in, out, len);
		report_key(&reported->server, in, out, len);
	}
}

/* Suites with other digests, such as those of RFC 8998, are left to OpenSSL's function. */
static int derive_by_another(unsigned char *out, size_t len, const OSSL_PARAM *params)
{
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, OSSL_KDF_NAME_TLS1_3_KDF, "provider!=skua");
	EVP_KDF_CTX *context = EVP_KDF_CTX_new(kdf);
	int result = context ? EVP_KDF_derive(context, out, len, params) : 0;

	EVP_KDF_CTX_free(context);
	EVP_KDF_free(kdf);
	return result;
}

/* OSSL_FUNC_kdf_derive_fn: libssl gives all parameters with the call. */
static int derive(void *unused, unsigned char *out, size_t len, const OSSL_PARAM *params)
{
	struct inputs in = { .mode = -1 };

	(void)unused;
	read_inputs(params, &in);

	const struct hkdf_digest *digest =
		in.digest.iov_base ? hkdf_digest(in.digest.iov_base) : NULL;

	if (in.digest.iov_base && !digest)
		return derive_by_another(out, len, params);
	if (!digest || !is_text(in.prefix, "tls13 ") || !in.label.iov_base)
		return 0;
	if (in.mode == EVP_KDF_HKDF_MODE_EXTRACT_ONLY)
		return len == hkdf_hash_len(digest) && is_text(in.label, "derived") &&
		       (!in.salt.iov_base || in.salt.iov_len == len) &&
		       hkdf_next_secret(digest, in.salt.iov_base, in.key.iov_base, in.key.iov_len,
					out);
	if (in.mode != EVP_KDF_HKDF_MODE_EXPAND_ONLY || in.key.iov_len != hkdf_hash_len(digest) ||
	    !hkdf_expand_label(digest, in.key.iov_base, in.label.iov_base, in.label.iov_len,
			       in.data.iov_base, in.data.iov_len, out, len))
		return 0;
	if (reported)
		report(&in, out, len);
	return 1;
}

/* --- the provider --- */

/* A derivation needs no state between calls. */
static void *new_context(void *provider)
{
	return provider;
}

static void free_context(void *unused)
{
	(void)unused;
}

static const OSSL_ALGORITHM *query(void *unused, int operation, int *no_store)
{
	static const OSSL_DISPATCH functions[] = {
		{ OSSL_FUNC_KDF_NEWCTX, (void (*)(void))new_context },
		{ OSSL_FUNC_KDF_FREECTX, (void (*)(void))free_context },
		{ OSSL_FUNC_KDF_DERIVE, (void (*)(void))derive },
		{ 0, NULL },
	};
	static const OSSL_ALGORITHM kdfs[] = {
		{ OSSL_KDF_NAME_TLS1_3_KDF, "provider=skua", functions, NULL },
		{ NULL, NULL, NULL, NULL },
	};

	(void)unused;
	*no_store = 0;
	return operation == OSSL_OP_KDF ? kdfs : NULL;
}

static int init(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *core,
		const OSSL_DISPATCH **out, void **provider)
{
	static const OSSL_DISPATCH functions[] = {
		{ OSSL_FUNC_PROVIDER_QUERY_OPERATION, (void (*)(void))query },
		{ 0, NULL },
	};
	static char state; /* OpenSSL wants a pointer that is not NULL */

	(void)handle;
	(void)core;
	*out = functions;
	*provider = &state;
	return 1;
}

const char *key_schedule_query(void)
{
	static OSSL_PROVIDER *provider;

	/* 1: OpenSSL's other providers are used as if this one were not there. */
	if (!provider && OSSL_PROVIDER_add_builtin(NULL, "skua", init) == 1)
		provider = OSSL_PROVIDER_try_load(NULL, "skua", 1);
	return provider ? "?provider=skua" : NULL;
}
