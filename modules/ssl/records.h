/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The record layer of TLS 1.3 (RFC 8446 section 5): seals and opens records with keys that are
 * derived from a traffic secret (section 7.3). The state of one direction is a struct of some
 * hundred bytes without pointers, so it can be copied to another process; the ciphers
 * themselves are OpenSSL's, and there is one of each kind in a process.
 *
 * On the loop's thread only.
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
	/* What record_seal() adds to the bytes: it pads nothing. */
	RECORD_OVERHEAD = RECORD_HEAD + 1 + RECORD_TAG,

	/* Records under one key before it is replaced: far below what section 5.5 allows. */
	RECORDS_PER_KEY = 1 << 23,
};

/*
 * A cipher suite of section B.4: 0x1301 TLS_AES_128_GCM_SHA256, 0x1302 TLS_AES_256_GCM_SHA384,
 * 0x1303 TLS_CHACHA20_POLY1305_SHA256. NULL: another one, or one that OpenSSL does not offer.
 * What is returned lives as long as the process.
 */
const struct record_suite *record_suite(uint16_t number);
size_t record_suite_secret_len(const struct record_suite *suite);

enum { RECORD_SECRET_MAX = 48 };

/* One direction of a connection. */
struct record_key {
	uint64_t sequence; /* of the next record */
	uint64_t id; /* of this key among all that this process has had */
	uint8_t secret[RECORD_SECRET_MAX];
	uint8_t key[32];
	uint8_t iv[12];
};

/*
 * Derives key and iv from the traffic secret, which has record_suite_secret_len() bytes. The
 * first record has the number `sequence`. 0 or -ENOMEM.
 */
int record_key_init(struct record_key *key, const struct record_suite *suite,
		    const uint8_t *secret, uint64_t sequence);

/* Goes on with the next secret, from record 0 on (section 7.2). 0 or -ENOMEM. */
int record_key_update(struct record_key *key, const struct record_suite *suite);

/*
 * Seals the bytes of iov, RECORD_PLAIN_MAX at most, as one record. Writes their number and
 * RECORD_OVERHEAD bytes to `out` and returns that count, or -EIO.
 */
ssize_t record_seal(const struct record_suite *suite, struct record_key *key,
		    enum record_type type, const struct iovec *iov, int count, uint8_t *out);

/*
 * The length of the record that begins at `bytes`, head included. 0: it is not complete in
 * `len` bytes. -EMSGSIZE: it is longer than RECORD_MAX; -EBADMSG: these bytes are no record.
 */
ssize_t record_length(const uint8_t *bytes, size_t len);

/*
 * Opens a complete record of type RECORD_DATA, in place: *plain is set to its bytes within
 * the record, and the type that was sealed with them to *type. Returns their number, which
 * may be 0, or
 *
 *	-EBADMSG	it was not sealed with this key, or not as this record: bad_record_mac
 *	-EMSGSIZE	it has more than RECORD_PLAIN_MAX bytes: record_overflow
 *	-EPROTO		it has no type: unexpected_message
 *
 * After an error the bytes of the record are worthless.
 */
ssize_t record_open(const struct record_suite *suite, struct record_key *key, uint8_t *record,
		    size_t len, uint8_t **plain, enum record_type *type);

#endif
