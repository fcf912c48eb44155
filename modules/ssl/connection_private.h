/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Declarations that the files of a TLS connection share. Each file implements one part of struct
 * transport_type:
 *
 *	connection.c		the type, the stages, the beginning and the end
 *	connection_handshake.c	receive() until the handshake is done
 *	connection_receive.c	receive() after it
 *	connection_send.c	send(), end(), alerts
 *	connection_move.c	export(), import()
 */
#ifndef SKUA_SSL_CONNECTION_PRIVATE_H
#define SKUA_SSL_CONNECTION_PRIVATE_H

#include <module.h>
#include <openssl/ssl.h>
#include <timer.h>
#include <transport.h>

#include "connection.h"
#include "facts.h"
#include "handshake.h"
#include "records.h"
#include "send_size.h"
#include "settings.h"

extern const struct module ssl_module;

enum {
	READ_MAX = RECORD_MAX + 4096, /* the most bytes that are received and not yet decrypted */

	/*
	 * The first records after a pause are short, so that a client can use their content early,
	 * without waiting for a long record to arrive. Their sum is about what a new connection
	 * can send at once.
	 */
	SHORT_RECORD = 4096,
	SHORT_RECORDS_BYTES = 4 * SHORT_RECORD,
	PAUSE_MS = 1000,

	/* How many more records without data than records with data a client may send. */
	USELESS_MAX = 32,

	/* In the stage OPENSSL, nothing is received while more bytes than this are unsent. */
	ANSWERS_MAX = 16 * 1024,

	/* Longer tickets, such as those with a certificate of the client, are sent at once. */
	HELD_TICKETS_MAX = 1024,

	/* How long tickets wait for the first response: far less than a client notices. */
	HELD_TICKETS_MS = 20,
};

/* RFC 8446 section 6. */
enum alert {
	ALERT_CLOSE_NOTIFY = 0,
	ALERT_UNEXPECTED_MESSAGE = 10,
	ALERT_BAD_RECORD_MAC = 20,
	ALERT_RECORD_OVERFLOW = 22,
	ALERT_ILLEGAL_PARAMETER = 47,
	ALERT_DECODE_ERROR = 50,
	ALERT_INTERNAL_ERROR = 80,
	ALERT_USER_CANCELED = 90,
	ALERT_UNRECOGNIZED_NAME = 112,
};

enum { KEY_UPDATE = 24, KEY_UPDATE_LEN = 5 }; /* RFC 8446 section 4.6.3 */

enum { MESSAGE_HEAD = 4 }; /* of a handshake message: type, length; section 4 */

enum ssl_stage { HELLO, HANDSHAKE, OWN, OPENSSL, PLAIN, BROKEN };

/* Bytes in memory from malloc(3). Those before `at` were taken already. */
struct bytes {
	uint8_t *data;
	uint32_t at, len;
};

struct ssl_connection {
	enum ssl_stage stage;
	bool peer_ended, end_given; /* close_notify was received; receive() has reported it */
	bool ended; /* close_notify was sent: no record may follow */
	bool owes_update; /* the peer has requested a key update */
	bool holds_tickets; /* `unsent` is to be sent with the first response; see unsent() */
	uint8_t useless;
	uint8_t message_len; /* OWN: bytes of a KeyUpdate whose rest is to come */
	uint8_t message[KEY_UPDATE_LEN];
	uint16_t record_size; /* ssl_buffer_size; 0: short ones first */
	uint16_t fragment_max; /* OWN: bytes of a record either side may send; 0: as usual */
	struct send_size send_size; /* OWN and OPENSSL, and what is unsent in every stage */
	uint32_t burst; /* bytes sent since the last pause */
	int64_t sent_ms; /* the time of the last send */

	struct handshake *handshake; /* HANDSHAKE */
	struct timer timer; /* ssl_handshake_timeout; OWN: HELD_TICKETS_MS */
	uint32_t handshake_bytes;
	bool is_running; /* a thread runs a step of the handshake */

	SSL *ssl; /* OPENSSL */
	uint32_t records_sent; /* OPENSSL: with the same key */

	const struct record_suite *suite; /* OWN */
	struct record_key in, out;

	struct bytes input; /* received, and not yet decrypted */
	struct bytes plain; /* decrypted, and not yet returned by receive() */
	struct bytes unsent; /* encrypted, and not yet sent */
	struct ssl_facts *facts; /* NULL before the handshake is done */
};

/* A buffer of the process. Its contents are valid within one call only. */
extern uint8_t ssl_read_buffer[READ_MAX];

/* --- struct bytes --- */

static inline size_t ssl_bytes_left(const struct bytes *bytes)
{
	return bytes->len - bytes->at;
}

void ssl_bytes_free(struct bytes *bytes);

/* Adds to the end. 0 or -ENOMEM. */
int ssl_bytes_add(struct bytes *bytes, const void *data, size_t len);

/* Moves at most `room` bytes from the front to `to`. Returns their number. */
size_t ssl_bytes_take(struct bytes *bytes, void *to, size_t room);

/* --- sending --- */

/*
 * Sends complete records, after the bytes that are still unsent. Bytes that the socket does not
 * accept are kept. 0 or -errno.
 */
int ssl_write_records(struct transport *transport, const uint8_t *bytes, size_t len, bool more);

/*
 * Takes bytes that OpenSSL writes (stage OPENSSL), for ssl_openssl_flush(), which must be called
 * before receive(), send() or end() returns. What follows close_notify is dropped. Returns how many
 * bytes were taken, at least 1.
 */
size_t ssl_openssl_write(struct transport *transport, const char *bytes, size_t len);

/*
 * Sends what OpenSSL has written (stage OPENSSL). 0, or -errno: then bytes are lost, perhaps since
 * an earlier ssl_openssl_write().
 */
int ssl_openssl_flush(struct transport *transport, bool more);

/* Sends an alert, after which the connection cannot be used. Always returns -EPROTO. */
int ssl_fail(struct transport *transport, enum alert alert);

size_t connection_send_max(const struct transport *transport);
ssize_t connection_send(struct transport *transport, const struct iovec *iov, int count, bool more);
void connection_end(struct transport *transport);

/* The tickets wait no longer for the first response: they count as unsent from now on. */
static inline void ssl_let_tickets_go(struct ssl_connection *ssl)
{
	ssl->holds_tickets = false;
	timer_stop(&ssl->timer);
}

/* --- receiving --- */

/* receive() in the stages HELLO and HANDSHAKE. */
ssize_t connection_hello_receive(struct transport *transport, void *buffer, size_t size);
ssize_t connection_handshake_receive(struct transport *transport, void *buffer, size_t size);

/*
 * Begins the stage OPENSSL with an SSL object whose handshake is done, and which belongs to the
 * connection then. 0, or -ENOMEM.
 */
int ssl_use_openssl(struct transport *transport, SSL *done);

/* receive() in the stages OWN and OPENSSL. */
ssize_t connection_own_receive(struct transport *transport, void *buffer, size_t size);
ssize_t connection_openssl_receive(struct transport *transport, void *buffer, size_t size);

/* --- beginning and end --- */

int connection_init(struct transport *transport);
void connection_finish(struct transport *transport);

/* --- to another process --- */

ssize_t connection_export(const struct transport *transport, char *to, size_t room);
bool connection_can_move(const struct transport *transport);
int connection_import(struct transport *transport, struct str state);

#endif
