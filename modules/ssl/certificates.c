/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The master keeps a list of the certificates whose files it looks at again. A pair that has
 * changed takes the place of the old one in the memory of the master; the workers that are forked
 * then have it, too.
 */
#include "certificates.h"

#include <hash.h>
#include <limits.h>
#include <module.h>
#include <openssl/decoder.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "named.h"
#include "self_signed.h"

/* What a file was like when it was looked at last. */
struct stamp {
	struct timespec changed;
	off_t size;
	ino_t inode;
};

struct watched {
	const struct ssl_conf *conf;
	struct ssl_certificate *certificate;
	struct conf_word file, key_file;
	struct stamp stamp, key_stamp;
	struct watched *next, **link;
};

static struct watched *first_watched;

/* --- reading --- */

void certificate_free(struct ssl_certificate *certificate)
{
	X509_free(certificate->leaf);
	sk_X509_pop_free(certificate->chain, X509_free);
	EVP_PKEY_free(certificate->key);
	*certificate = (struct ssl_certificate){ NULL, NULL, NULL };
}

static void free_certificate(void *certificate)
{
	certificate_free(certificate);
}

/*
 * Reports an error at a word of the configuration; without `call`, to the log, because a file has
 * changed while the server runs. Returns -EINVAL.
 */
static int __attribute__((format(printf, 3, 4)))
complain(struct conf_call *call, const struct conf_word *word, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	/* The remedy stands behind the last line feed, if the format has one. */
	char *feed = strchr(format, '\n') ? strrchr(text, '\n') : NULL;
	if (feed)
		*feed = '\0';
	if (call && feed)
		return conf_error(call, word, "%s\n%s", text, feed + 1);
	if (call)
		return conf_error(call, word, "%s", text);
	log_errorx("\"%.*s\" has changed, and the old certificate stays in use: %s",
		   STR_ARG(str_head(word->text, 300)), text);
	return -EINVAL;
}

/* The bytes of a file, or of "data:…"; NULL after an error was reported. */
static BIO *open_pem(struct conf_call *call, const struct conf_word *word)
{
	struct str path = word->text;
	BIO *bio;

	if (str_starts(path, STR("data:")))
		bio = BIO_new_mem_buf(path.data + 5, (int)path.len - 5);
	else
		bio = BIO_new_file(path.data, "r");
	if (!bio) {
		complain(call, word, "it cannot be read: %s", strerror(errno));
		ERR_clear_error();
	}
	return bio;
}

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
static bool parse_chain(BIO *bio, struct ssl_certificate *out)
{
	X509 *one;

	out->leaf = PEM_read_bio_X509_AUX(bio, NULL, NULL, NULL);
	out->chain = sk_X509_new_null();
	while (out->leaf && (one = PEM_read_bio_X509(bio, NULL, NULL, NULL)))
		sk_X509_push(out->chain, one);
	return out->leaf && at_end();
}

static int read_chain(struct conf_call *call, const struct conf_word *word,
		      struct ssl_certificate *out)
{
	BIO *bio = open_pem(call, word);

	if (!bio)
		return -EINVAL;

	bool is_usable = parse_chain(bio, out);

	BIO_free(bio);
	if (!is_usable)
		return complain(call, word,
				  "this is not a certificate: %s\n"
				  "expected PEM: the server's certificate, then its issuers'",
				  ssl_error_text());
	return 0;
}

/*
 * OSSL_DECODER_CTX_new_for_pkey(3) looks through all decoders of OpenSSL, which takes longer than
 * reading a key. So the usual forms of keys have decoders that are made once and kept.
 */
struct key_decoder {
	const char *block; /* the name of the PEM block */
	int algorithm; /* in PKCS #8; NID_undef: the block is the key of its algorithm itself */
	const char *structure, *type; /* as OpenSSL calls them */
	OSSL_DECODER_CTX *context; /* NULL until it is needed */
	EVP_PKEY *key; /* where the context puts its result */
};

