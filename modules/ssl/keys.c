/* SPDX-License-Identifier: BSD-2-Clause */
#include "keys.h"

#include <limits.h>
#include <openssl/decoder.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "pem.h"

/*
 * OSSL_DECODER_CTX_new_for_pkey(3) looks through all decoders of OpenSSL, which takes longer than
 * reading a key. So the usual forms of keys have decoders that are made once and kept.
 */
struct key_decoder {
	struct str block; /* the name of the PEM block */
	int algorithm; /* in PKCS #8; NID_undef: the block is the key of its algorithm itself */
	const char *structure, *type; /* as OpenSSL calls them */
	OSSL_DECODER_CTX *context; /* NULL until it is needed */
	EVP_PKEY *key; /* where the context puts its result */
};

static struct key_decoder key_decoders[] = {
	{ STR_INIT("PRIVATE KEY"), NID_X9_62_id_ecPublicKey, "PrivateKeyInfo", "EC", NULL, NULL },
	{ STR_INIT("PRIVATE KEY"), NID_rsaEncryption, "PrivateKeyInfo", "RSA", NULL, NULL },
	{ STR_INIT("EC PRIVATE KEY"), NID_undef, "type-specific", "EC", NULL, NULL },
	{ STR_INIT("RSA PRIVATE KEY"), NID_undef, "type-specific", "RSA", NULL, NULL },
};

/* The algorithm of a key in PKCS #8. NID_undef: it is something else. */
static int key_algorithm(const struct pem_block *block)
{
	const unsigned char *at = block->bytes;
	PKCS8_PRIV_KEY_INFO *info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &at, (long)block->len);
	const ASN1_OBJECT *algorithm;
	int nid = NID_undef;

	if (info && PKCS8_pkey_get0(&algorithm, NULL, NULL, NULL, info) == 1)
		nid = OBJ_obj2nid(algorithm);
	PKCS8_PRIV_KEY_INFO_free(info);
	return nid;
}

static EVP_PKEY *decode_with(struct key_decoder *decoder, const struct pem_block *block)
{
	const unsigned char *at = block->bytes;
	size_t len = block->len;

	if (!decoder->context)
		decoder->context = OSSL_DECODER_CTX_new_for_pkey(
			&decoder->key, "DER", decoder->structure, decoder->type, EVP_PKEY_KEYPAIR,
			NULL, NULL);
	decoder->key = NULL;
	if (!decoder->context || OSSL_DECODER_from_data(decoder->context, &at, &len) != 1)
		return NULL;
	return decoder->key;
}

/* NULL: the key has another form, or is broken. */
static EVP_PKEY *decode_key(const struct pem_block *block)
{
	bool is_pkcs8 = str_eq(block->name, STR("PRIVATE KEY"));
	int algorithm = is_pkcs8 ? key_algorithm(block) : NID_undef;

	for (size_t i = 0; i < sizeof(key_decoders) / sizeof(key_decoders[0]); i++)
		if (key_decoders[i].algorithm == algorithm &&
		    str_eq(key_decoders[i].block, block->name))
			return decode_with(&key_decoders[i], block);
	return NULL;
}

/* What may stand before a key in its file. */
static bool is_passed_over(struct str block)
{
	return str_eq(block, STR("EC PARAMETERS")) || str_eq(block, STR("CERTIFICATE"));
}

/*
 * Reads the first key if it has a usual form and no password. Otherwise returns NULL:
 * PEM_read_bio_PrivateKey(3) reads each form, or says what is wrong.
 */
static EVP_PKEY *read_usual_key(struct str text)
{
	EVP_PKEY *key = NULL;
	struct pem_block block;
	bool goes_on = true;

	while (goes_on && pem_next(&text, &block) == PEM_BLOCK) {
		goes_on = is_passed_over(block.name);
		key = decode_key(&block);
		pem_block_free(&block);
	}
	ERR_clear_error();
	return key;
}

static int give_password(char *to, int room, int writes, void *data)
{
	const struct str *password = data;

	(void)writes;
	if (!password || password->len > (size_t)room)
		return -1;
	str_put(to, *password);
	return (int)password->len;
}

EVP_PKEY *key_parse(struct str text, const struct str_list *passwords)
{
	EVP_PKEY *key = read_usual_key(text);
	BIO *bio = key || text.len > INT_MAX ? NULL : BIO_new_mem_buf(text.data, (int)text.len);

	/* Without passwords the key is read once. */
	for (size_t i = 0; bio && !key && (i == 0 || i < passwords->count); i++) {
		ERR_clear_error();
		(void)BIO_reset(bio);
		key = PEM_read_bio_PrivateKey(bio, NULL, give_password,
					      passwords->count ? &passwords->items[i] : NULL);
	}
	BIO_free(bio);
	return key;
}
