/* SPDX-License-Identifier: BSD-2-Clause */
#include "tickets.h"

#include <module.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <zone.h>

enum {
	KEYS_MAX = 16, /* files, or previous, current, next */
	SHORT_FILE = 48, /* name, AES-128 key, HMAC key */
	PERIOD_MIN_S = 3600, /* between two keys */
	REFRESH_S = 30, /* how often a process reads the zone */
	SECRET_MAX = 4096,
};

struct ticket_keys {
	struct zone *zone; /* or NULL */
	struct str secret; /* or empty */
	int64_t period_s;

	pthread_mutex_t lock; /* for the members below */
	time_t refreshed;
	struct ticket_key items[KEYS_MAX];
	size_t count, sealing;
};

/* --- random keys in a zone --- */

/*
 * A clock that was set back by much must not keep the keys for as long as it was ahead. Set back by
 * one period or less, it comes to the period of the keys soon.
 */
bool ticket_zone_rotate(struct ticket_zone *shared, int64_t period)
{
	int64_t ahead = (int64_t)((uint64_t)period - (uint64_t)shared->period);
	struct ticket_key made[TICKETS_PERIODS];

	if (shared->period != 0 && (ahead == 0 || ahead == -1))
		return true;
	if (RAND_bytes((unsigned char *)made, sizeof(made)) != 1)
		return false;
	if (shared->period != 0 && ahead <= 1) {
		made[TICKETS_PREVIOUS] = shared->items[TICKETS_CURRENT];
		made[TICKETS_CURRENT] = shared->items[TICKETS_NEXT];
	}
	memcpy(shared->items, made, sizeof(made));
	shared->period = period;
	explicit_bzero(made, sizeof(made));
	return true;
}

static bool refresh_from_zone(struct ticket_keys *keys, int64_t period)
{
	struct ticket_zone *shared = zone_lock(keys->zone);
	bool ok = ticket_zone_rotate(shared, period);

	if (ok)
		memcpy(keys->items, shared->items, sizeof(shared->items));
	zone_unlock(keys->zone);
	return ok;
}

/* --- keys of a secret --- */

bool ticket_key_derive(struct str secret, uint64_t period, struct ticket_key *out)
{
	char info[64];
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	EVP_KDF_CTX *context = EVP_KDF_CTX_new(kdf);
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)"SHA256", 0),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)secret.data,
						  secret.len),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info, 0),
		OSSL_PARAM_construct_end(),
	};
	int len = snprintf(info, sizeof(info), "skua session ticket %llu",
			   (unsigned long long)period);

	params[2] = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info, (size_t)len);

	unsigned char *bytes = (unsigned char *)out;
	bool ok = context && EVP_KDF_derive(context, bytes, sizeof(*out), params) == 1;

	EVP_KDF_CTX_free(context);
	EVP_KDF_free(kdf);
	return ok;
}

static bool refresh_from_secret(struct ticket_keys *keys, int64_t period)
{
	for (int i = 0; i < TICKETS_PERIODS; i++)
		if (!ticket_key_derive(keys->secret, (uint64_t)(period - 1 + i), &keys->items[i]))
			return false;
	return true;
}

/* --- the callback --- */

/* Renews the keys if needed. False: there are no keys; the next call tries again. */
static bool refresh(struct ticket_keys *keys)
{
	time_t now = time(NULL);
	int64_t period = keys->period_s ? now / keys->period_s : 0;

	if (keys->period_s == 0 || (now - keys->refreshed < REFRESH_S && now >= keys->refreshed))
		return keys->count > 0;
	keys->refreshed = 0;
	keys->count = 0;
	if (!(keys->zone ? refresh_from_zone(keys, period) : refresh_from_secret(keys, period)))
		return false;
	keys->refreshed = now;
	keys->count = TICKETS_PERIODS;
	keys->sealing = TICKETS_CURRENT;
	return true;
}

