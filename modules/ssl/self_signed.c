/* SPDX-License-Identifier: BSD-2-Clause */
#include "self_signed.h"

#include <arpa/inet.h>
#include <module.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

enum {
	DAYS = 397, /* browsers accept no certificates that are valid for longer */
	DAY_S = 24 * 60 * 60,
};

/* The last one that was made. The names are one text, separated by commas. */
static struct {
	char *names;
	X509 *leaf;
	EVP_PKEY *key;
} made;

static bool is_address(struct str name)
{
	unsigned char bytes[16];

	return inet_pton(AF_INET, name.data, bytes) == 1 ||
	       inet_pton(AF_INET6, name.data, bytes) == 1;
}

/* "DNS:localhost,IP:127.0.0.1", as X509V3_EXT_conf_nid(3) reads it; NULL: no memory. */
static char *alternative_names(const struct ssl_words *names)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text = NULL, *bytes;

	if (!bio)
		return NULL;
	for (size_t i = 0; i < names->count; i++) {
		struct str name = names->items[i].text;

		BIO_printf(bio, "%s%s:%.*s", i ? "," : "", is_address(name) ? "IP" : "DNS",
			   STR_ARG(name));
	}

	long len = BIO_get_mem_data(bio, &bytes);

	if (len > 0)
		text = OPENSSL_strndup(bytes, (size_t)len);
	BIO_free(bio);
	return text;
}

static bool add_extension(X509 *leaf, int nid, const char *value)
{
	X509V3_CTX context;

	X509V3_set_ctx_nodb(&context);
	X509V3_set_ctx(&context, leaf, leaf, NULL, NULL, 0);

	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
	bool ok = extension && X509_add_ext(leaf, extension, -1) == 1;

	X509_EXTENSION_free(extension);
	return ok;
}

static bool fill(X509 *leaf, EVP_PKEY *key, const char *names)
{
	uint64_t serial;
	X509_NAME *subject = X509_get_subject_name(leaf);

	return RAND_bytes((unsigned char *)&serial, sizeof(serial)) == 1 &&
	       ASN1_INTEGER_set_uint64(X509_get_serialNumber(leaf), serial >> 1) == 1 &&
	       X509_set_version(leaf, X509_VERSION_3) == 1 &&
	       X509_gmtime_adj(X509_getm_notBefore(leaf), -DAY_S) &&
	       X509_gmtime_adj(X509_getm_notAfter(leaf), (long)(DAYS - 1) * DAY_S) &&
	       X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
					  (const unsigned char *)"Skua, made on the spot", -1, -1,
					  0) == 1 &&
	       X509_set_issuer_name(leaf, subject) == 1 && X509_set_pubkey(leaf, key) == 1 &&
	       add_extension(leaf, NID_subject_alt_name, names) &&
	       add_extension(leaf, NID_basic_constraints, "critical,CA:FALSE") &&
	       add_extension(leaf, NID_key_usage, "critical,digitalSignature") &&
	       add_extension(leaf, NID_ext_key_usage, "serverAuth") &&
	       X509_sign(leaf, key, EVP_sha256()) > 0;
}

/* Takes over `names`. */
static bool make(char *names)
{
	X509 *leaf = X509_new();
	EVP_PKEY *key = EVP_EC_gen("P-256");

	if (!leaf || !key || !fill(leaf, key, names)) {
		X509_free(leaf);
		EVP_PKEY_free(key);
		OPENSSL_free(names);
		return false;
	}
	OPENSSL_free(made.names);
	X509_free(made.leaf);
	EVP_PKEY_free(made.key);
	made.names = names;
	made.leaf = leaf;
	made.key = key;
	return true;
}

bool self_signed_create(const struct ssl_words *names, struct ssl_certificate *out)
{
	char *text = alternative_names(names);

	if (!text)
		return false;
	if (made.names && strcmp(made.names, text) == 0)
		OPENSSL_free(text);
	else if (!make(text))
		return false;
	X509_up_ref(made.leaf);
	EVP_PKEY_up_ref(made.key);
	out->leaf = made.leaf;
	out->key = made.key;
	out->chain = sk_X509_new_null();
	return out->chain != NULL;
}

struct str self_signed_fingerprint(struct pool *pool)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	struct text text = { .pool = pool };
	unsigned len;

	if (!made.leaf || X509_digest(made.leaf, EVP_sha256(), digest, &len) != 1)
		return (struct str){ NULL, 0 };
	for (unsigned i = 0; i < len; i++)
		text_printf(&text, "%s%02X", i ? ":" : "", digest[i]);
	return text_str(&text);
}
