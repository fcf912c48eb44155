/* SPDX-License-Identifier: BSD-2-Clause */
#include "records.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/uio.h>

#include "aead.h"
#include "hkdf.h"

/* A context of a cipher. It has the key with which it was used last. */
struct cipher {
	struct aead_context *context; /* NULL: not made yet */
	uint64_t key_id; /* 0: none */
};

/*
 * Setting a key takes longer than sealing some hundred bytes. So there are several ciphers, and a
 * key is set anew only if another one with the same place was used meanwhile. A cipher takes about
 * a KiB, once a connection has needed it.
 */
enum { CIPHERS = 32 };

struct record_suite {
	uint16_t number;
	const char *cipher_name, *digest_name;
	size_t key_len, secret_len;

	bool is_fetched; /* fetching was tried, also if it failed */
	const struct aead *aead;
	const struct hkdf_digest *digest;
	struct cipher sealing[CIPHERS], opening[CIPHERS]; /* the first ones are always there */
};

static struct record_suite suites[] = {
	{ 0x1301, "AES-128-GCM", "SHA256", 16, 32, .is_fetched = false },
	{ 0x1302, "AES-256-GCM", "SHA384", 32, 48, .is_fetched = false },
	{ 0x1303, "ChaCha20-Poly1305", "SHA256", 32, 32, .is_fetched = false },
};

static uint64_t last_key_id;

static bool make(struct cipher *cipher, const struct record_suite *suite)
{
	cipher->context = aead_create(suite->aead);
	return cipher->context != NULL;
}

static bool fetch(struct record_suite *suite)
{
	if (suite->is_fetched)
		return suite->sealing[0].context && suite->opening[0].context;
	suite->is_fetched = true;
	suite->aead = aead_fetch(suite->cipher_name);
	suite->digest = hkdf_digest(suite->digest_name);
	return suite->aead && suite->digest && make(&suite->sealing[0], suite) &&
	       make(&suite->opening[0], suite);
}

/* The two keys of a connection have successive numbers. */
static size_t place_of(const struct record_key *key)
{
	return key->id / 2 % CIPHERS;
}

/* The cipher at the key's place, or the first one if there is no memory for that. */
static struct cipher *cipher_of(const struct record_suite *suite, const struct record_key *key,
				bool seals)
{
	const struct cipher *ciphers = seals ? suite->sealing : suite->opening;
	struct cipher *cipher = (struct cipher *)&ciphers[place_of(key)];

	return cipher->context || make(cipher, suite) ? cipher : (struct cipher *)ciphers;
}

const struct record_suite *record_suite(uint16_t number)
{
	for (size_t i = 0; i < sizeof(suites) / sizeof(suites[0]); i++)
		if (suites[i].number == number)
			return fetch(&suites[i]) ? &suites[i] : NULL;
	return NULL;
}

size_t record_suite_secret_len(const struct record_suite *suite)
{
	return suite->secret_len;
}

size_t record_suite_key_len(const struct record_suite *suite)
{
	return suite->key_len;
}

/* --- keys --- */

static int derive(const struct record_suite *suite, const uint8_t *secret, const char *label,
		  uint8_t *out, size_t len)
{
	return hkdf_expand_label(suite->digest, secret, label, strlen(label), NULL, 0, out, len) ?
		       0 :
		       -ENOMEM;
}

int record_key_init(struct record_key *key, const struct record_suite *suite, const uint8_t *secret,
		    uint64_t sequence)
{
	key->sequence = sequence;
	key->id = ++last_key_id;
	memmove(key->secret, secret, suite->secret_len);

	int error = derive(suite, key->secret, "key", key->key, suite->key_len);

	return error < 0 ? error : derive(suite, key->secret, "iv", key->iv, sizeof(key->iv));
}

void record_key_use(struct record_key *key, const struct record_suite *suite, const uint8_t *secret,
		    const uint8_t *bytes, const uint8_t *iv, uint64_t sequence)
{
	key->sequence = sequence;
	key->id = ++last_key_id;
	memcpy(key->secret, secret, suite->secret_len);
	memcpy(key->key, bytes, suite->key_len);
	memcpy(key->iv, iv, sizeof(key->iv));
}

/* Puts another key in the place of this one. */
static void forget(struct cipher *cipher, const struct record_key *key,
		   const struct record_suite *suite, bool seals)
{
	static const uint8_t zeros[sizeof(key->key)];

	if (cipher->key_id != key->id || key->id == 0)
		return;
	cipher->key_id = 0;
	if (!aead_begin(suite->aead, cipher->context, seals, zeros, suite->key_len, zeros)) {
		aead_free(suite->aead, cipher->context);
		cipher->context = NULL;
	}
}

void record_key_forget(const struct record_key *key, const struct record_suite *suite)
{
	struct record_suite *own = (struct record_suite *)suite;

	for (int seals = 0; seals < 2; seals++) {
		struct cipher *ciphers = seals ? own->sealing : own->opening;

		forget(&ciphers[place_of(key)], key, suite, seals);
		forget(&ciphers[0], key, suite, seals);
	}
}

