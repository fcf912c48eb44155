/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A certificate with its private key, made of texts in PEM.
 *
 * Most of the time that d2i_X509(3) needs is spent on the public key, and a server may have
 * thousands of certificates of which a worker shows a few. So the leaf is checked without OpenSSL's
 * form of its public key, and made when it is needed first.
 */
#ifndef SKUA_SSL_CERTIFICATE_H
#define SKUA_SSL_CERTIFICATE_H

#include <hash.h>
#include <openssl/x509.h>
#include <stdatomic.h>
#include <str.h>
#include <time.h>

struct ssl_compressed;
struct str_list;

struct ssl_certificate {
	X509 *_Atomic leaf; /* NULL: not made yet; certificate_leaf() */
	unsigned char *der; /* the leaf, from malloc(3); NULL: it was made at once */
	size_t der_len;
	time_t expires; /* 0: not known */
	STACK_OF(X509) *chain; /* the other certificates in the file */
	EVP_PKEY *key;
	struct ssl_compressed *_Atomic compressed; /* NULL: not needed yet; compressed.h */
};

enum certificate_result {
	CERTIFICATE_USABLE,
	CERTIFICATE_WRONG_CHAIN, /* this is not a certificate, or one of its issuers is not */
	CERTIFICATE_WRONG_KEY, /* this is not a key that can be read */
	CERTIFICATE_OTHER_KEY, /* the key is not that of the certificate */
};

/*
 * Reads a certificate, with its issuers behind it, and its key from texts in PEM, and checks that
 * they belong together. *out is filled, also in part after a failure, and must be freed. After a
 * failure *reason is a static text. `issuers`, if it is not NULL, has the certificates of issuers
 * that were read before, by their bytes; it gets the new ones, which live as long as its pool. May
 * be called on any thread, but by one at a time.
 */
enum certificate_result certificate_parse(struct str chain, struct str key,
					  const struct str_list *passwords,
					  struct hash_table *issuers, struct ssl_certificate *out,
					  const char **reason);

/*
 * The certificate itself; the struct keeps it. May be called by several threads at a time. NULL:
 * there is no memory.
 */
X509 *certificate_leaf(struct ssl_certificate *certificate);

/* Frees what a certificate refers to, and zeroes it. */
void certificate_free(struct ssl_certificate *certificate);

#endif
