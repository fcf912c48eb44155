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

/* A certificate that was made, also by the program before an upgrade. */
struct made {
	char *names; /* one text, separated by commas */
	X509 *leaf;
	EVP_PKEY *key;
	struct made *next;
};

static struct made *first_made;
static const struct made *last_used;

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

/* Takes over all three. False: one is NULL. */
static bool keep(char *names, X509 *leaf, EVP_PKEY *key)
{
	if (!names || !leaf || !key) {
		OPENSSL_free(names);
		X509_free(leaf);
		EVP_PKEY_free(key);
		return false;
	}

	struct made *made = heap_alloc(sizeof(*made));

	*made = (struct made){ names, leaf, key, first_made };
	first_made = made;
	return true;
}

/* Takes over `names`. */
static bool make(char *names)
{
	X509 *leaf = X509_new();
	EVP_PKEY *key = EVP_EC_gen("P-256");

	if (leaf && key && !fill(leaf, key, names)) {
		X509_free(leaf);
		leaf = NULL;
	}
	return keep(names, leaf, key);
}

/* One that has expired is made anew. */
static const struct made *find(const char *names)
{
	const struct made *made = first_made;

	while (made && (strcmp(made->names, names) != 0 ||
			X509_cmp_current_time(X509_get0_notAfter(made->leaf)) <= 0))
		made = made->next;
	return made;
}

bool self_signed_create(const struct ssl_words *names, struct ssl_certificate *out)
{
	char *text = alternative_names(names);
	const struct made *made = text ? find(text) : NULL;

	if (made)
		OPENSSL_free(text);
	else if (text && make(text))
		made = first_made;
	else
		return false;
	last_used = made;
	X509_up_ref(made->leaf);
	EVP_PKEY_up_ref(made->key);
	out->leaf = made->leaf;
	out->key = made->key;
	out->chain = sk_X509_new_null();
	return out->chain != NULL;
}

struct str self_signed_fingerprint(struct pool *pool)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	struct text text = { .pool = pool };
	unsigned len;

	if (!last_used || X509_digest(last_used->leaf, EVP_sha256(), digest, &len) != 1)
		return (struct str){ NULL, 0 };
	for (unsigned i = 0; i < len; i++)
		text_printf(&text, "%s%02X", i ? ":" : "", digest[i]);
	return text_str(&text);
}

/* --- to the next program --- */

/*
 * For each certificate: the lengths of its parts in a line, then the names, the certificate and
 * the key, both in DER. A later program may add further numbers to the line.
 */
static void pass_on_one(const struct made *made, struct text *text)
{
	unsigned char *leaf = NULL, *key = NULL;
	int leaf_len = i2d_X509(made->leaf, &leaf), key_len = i2d_PrivateKey(made->key, &key);

	if (leaf_len > 0 && key_len > 0) {
		text_printf(text, "%zu %d %d\n", strlen(made->names), leaf_len, key_len);
		text_add(text, str_from(made->names));
		text_add(text, (struct str){ (char *)leaf, (size_t)leaf_len });
		text_add(text, (struct str){ (char *)key, (size_t)key_len });
	}
	OPENSSL_free(leaf);
	OPENSSL_clear_free(key, key_len > 0 ? (size_t)key_len : 0);
}

struct str self_signed_pass_on(struct pool *pool)
{
	struct text text = { .pool = pool };

	for (const struct made *made = first_made; made; made = made->next)
		pass_on_one(made, &text);
	return text_str(&text);
}

/* Takes a part with a length of the line. False: it is not there. */
static bool take_part(struct str *line, struct str *bytes, struct str *out)
{
	uint64_t len;

	if (str_to_u64(str_split(line, ' '), bytes->len, &len) < 0)
		return false;
	*out = str_head(*bytes, (size_t)len);
	*bytes = str_skip(*bytes, (size_t)len);
	return true;
}

void self_signed_take_over(struct str bytes)
{
	while (bytes.len > 0) {
		struct str line = str_split(&bytes, '\n'), names, leaf, key;

		if (!take_part(&line, &bytes, &names) || !take_part(&line, &bytes, &leaf) ||
		    !take_part(&line, &bytes, &key))
			return;

		const unsigned char *leaf_at = (const unsigned char *)leaf.data;
		const unsigned char *key_at = (const unsigned char *)key.data;

		keep(OPENSSL_strndup(names.data, names.len),
		     d2i_X509(NULL, &leaf_at, (long)leaf.len),
		     d2i_AutoPrivateKey(NULL, &key_at, (long)key.len));
	}
}