int record_key_update(struct record_key *key, const struct record_suite *suite)
{
	uint8_t next[RECORD_SECRET_MAX];
	int error = derive(suite, key->secret, "traffic upd", next, suite->secret_len);

	record_key_forget(key, suite);
	if (error == 0)
		error = record_key_init(key, suite, next, 0);
	explicit_bzero(next, sizeof(next));
	return error;
}

/* --- records --- */

/*
 * Sets the key of the cipher, unless it is set already, and the nonce (section 5.3); then adds the
 * head of the record.
 */
static bool begin_record(const struct record_suite *suite, struct cipher *cipher,
			 const struct record_key *key, bool seals, const uint8_t *head)
{
	uint8_t nonce[sizeof(key->iv)];

	memcpy(nonce, key->iv, sizeof(nonce));
	for (int i = 0; i < 8; i++)
		nonce[sizeof(nonce) - 1 - i] ^= (uint8_t)(key->sequence >> (8 * i));

	const uint8_t *new_key = cipher->key_id == key->id ? NULL : key->key;
	bool ok = cipher->context && aead_begin(suite->aead, cipher->context, seals, new_key,
						suite->key_len, nonce);

	cipher->key_id = ok ? key->id : 0; /* after an error the key is not known */
	return ok && aead_add(suite->aead, cipher->context, head, RECORD_HEAD);
}

static void put_head(uint8_t *head, size_t body_len)
{
	head[0] = RECORD_DATA;
	head[1] = 3; /* as TLS 1.2, section 5.1 */
	head[2] = 3;
	head[3] = (uint8_t)(body_len >> 8);
	head[4] = (uint8_t)body_len;
}

/* Seals one piece after the other, and the type. */
static bool seal_all(const struct record_suite *suite, struct cipher *cipher, enum record_type type,
		     const struct iovec *iov, int count, uint8_t *to)
{
	const uint8_t last = (uint8_t)type;

	for (int i = 0; i < count; i++) {
		uint8_t *from = iov[i].iov_base;
		size_t len = iov[i].iov_len;

		/* The type follows the data: in place, both are one piece. */
		if (i == count - 1 && from == to) {
			to[len] = last;
			return aead_update(suite->aead, cipher->context, to, to, len + 1);
		}
		if (!aead_update(suite->aead, cipher->context, to, from, len))
			return false;
		to += len;
	}
	return aead_update(suite->aead, cipher->context, to, &last, 1);
}

ssize_t record_seal(const struct record_suite *suite, struct record_key *key, enum record_type type,
		    const struct iovec *iov, int count, uint8_t *out)
{
	struct cipher *cipher = cipher_of(suite, key, true);
	size_t len = 0;

	for (int i = 0; i < count; i++)
		len += iov[i].iov_len;
	put_head(out, len + 1 + RECORD_TAG);
	if (key->sequence >= RECORDS_PER_KEY_MAX)
		return -EIO;
	if (!begin_record(suite, cipher, key, true, out) ||
	    !seal_all(suite, cipher, type, iov, count, out + RECORD_HEAD) ||
	    !aead_end_sealing(suite->aead, cipher->context, out + RECORD_HEAD + len + 1))
		return -EIO;
	key->sequence++;
	return (ssize_t)(len + RECORD_OVERHEAD);
}

ssize_t record_length(const uint8_t *bytes, size_t len)
{
	if (len >= 1 && (bytes[0] < RECORD_CHANGE_CIPHER_SPEC || bytes[0] > RECORD_DATA))
		return -EBADMSG;
	if (len < RECORD_HEAD)
		return 0;

	size_t body_len = (size_t)(bytes[3] << 8 | bytes[4]);

	if (body_len > RECORD_BODY_MAX)
		return -EMSGSIZE;
	return len < RECORD_HEAD + body_len ? 0 : (ssize_t)(RECORD_HEAD + body_len);
}

ssize_t record_open(const struct record_suite *suite, struct record_key *key, uint8_t *record,
		    size_t len, uint8_t **plain, enum record_type *type)
{
	struct cipher *cipher = cipher_of(suite, key, false);
	uint8_t *body = record + RECORD_HEAD;

	if (record[0] != RECORD_DATA)
		return -EPROTO;
	if (key->sequence == UINT64_MAX) /* section 5.3: it must not wrap */
		return -EBADMSG;
	if (len < RECORD_OVERHEAD)
		return -EBADMSG;

	size_t left = len - RECORD_HEAD - RECORD_TAG;

	if (!begin_record(suite, cipher, key, false, record) ||
	    !aead_update(suite->aead, cipher->context, body, body, left) ||
	    !aead_end_opening(suite->aead, cipher->context, body + left))
		return -EBADMSG;
	key->sequence++;
	if (left > RECORD_PLAIN_MAX + 1)
		return -EMSGSIZE;

	/* The type is the last byte that is not 0. The bytes after it are padding (section 5.2). */
	while (left > 0 && body[left - 1] == 0)
		left--;
	if (left == 0)
		return -EPROTO;
	left--;
	*type = (enum record_type)body[left];
	*plain = body;
	return (ssize_t)left;
}