/* 0: no key has this name. 1, or 2 if a new ticket should be sent. */
static int find_key(struct ticket_keys *keys, const unsigned char *name, struct ticket_key *out)
{
	for (size_t i = 0; i < keys->count; i++)
		if (memcmp(keys->items[i].name, name, sizeof(keys->items[i].name)) == 0) {
			*out = keys->items[i];
			return i == keys->sealing ? 1 : 2;
		}
	return 0;
}

enum { TICKET_IV = 16 }; /* bytes, of AES-CBC */

/* Fetched once, since EVP_aes_256_cbc() is fetched again at each use. */
static const EVP_CIPHER *ticket_cipher;

static bool start_ciphers(const struct ticket_key *key, const unsigned char *iv, int seals,
			  EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac)
{
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, (void *)key->hmac,
						  sizeof(key->hmac)),
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)"SHA256", 0),
		OSSL_PARAM_construct_end(),
	};

	return EVP_CipherInit_ex(cipher, ticket_cipher, NULL, key->aes, iv, seals) == 1 &&
	       EVP_MAC_CTX_set_params(mac, params) == 1;
}

/*
 * The callback of SSL_CTX_set_tlsext_ticket_key_evp_cb(3). A client should use each ticket of TLS
 * 1.3 only once (RFC 8446 section C.4), so each handshake gives it a new ticket.
 */
static int ticket_key(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
		      EVP_MAC_CTX *mac, int seals)
{
	struct ticket_keys *keys = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
	struct ticket_key key;
	int result = 1;

	pthread_mutex_lock(&keys->lock);
	if (!refresh(keys))
		result = seals ? -1 : 0;
	else if (seals)
		key = keys->items[keys->sealing];
	else
		result = find_key(keys, name, &key);
	pthread_mutex_unlock(&keys->lock);
	if (result <= 0)
		return result;
	if (!seals && SSL_version(ssl) == TLS1_3_VERSION)
		result = 2;
	if (seals) {
		memcpy(name, key.name, sizeof(key.name));
		if (RAND_bytes(iv, TICKET_IV) != 1)
			result = -1;
	}
	if (result > 0 && !start_ciphers(&key, iv, seals, cipher, mac))
		result = -1;
	explicit_bzero(&key, sizeof(key));
	return result;
}

/* Whether refresh() renews the keys. A second early, since it is called a moment later. */
static bool is_due(const struct ticket_keys *keys)
{
	time_t now = time(NULL);

	return keys->period_s > 0 &&
	       (now < keys->refreshed || now - keys->refreshed >= REFRESH_S - 1);
}

bool ticket_keys_may_wait(const SSL_CTX *context)
{
	struct ticket_keys *keys = SSL_CTX_get_app_data(context);

	if (!keys || keys->period_s == 0)
		return false;
	if (pthread_mutex_trylock(&keys->lock) != 0)
		return true;

	bool may_wait = is_due(keys);

	pthread_mutex_unlock(&keys->lock);
	return may_wait;
}

bool ticket_keys_open_at_once(const SSL_CTX *context, struct str ticket)
{
	struct ticket_keys *keys = SSL_CTX_get_app_data(context);
	struct ticket_key key;

	if (!keys || ticket.len < sizeof(key.name) || pthread_mutex_trylock(&keys->lock) != 0)
		return false;

	bool is_known = !is_due(keys) &&
			find_key(keys, (const unsigned char *)ticket.data, &key) > 0;

	pthread_mutex_unlock(&keys->lock);
	explicit_bzero(&key, sizeof(key));
	return is_known;
}

void ticket_keys_use(struct ticket_keys *keys, SSL_CTX *context)
{
	if (!ticket_cipher)
		ticket_cipher = EVP_CIPHER_fetch(NULL, "AES-256-CBC", NULL);
	if (!ticket_cipher)
		ticket_cipher = EVP_aes_256_cbc();
	SSL_CTX_set_app_data(context, keys);
	SSL_CTX_set_tlsext_ticket_key_evp_cb(context, ticket_key);
}

