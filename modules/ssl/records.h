/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The record layer of TLS 1.3 (RFC 8446 section 5): seals (encrypts) and opens (decrypts) records
 * with keys that are derived from a traffic secret (section 7.3). The state of one direction is a
 * struct of about a hundred bytes without pointers, so it can be copied to another process. The
 * ciphers are those of OpenSSL, and each process has some objects for each kind of cipher.
 *
 * Call these functions on the event loop's thread only.
 */
#ifndef SKUA_SSL_RECORDS_H
#define SKUA_SSL_RECORDS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct iovec;

/* RFC 8446 section 5.1. */
enum record_type {
	RECORD_CHANGE_CIPHER_SPEC = 20,
	RECORD_ALERT = 21,
	RECORD_HANDSHAKE = 22,
	RECORD_DATA = 23,
};

enum {
	RECORD_HEAD = 5, /* type, version, length */
	RECORD_TAG = 16,
	RECORD_PLAIN_MAX = 16384, /* section 5.1 */
	RECORD_BODY_MAX = RECORD_PLAIN_MAX + 256, /* section 5.2 */
	RECORD_MAX = RECORD_HEAD + RECORD_BODY_MAX,
	/* How many bytes record_seal() adds to the data. It adds no padding. */
	RECORD_OVERHEAD = RECORD_HEAD + 1 + RECORD_TAG,

	/* How many records use one key before it is replaced; far fewer than section 5.5 allows. */
	RECORDS_PER_KEY = 1 << 23,
};

/* Section 5.5: with AES-GCM, one key must not protect more records than this, 2^24.5. */
#define RECORDS_PER_KEY_MAX 23726566

/*
 * A cipher suite of section B.4: 0x1301 TLS_AES_128_GCM_SHA256, 0x1302 TLS_AES_256_GCM_SHA384,
 * 0x1303 TLS_CHACHA20_POLY1305_SHA256. NULL: the suite has another number, or OpenSSL does not
 * offer it. The result lives as long as the process.
 */
const struct record_suite *record_suite(uint16_t number);
size_t record_suite_secret_len(const struct record_suite *suite);
size_t record_suite_key_len(const struct record_suite *suite);

enum { RECORD_SECRET_MAX = 48 };

/* One direction of a connection. */
struct record_key {
	uint64_t sequence; /* of the next record */
	uint64_t id; /* a number that is unique to this key in the process */
	uint8_t secret[RECORD_SECRET_MAX];
	uint8_t key[32];
	uint8_t iv[12];
};

/*
 * Derives the key and the iv from the traffic secret, which has record_suite_secret_len() bytes.
 * The next record has the number `sequence`. 0 or -ENOMEM.
 */
int record_key_init(struct record_key *key, const struct record_suite *suite,
		    const uint8_t *secret, uint64_t sequence);

/* As record_key_init(), with the key and the iv, which were derived already. */
void record_key_use(struct record_key *key, const struct record_suite *suite, const uint8_t *secret,
		    const uint8_t *bytes, const uint8_t *iv, uint64_t sequence);

/*
 * Removes the key from the ciphers of the process. Call it when the key is not used any more; the
 * caller overwrites the struct.
 */
void record_key_forget(const struct record_key *key, const struct record_suite *suite);

/*
 * Replaces the key with that of the next secret (section 7.2). The next record has the number 0. 0
 * or -ENOMEM.
 */
int record_key_update(struct record_key *key, const struct record_suite *suite);

/*
 * Seals the bytes of iov, at most RECORD_PLAIN_MAX, as one record. The record has RECORD_OVERHEAD
 * bytes more than the data, and is written to `out`. Returns its length, or -EIO; also if the key
 * has sealed RECORDS_PER_KEY_MAX records. A piece may lie in `out` already, at the place that it
 * has in the record, behind RECORD_HEAD.
 */
ssize_t record_seal(const struct record_suite *suite, struct record_key *key,
		    enum record_type type, const struct iovec *iov, int count, uint8_t *out);

/*
 * Returns the length of the record at `bytes`, including its head. 0: the `len` bytes do not
 * contain the whole record. -EMSGSIZE: the record is longer than RECORD_MAX. -EBADMSG: the bytes
 * are not a record.
 */
ssize_t record_length(const uint8_t *bytes, size_t len);

/*
 * Opens a complete record of type RECORD_DATA in place. *plain points to the decrypted bytes
 * within the record, and *type is the inner type of the record. Returns the number of these bytes,
 * which may be 0, or
 *
 *	-EBADMSG	it was not sealed with this key, or not as this record: bad_record_mac
 *	-EMSGSIZE	it has more than RECORD_PLAIN_MAX bytes: record_overflow
 *	-EPROTO		it has no type: unexpected_message
 *
 * After an error the bytes of the record must not be used.
 */
ssize_t record_open(const struct record_suite *suite, struct record_key *key, uint8_t *record,
		    size_t len, uint8_t **plain, enum record_type *type);

#endif