static struct key_decoder key_decoders[] = {
	{ "PRIVATE KEY", NID_X9_62_id_ecPublicKey, "PrivateKeyInfo", "EC", NULL, NULL },
	{ "PRIVATE KEY", NID_rsaEncryption, "PrivateKeyInfo", "RSA", NULL, NULL },
	{ "EC PRIVATE KEY", NID_undef, "type-specific", "EC", NULL, NULL },
	{ "RSA PRIVATE KEY", NID_undef, "type-specific", "RSA", NULL, NULL },
};

/* The algorithm of a key in PKCS #8. NID_undef: it is something else. */
static int key_algorithm(const unsigned char *bytes, long len)
{
	PKCS8_PRIV_KEY_INFO *info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &bytes, len);
	const ASN1_OBJECT *algorithm;
	int nid = NID_undef;

	if (info && PKCS8_pkey_get0(&algorithm, NULL, NULL, NULL, info) == 1)
		nid = OBJ_obj2nid(algorithm);
	PKCS8_PRIV_KEY_INFO_free(info);
	return nid;
}

static EVP_PKEY *decode_with(struct key_decoder *decoder, const unsigned char *bytes, size_t len)
{
	if (!decoder->context)
		decoder->context = OSSL_DECODER_CTX_new_for_pkey(
			&decoder->key, "DER", decoder->structure, decoder->type, EVP_PKEY_KEYPAIR,
			NULL, NULL);
	decoder->key = NULL;
	if (!decoder->context || OSSL_DECODER_from_data(decoder->context, &bytes, &len) != 1)
		return NULL;
	return decoder->key;
}

/* NULL: the key has another form, or is broken. */
static EVP_PKEY *decode_key(const char *block, const unsigned char *bytes, long len)
{
	int algorithm = strcmp(block, "PRIVATE KEY") == 0 ? key_algorithm(bytes, len) : NID_undef;

	for (size_t i = 0; i < sizeof(key_decoders) / sizeof(key_decoders[0]); i++)
		if (key_decoders[i].algorithm == algorithm &&
		    strcmp(key_decoders[i].block, block) == 0)
			return decode_with(&key_decoders[i], bytes, (size_t)len);
	return NULL;
}

/*
 * Reads the first PEM block if it is a key of a usual form without a password; "EC PARAMETERS" may
 * stand before it. Otherwise returns NULL: PEM_read_bio_PrivateKey(3) reads each form, or says
 * what is wrong.
 */