/* --- configuration --- */

/* Reads at most `room` bytes. Returns how many; 0 after an error was reported. */
static size_t read_file(struct conf_call *call, const struct conf_word *word, void *bytes,
			size_t room)
{
	FILE *file = fopen(word->text.data, "rbe");
	size_t len = file ? fread(bytes, 1, room, file) : 0;
	int error = file && ferror(file) ? EIO : errno;

	if (!file || ferror(file))
		conf_error(call, word, "cannot be read: %s", strerror(error));
	else if (len == 0)
		conf_error(call, word, "the file is empty");
	if (file)
		fclose(file);
	return len;
}

/*
 * Reads the key in a file of nginx: 80 bytes, or 48 bytes for AES-128, from which longer keys are
 * derived.
 */
static int read_key(struct conf_call *call, const struct conf_word *word, struct ticket_key *out)
{
	unsigned char bytes[sizeof(*out) + 1];
	size_t len = read_file(call, word, bytes, sizeof(bytes));

	if (len == 0)
		return -EINVAL;
	if (len != sizeof(*out) && len != SHORT_FILE)
		return conf_error(call, word,
				  "a key of session tickets has 48 or 80 bytes\n"
				  "make one with: openssl rand 80");
	if (len == sizeof(*out)) {
		memcpy(out, bytes, sizeof(*out));
	} else {
		if (!ticket_key_derive((struct str){ (char *)bytes, len }, 0, out))
			return conf_error(call, word, "OpenSSL cannot derive a key from it");
		memcpy(out->name, bytes, sizeof(out->name));
	}
	explicit_bzero(bytes, sizeof(bytes));
	return 0;
}

static int read_keys(struct conf_call *call, const struct ssl_words *files,
		     struct ticket_keys *keys)
{
	if (files->count > KEYS_MAX)
		return conf_error(call, &files->items[KEYS_MAX], "there are at most %d keys",
				  KEYS_MAX);
	for (keys->count = 0; keys->count < files->count; keys->count++)
		if (read_key(call, &files->items[keys->count], &keys->items[keys->count]) < 0)
			return -EINVAL;
	return 0;
}

static int read_secret(struct conf_call *call, const struct conf_word *word,
		       struct ticket_keys *keys)
{
	char *bytes = pool_alloc(call->pool, SECRET_MAX);
	size_t len = read_file(call, word, bytes, SECRET_MAX);

	if (len == 0)
		return -EINVAL;
	keys->secret = str_trim((struct str){ bytes, len }, " \t\r\n");
	if (keys->secret.len < 32)
		return conf_error(call, word, "a secret needs 32 bytes or more\n"
				  "make one with: openssl rand -base64 48");
	return 0;
}

struct ticket_keys *ticket_keys_create(struct conf_call *call, const struct ssl_conf *conf)
{
	static const struct zone_ops ops = { .layout = "ssl-tickets-1" };
	struct ticket_keys *keys = pool_new(call->pool, struct ticket_keys);
	int64_t timeout_s = conf->session_timeout.ms / 1000;

	pthread_mutex_init(&keys->lock, NULL);
	if (conf->ticket_files.count)
		return read_keys(call, &conf->ticket_files, keys) < 0 ? NULL : keys;
	keys->period_s = timeout_s > PERIOD_MIN_S ? timeout_s : PERIOD_MIN_S;
	if (conf->ticket_secret.count)
		return read_secret(call, &conf->ticket_secret.items[0], keys) < 0 ? NULL : keys;
	keys->zone = zone_declare(call, pool_printf(call->pool, "ssl_session_tickets_%lld",
						    (long long)keys->period_s),
				  sizeof(struct ticket_zone), &ops);
	return keys->zone ? keys : NULL;
}
