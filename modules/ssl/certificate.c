/* SPDX-License-Identifier: BSD-2-Clause */
#include "certificate.h"

#include <limits.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/provider.h>
#include <stdlib.h>
#include <string.h>

#include "compressed.h"
#include "keys.h"
#include "pem.h"
#include "settings.h"

void certificate_free(struct ssl_certificate *certificate)
{
	X509_free(atomic_load(&certificate->leaf));
	free(certificate->der);
	sk_X509_pop_free(certificate->chain, X509_free);
	EVP_PKEY_free(certificate->key);
	compressed_free(atomic_load(&certificate->compressed));
	*certificate = (struct ssl_certificate){ .leaf = NULL };
}

X509 *certificate_leaf(struct ssl_certificate *certificate)
{
	X509 *leaf = atomic_load(&certificate->leaf);
	const unsigned char *at = certificate->der;

	if (leaf || !at)
		return leaf;

	X509 *made = d2i_X509(NULL, &at, (long)certificate->der_len);

	if (!made || atomic_compare_exchange_strong(&certificate->leaf, &leaf, made))
		return made;
	X509_free(made); /* another thread was faster, and `leaf` is what it has made */
	return leaf;
}

static time_t time_of(const ASN1_TIME *time)
{
	struct tm parts;

	return ASN1_TIME_to_tm(time, &parts) == 1 ? timegm(&parts) : 0;
}

/* --- does the key belong to the certificate? --- */

static bool is_same_number(const ASN1_TYPE *theirs, const EVP_PKEY *key, const char *name)
{
	BIGNUM *number = theirs->type == V_ASN1_INTEGER ?
				 ASN1_INTEGER_to_BN(theirs->value.integer, NULL) :
				 NULL;
	BIGNUM *own = NULL;
	bool is_same = number && EVP_PKEY_get_bn_param(key, name, &own) == 1 &&
		       BN_cmp(number, own) == 0;

	BN_free(number);
	BN_free(own);
	return is_same;
}

/* An RSAPublicKey of RFC 8017 A.1.1: the modulus and the exponent. */
static bool is_same_rsa(struct str public_key, const EVP_PKEY *key)
{
	const unsigned char *at = (const unsigned char *)public_key.data;
	ASN1_SEQUENCE_ANY *numbers = d2i_ASN1_SEQUENCE_ANY(NULL, &at, (long)public_key.len);
	bool is_same = numbers && at == (const unsigned char *)public_key.data + public_key.len &&
		       sk_ASN1_TYPE_num(numbers) == 2 &&
		       is_same_number(sk_ASN1_TYPE_value(numbers, 0), key, OSSL_PKEY_PARAM_RSA_N) &&
		       is_same_number(sk_ASN1_TYPE_value(numbers, 1), key, OSSL_PKEY_PARAM_RSA_E);

	sk_ASN1_TYPE_pop_free(numbers, ASN1_TYPE_free);
	return is_same;
}

/* A point (RFC 5480 section 2.2) on the curve with this identifier. */
static bool is_same_ec(struct str point, const ASN1_OBJECT *curve, const EVP_PKEY *key)
{
	unsigned char own[256];
	char group[64];
	size_t own_len, group_len;

	return EVP_PKEY_get_group_name(key, group, sizeof(group), &group_len) == 1 &&
	       OBJ_txt2nid(group) != NID_undef && OBJ_txt2nid(group) == OBJ_obj2nid(curve) &&
	       EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, own, sizeof(own),
					       &own_len) == 1 &&
	       str_eq(point, (struct str){ (const char *)own, own_len });
}

/*
 * Whether both have the same public key. False, too, if this cannot be seen from the bytes of the
 * certificate: X509_check_private_key(3) knows all algorithms and forms.
 */
static bool has_same_key(const X509 *leaf, const EVP_PKEY *key)
{
	ASN1_OBJECT *algorithm;
	const ASN1_OBJECT *same;
	X509_ALGOR *parameters;
	const unsigned char *bytes;
	const void *curve;
	int len, type;

	if (X509_PUBKEY_get0_param(&algorithm, &bytes, &len, &parameters,
				   X509_get_X509_PUBKEY(leaf)) != 1)
		return false;
	X509_ALGOR_get0(&same, &type, &curve, parameters);

	struct str public_key = { (const char *)bytes, (size_t)len };

	switch (OBJ_obj2nid(algorithm)) {
	case NID_X9_62_id_ecPublicKey:
		return type == V_ASN1_OBJECT && EVP_PKEY_is_a(key, "EC") &&
		       is_same_ec(public_key, curve, key);
	case NID_rsaEncryption:
		return type == V_ASN1_NULL && EVP_PKEY_is_a(key, "RSA") &&
		       is_same_rsa(public_key, key);
	default:
		return false;
	}
}

/* --- certificates in the form that programs write --- */

/* Without a provider that knows any algorithm, OpenSSL leaves public keys as they are. */
static OSSL_LIB_CTX *library_without_algorithms(void)
{
	static OSSL_LIB_CTX *library;

	if (library)
		return library;
	library = OSSL_LIB_CTX_new();
	if (library && !OSSL_PROVIDER_load(library, "null")) {
		OSSL_LIB_CTX_free(library);
		library = NULL;
	}
	return library;
}