static EVP_PKEY *read_usual_key(BIO *bio)
{
	EVP_PKEY *key = NULL;
	char *block, *head;
	unsigned char *bytes;
	long len;
	bool goes_on = true;

	while (goes_on && PEM_read_bio(bio, &block, &head, &bytes, &len) == 1) {
		goes_on = strcmp(block, "EC PARAMETERS") == 0;
		if (!*head)
			key = decode_key(block, bytes, len);
		OPENSSL_free(block);
		OPENSSL_free(head);
		OPENSSL_clear_free(bytes, (size_t)len);
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

/* Each password is tried in turn; without passwords the key is read once. False: as above. */
static bool parse_key(BIO *bio, const struct str_list *passwords, struct ssl_certificate *out)
{
	out->key = read_usual_key(bio);
	for (size_t i = 0; !out->key && (i == 0 || i < passwords->count); i++) {
		ERR_clear_error();
		(void)BIO_reset(bio);
		out->key = PEM_read_bio_PrivateKey(bio, NULL, give_password,
						   passwords->count ? &passwords->items[i] : NULL);
	}
	return out->key != NULL;
}

static int read_key(struct conf_call *call, const struct ssl_conf *conf,
		    const struct conf_word *word, struct ssl_certificate *out)
{
	BIO *bio = open_pem(call, word);

	if (!bio)
		return -EINVAL;

	bool is_usable = parse_key(bio, &conf->passwords, out);

	BIO_free(bio);
	if (is_usable)
		return 0;
	return complain(call, word,
			  "this is not a private key that can be read: %s\n"
			  "expected PEM; a key with a password needs ssl_password_file",
			  ssl_error_text());
}

static bool parse_text(struct str text, BIO **bio)
{
	*bio = text.len <= INT_MAX ? BIO_new_mem_buf(text.data, (int)text.len) : NULL;
	return *bio != NULL;
}

enum certificate_result certificate_parse(struct str chain, struct str key,
					  const struct str_list *passwords,
					  struct ssl_certificate *out, const char **reason)
{
	enum certificate_result result = CERTIFICATE_USABLE;
	BIO *chain_bio = NULL, *key_bio = NULL;

	ERR_clear_error();
	if (!parse_text(chain, &chain_bio) || !parse_chain(chain_bio, out)) {
		result = CERTIFICATE_WRONG_CHAIN;
		*reason = ssl_error_text();
	} else if (!parse_text(key, &key_bio) || !parse_key(key_bio, passwords, out)) {
		result = CERTIFICATE_WRONG_KEY;
		*reason = ssl_error_text();
	} else if (X509_check_private_key(out->leaf, out->key) != 1) {
		ERR_clear_error();
		result = CERTIFICATE_WRONG_KEY;
		*reason = "this is not the key of the certificate";
	}
	BIO_free(chain_bio);
	BIO_free(key_bio);
	return result;
}

static int read_pair(struct conf_call *call, const struct ssl_conf *conf,
		     const struct conf_word *file, const struct conf_word *key_file,
		     struct ssl_certificate *out)
{
	if (read_chain(call, file, out) < 0 || read_key(call, conf, key_file, out) < 0)
		return -EINVAL;
	if (X509_check_private_key(out->leaf, out->key) == 1)
		return 0;
	ERR_clear_error();
	return complain(call, key_file, "this is not the key of the certificate \"%.*s\"",
			STR_ARG(str_head(file->text, 200)));
}

/* --- files that change --- */

static void look_at(const struct conf_word *word, struct stamp *stamp)
{
	struct stat status;

	*stamp = (struct stamp){ .size = -1 };
	if (!str_starts(word->text, STR("data:")) && stat(word->text.data, &status) == 0)
		*stamp = (struct stamp){ status.st_mtim, status.st_size, status.st_ino };
}

static bool is_same(const struct stamp *a, const struct stamp *b)
{
	return a->changed.tv_sec == b->changed.tv_sec &&
	       a->changed.tv_nsec == b->changed.tv_nsec && a->size == b->size &&
	       a->inode == b->inode;
}

static void unwatch(void *data)
{
	struct watched *watched = data;

	*watched->link = watched->next;
	if (watched->next)
		watched->next->link = watched->link;
}

static void watch(struct pool *pool, const struct ssl_conf *conf, size_t i,
		  struct ssl_certificate *certificate)
{
	struct watched *watched = pool_new(pool, struct watched);

	*watched = (struct watched){
		.conf = conf,
		.certificate = certificate,
		.file = conf->certificates.items[i].word,
		.key_file = conf->keys.items[i].word,
		.next = first_watched,
		.link = &first_watched,
	};
	look_at(&watched->file, &watched->stamp);
	look_at(&watched->key_file, &watched->key_stamp);
	if (first_watched)
		first_watched->link = &watched->next;
	first_watched = watched;
	pool_cleanup(pool, unwatch, watched);
}

/* Whether the pair has changed, and is in use now. An error is reported once for each change. */
static bool refresh(struct watched *watched)
{
	struct ssl_certificate read = { NULL, NULL, NULL };
	struct stamp stamp, key_stamp;

	look_at(&watched->file, &stamp);
	look_at(&watched->key_file, &key_stamp);
	if (is_same(&stamp, &watched->stamp) && is_same(&key_stamp, &watched->key_stamp))
		return false;
	watched->stamp = stamp;
	watched->key_stamp = key_stamp;
	if (read_pair(NULL, watched->conf, &watched->file, &watched->key_file, &read) < 0) {
		certificate_free(&read);
		return false;
	}
	certificate_free(watched->certificate);
	*watched->certificate = read;
	log_notice("\"%.*s\" has changed and is used from now on",
		   STR_ARG(str_head(watched->file.text, 300)));
	return true;
}

bool certificates_refresh(void)
{
	bool has_changed = false;

	for (struct watched *watched = first_watched; watched; watched = watched->next)
		has_changed |= refresh(watched);
	return has_changed;
}

/* --- the certificates of a server --- */

/* Reads the pair with this index. NULL after an error was reported. */
static struct ssl_certificate *read_new(struct conf_call *call, const struct ssl_conf *conf,
					size_t i)
{
	struct ssl_certificate *certificate = pool_new(call->pool, struct ssl_certificate);

	pool_cleanup(call->pool, free_certificate, certificate);
	/* It is looked at before it is read: what changes in between is read again. */
	watch(call->pool, conf, i, certificate);
	return read_pair(call, conf, &conf->certificates.items[i].word,
			 &conf->keys.items[i].word, certificate) < 0 ?
		       NULL :
		       certificate;
}

/* The same for a pair that may have been read for another server: such servers share it. */
static struct ssl_certificate *read_once(struct conf_call *call, const struct ssl_conf *conf,
					 size_t i)
{
	static const char key_of_table;
	struct hash_table *pairs = conf_shared(call->conf, &key_of_table, sizeof(*pairs));
	struct str file = conf->certificates.items[i].word.text;
	struct str key_file = conf->keys.items[i].word.text;
	struct str name = pool_printf(call->pool, "%.*s\n%.*s\n%p", STR_ARG(file),
					       STR_ARG(key_file), (void *)conf->passwords.items);
	struct ssl_certificate *certificate;

	pairs->pool = call->pool;
	certificate = hash_get(pairs, name);
	if (!certificate) {
		certificate = read_new(call, conf, i);
		if (certificate)
			hash_put(pairs, name, certificate);
	}
	return certificate;
}

static int make_self_signed(struct conf_call *call, const struct ssl_conf *conf,
			    struct ssl_certificate *out)
{
	pool_cleanup(call->pool, free_certificate, out);
	return self_signed_create(&conf->self_signed, out) ?
		       0 :
		       conf_error(call, &conf->self_signed.items[0],
				  "OpenSSL cannot make a certificate: %s", ssl_error_text());
}

int certificates_read(struct conf_call *call, const struct ssl_conf *conf,
		      struct ssl_settings *settings)
{
	struct ssl_certificate **certificates =
		pool_array(call->pool, struct ssl_certificate *, conf->certificates.count + 1);
	const struct named_pair **pairs = pool_array(call->pool, const struct named_pair *,
						     conf->certificates.count + 1);

	settings->certificates = certificates;
	if (conf->self_signed.count) {
		certificates[0] = pool_new(call->pool, struct ssl_certificate);
		settings->certificates_count = 1;
		return make_self_signed(call, conf, certificates[0]);
	}
	settings->pairs = pairs;
	for (size_t i = 0; i < conf->certificates.count; i++) {
		if (conf->certificates.items[i].path || conf->keys.items[i].path) {
			pairs[settings->pairs_count] = named_pair_find(call, conf, i);
			if (!pairs[settings->pairs_count++])
				return -EINVAL;
			continue;
		}

		struct ssl_certificate *certificate = read_once(call, conf, i);

		if (!certificate)
			return -EINVAL;
		certificates[settings->certificates_count++] = certificate;
	}
	return 0;
}

/*
 * The list has the certificates of all configurations that are in memory, the latest first, so a
 * file may be in it twice.
 */
void certificates_metrics(struct metrics *to)
{
	struct pool *pool = pool_create(0);
	struct hash_table seen = { .pool = pool };

	metrics_family(to, "skua_ssl_certificate_expiry_time_seconds", GAUGE,
		       "When the certificate in this file expires, in seconds since the epoch.");
	for (const struct watched *at = first_watched; at; at = at->next) {
		struct str file = at->file.text;
		struct tm end;

		/* What the configuration itself holds has no name. */
		if (str_starts(file, STR("data:")) || !at->certificate->leaf ||
		    hash_put(&seen, file, to) ||
		    !ASN1_TIME_to_tm(X509_get0_notAfter(at->certificate->leaf), &end))
			continue;
		metrics_sample(to, "file", file, (uint64_t)timegm(&end));
	}
	pool_destroy(pool);
}
