/* SPDX-License-Identifier: BSD-2-Clause */
/* Derived secrets: each is that of OpenSSL's own function. */
#include "harness/test.h"

#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <string.h>
#include <sys/uio.h>

#include "hkdf.h"

static const char *const names[] = { "SHA256", "SHA384" };

/* Bytes that differ everywhere. */
static const uint8_t *some_bytes(void)
{
	static uint8_t bytes[2048];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 7 + (i >> 8));
	return bytes;
}

/* What OpenSSL's function TLS13-KDF derives. iov_base NULL: it does not get the parameter. */
static bool reference(const char *digest, int mode, struct iovec key, struct iovec salt,
		      struct iovec label, struct iovec data, uint8_t *out, size_t len)
{
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "TLS13-KDF", "provider=default");
	EVP_KDF_CTX *context = EVP_KDF_CTX_new(kdf);
	OSSL_PARAM params[8], *end = params;
	const struct {
		const char *name;
		struct iovec value;
	} strings[] = {
		{ OSSL_KDF_PARAM_KEY, key },	 { OSSL_KDF_PARAM_SALT, salt },
		{ OSSL_KDF_PARAM_LABEL, label }, { OSSL_KDF_PARAM_DATA, data },
		{ OSSL_KDF_PARAM_PREFIX, { (void *)"tls13 ", 6 } },
	};

	*end++ = OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode);
	*end++ = OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)digest, 0);
	for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++)
		if (strings[i].value.iov_base)
			*end++ = OSSL_PARAM_construct_octet_string(strings[i].name,
								   strings[i].value.iov_base,
								   strings[i].value.iov_len);
	*end = OSSL_PARAM_construct_end();

	bool ok = EVP_KDF_derive(context, out, len, params) == 1;

	EVP_KDF_CTX_free(context);
	EVP_KDF_free(kdf);
	return ok;
}

static const struct iovec none = { NULL, 0 };

START_TEST(names_of_digests)
{
	ck_assert_uint_eq(hkdf_hash_len(hkdf_digest("SHA256")), 32);
	ck_assert_uint_eq(hkdf_hash_len(hkdf_digest("SHA384")), 48);
	ck_assert_ptr_eq(hkdf_digest("SHA2-256"), hkdf_digest("SHA256"));
	ck_assert_ptr_eq(hkdf_digest("sha2-384"), hkdf_digest("SHA384"));
	ck_assert_ptr_null(hkdf_digest("MD5"));
	ck_assert_ptr_null(hkdf_digest(""));
}
END_TEST

START_TEST(labels_as_openssl)
{
	static const size_t label_lens[] = { 1, 2, 11, 249 }, data_lens[] = { 0, 1, 48, 255 },
			    lens[] = { 1, 12, 16, 32, 33, 48, 49, 300 };
	const uint8_t *secret = some_bytes();

	for (size_t n = 0; n < 2; n++)
		for (size_t i = 0; i < 4 * 4 * 8; i++) {
			const struct hkdf_digest *digest = hkdf_digest(names[n]);
			struct iovec key = { (void *)secret, hkdf_hash_len(digest) };
			struct iovec label = { (void *)(secret + 100), label_lens[i % 4] };
			struct iovec data = { (void *)(secret + 400), data_lens[i / 4 % 4] };
			uint8_t expected[300] = { 0 }, out[301] = { 0 };
			size_t len = lens[i / 16];

			ck_assert(reference(names[n], EVP_KDF_HKDF_MODE_EXPAND_ONLY, key, none,
					    label, data.iov_len ? data : none, expected, len));
			ck_assert(hkdf_expand_label(digest, secret, label.iov_base, label.iov_len,
						    data.iov_base, data.iov_len, out, len));
			ck_assert_mem_eq(out, expected, len);
			ck_assert_uint_eq(out[len], 0);
		}
}
END_TEST

START_TEST(lengths_that_are_not_allowed)
{
	const struct hkdf_digest *digest = hkdf_digest("SHA256");
	const uint8_t *bytes = some_bytes();
	const char *label = (const char *)bytes;
	static uint8_t out[255 * 32 + 1];

	ck_assert(hkdf_expand_label(digest, bytes, label, 249, bytes, 255, out, 255 * 32));
	ck_assert(!hkdf_expand_label(digest, bytes, label, 249, bytes, 255, out, sizeof(out)));
	ck_assert(!hkdf_expand_label(digest, bytes, label, 250, bytes, 255, out, 32));
	ck_assert(!hkdf_expand_label(digest, bytes, label, 249, bytes, 256, out, 32));
}
END_TEST

/* The early secret, that of the handshake, the main secret. */
START_TEST(schedule_as_openssl)
{
	const struct iovec label = { (void *)"derived", 7 };
	const uint8_t *bytes = some_bytes();

	for (size_t n = 0; n < 2; n++) {
		const struct hkdf_digest *digest = hkdf_digest(names[n]);
		const struct iovec inputs[] = { none, { (void *)bytes, 32 }, none,
						{ (void *)bytes, 133 } };
		uint8_t expected[HKDF_HASH_MAX], secret[HKDF_HASH_MAX];
		size_t len = hkdf_hash_len(digest);

		for (int step = 0; step < 4; step++) {
			struct iovec salt = { expected, len };

			ck_assert(reference(names[n], EVP_KDF_HKDF_MODE_EXTRACT_ONLY, inputs[step],
					    step ? salt : none, label, none, expected, len));
			ck_assert(hkdf_next_secret(digest, step ? secret : NULL,
						   inputs[step].iov_base, inputs[step].iov_len,
						   secret));
			ck_assert_mem_eq(secret, expected, len);
		}
	}
}
END_TEST

TESTS("HKDF", names_of_digests, labels_as_openssl, lengths_that_are_not_allowed,
      schedule_as_openssl)
