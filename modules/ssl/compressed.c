/* SPDX-License-Identifier: BSD-2-Clause */
#include "compressed.h"

#include <openssl/err.h>
#include <stdlib.h>

#if defined(SSL_OP_NO_TX_CERTIFICATE_COMPRESSION) && !defined(OPENSSL_NO_COMP_ALG)

struct form {
	unsigned char *bytes; /* NULL: OpenSSL does not have the algorithm, or it saves nothing */
	size_t len, whole_len;
};

struct ssl_compressed {
	struct form forms[TLSEXT_comp_cert_limit]; /* by the number of the algorithm */
};

static struct form make_form(SSL *ssl, int algorithm)
{
	struct form form = { NULL, 0, 0 };

	form.len = SSL_get1_compressed_cert(ssl, algorithm, &form.bytes, &form.whole_len);
	if (form.len > 0 && form.len < form.whole_len)
		return form;
	if (form.len > 0)
		OPENSSL_free(form.bytes);
	return (struct form){ NULL, 0, 0 };
}

/*
 * OpenSSL compresses the certificate of a connection before its handshake only, so this is another
 * one. NULL: there is no memory.
 */
static struct ssl_compressed *make(SSL_CTX *context, struct ssl_certificate *certificate)
{
	struct ssl_compressed *made = calloc(1, sizeof(*made));
	SSL *ssl = SSL_new(context);
	bool is_ready = made && ssl &&
			SSL_use_cert_and_key(ssl, certificate_leaf(certificate), certificate->key,
					     certificate->chain, 1) == 1;

	for (int i = TLSEXT_comp_cert_none + 1; is_ready && i < TLSEXT_comp_cert_limit; i++)
		made->forms[i] = make_form(ssl, i);
	SSL_free(ssl);
	ERR_clear_error();
	if (is_ready)
		return made;
	free(made); /* the next handshake tries again */
	return NULL;
}

/* Of several threads that make the forms at the same time, the first one gives its own. */
static struct ssl_compressed *find(SSL *ssl, struct ssl_certificate *certificate)
{
	struct ssl_compressed *found = atomic_load(&certificate->compressed);
	struct ssl_compressed *made =
		found ? NULL : make(SSL_get_SSL_CTX(ssl), certificate);

	if (!made || atomic_compare_exchange_strong(&certificate->compressed, &found, made))
		return made ? made : found;
	compressed_free(made);
	return found;
}

void compressed_use(SSL *ssl, struct ssl_certificate *certificate)
{
	if (SSL_version(ssl) != TLS1_3_VERSION ||
	    (SSL_get_options(ssl) & SSL_OP_NO_TX_CERTIFICATE_COMPRESSION))
		return;

	const struct ssl_compressed *compressed = find(ssl, certificate);

	for (int i = 0; compressed && i < TLSEXT_comp_cert_limit; i++) {
		const struct form *form = &compressed->forms[i];

		if (form->bytes)
			SSL_set1_compressed_cert(ssl, i, form->bytes, form->len, form->whole_len);
	}
}

void compressed_free(struct ssl_compressed *compressed)
{
	for (int i = 0; compressed && i < TLSEXT_comp_cert_limit; i++)
		OPENSSL_free(compressed->forms[i].bytes);
	free(compressed);
}

#else

void compressed_use(SSL *ssl, struct ssl_certificate *certificate)
{
	(void)ssl;
	(void)certificate;
}

void compressed_free(struct ssl_compressed *compressed)
{
	(void)compressed;
}

#endif