/* A certificate whose public key is not decoded. NULL: it is broken, or OpenSSL has failed. */
static X509 *parse_bare(const struct pem_block *block)
{
	const unsigned char *at = block->bytes;
	OSSL_LIB_CTX *library = library_without_algorithms();
	ASN1_VALUE *made = library ? (ASN1_VALUE *)X509_new_ex(library, NULL) : NULL;

	/* d2i_X509() would also make a digest, for which there is no algorithm. */
	if (made && ASN1_item_d2i(&made, &at, (long)block->len, ASN1_ITEM_rptr(X509)) &&
	    at == block->bytes + block->len)
		return (X509 *)made;
	X509_free((X509 *)made);
	return NULL;
}

static void free_issuer(void *issuer)
{
	X509_free(issuer);
}

/* The certificate of an issuer, which many certificates may have. NULL: it is broken. */
static X509 *parse_issuer(const struct pem_block *block, struct hash_table *issuers)
{
	struct str bytes = { (const char *)block->bytes, block->len };
	const unsigned char *at = block->bytes;
	X509 *issuer = issuers ? hash_get(issuers, bytes) : NULL;

	if (!issuer) {
		issuer = d2i_X509(NULL, &at, (long)block->len);
		if (!issuer || at != block->bytes + block->len) {
			X509_free(issuer);
			return NULL;
		}
		if (!issuers)
			return issuer;
		pool_cleanup(issuers->pool, free_issuer, issuer);
		hash_put(issuers, pool_strdup(issuers->pool, bytes), issuer);
	}
	X509_up_ref(issuer);
	return issuer;
}

static bool add_issuer(STACK_OF(X509) *chain, X509 *issuer)
{
	if (issuer && sk_X509_push(chain, issuer) > 0)
		return true;
	X509_free(issuer);
	return false;
}

/* Takes a block of the chain over. *leaf is set by the first one. False: it is unusual. */
static bool take_block(struct pem_block *block, struct hash_table *issuers, X509 **leaf,
		       struct ssl_certificate *out)
{
	if (str_eq(block->name, STR("TRUSTED CERTIFICATE")))
		return false;
	if (!str_eq(block->name, STR("CERTIFICATE")) &&
	    !str_eq(block->name, STR("X509 CERTIFICATE")))
		return true; /* a key may stand in the same file */
	if (*leaf)
		return add_issuer(out->chain, parse_issuer(block, issuers));
	*leaf = parse_bare(block);
	out->der = block->bytes;
	out->der_len = block->len;
	block->bytes = NULL;
	return *leaf != NULL;
}

/*
 * The certificate, without its public key, for the caller to free. NULL: something is unusual or
 * broken, and *out is empty.
 */
static X509 *parse_usual_chain(struct str text, struct hash_table *issuers,
			       struct ssl_certificate *out)
{
	X509 *leaf = NULL;
	struct pem_block block;
	enum pem_result result;
	bool is_usual = (out->chain = sk_X509_new_null()) != NULL;

	while (is_usual && (result = pem_next(&text, &block)) != PEM_END) {
		is_usual = result == PEM_BLOCK && take_block(&block, issuers, &leaf, out);
		pem_block_free(&block);
	}
	if (is_usual && leaf)
		return leaf;
	X509_free(leaf);
	certificate_free(out);
	ERR_clear_error();
	return NULL;
}

/* --- others --- */

/* Whether the error only says that the last PEM block was read. If so, it is cleared. */
static bool at_end(void)
{
	unsigned long code = ERR_peek_last_error();

	if (ERR_GET_LIB(code) != ERR_LIB_PEM || ERR_GET_REASON(code) != PEM_R_NO_START_LINE)
		return false;
	ERR_clear_error();
	return true;
}

/* False: it is not a chain of certificates in PEM; ssl_error_text() says why. */
static bool parse_any_chain(struct str text, struct ssl_certificate *out)
{
	BIO *bio = text.len <= INT_MAX ? BIO_new_mem_buf(text.data, (int)text.len) : NULL;
	X509 *leaf = bio ? PEM_read_bio_X509_AUX(bio, NULL, NULL, NULL) : NULL, *one;

	out->leaf = leaf;
	out->chain = sk_X509_new_null();
	while (leaf && (one = PEM_read_bio_X509(bio, NULL, NULL, NULL)))
		sk_X509_push(out->chain, one);
	BIO_free(bio);
	return leaf && at_end();
}

enum certificate_result certificate_parse(struct str chain, struct str key,
					  const struct str_list *passwords,
					  struct hash_table *issuers, struct ssl_certificate *out,
					  const char **reason)
{
	enum certificate_result result = CERTIFICATE_USABLE;

	ERR_clear_error();
	*out = (struct ssl_certificate){ .leaf = NULL };

	X509 *bare = parse_usual_chain(chain, issuers, out);

	if (!bare && !parse_any_chain(chain, out)) {
		result = CERTIFICATE_WRONG_CHAIN;
		*reason = ssl_error_text();
	} else if (!(out->key = key_parse(key, passwords))) {
		result = CERTIFICATE_WRONG_KEY;
		*reason = ssl_error_text();
	} else if (!(bare && has_same_key(bare, out->key)) &&
		   X509_check_private_key(certificate_leaf(out), out->key) != 1) {
		result = CERTIFICATE_OTHER_KEY;
		*reason = "this is not the key of the certificate";
	} else {
		out->expires = time_of(X509_get0_notAfter(bare ? bare : out->leaf));
	}
	ERR_clear_error();
	X509_free(bare);
	return result;
}
