/* SPDX-License-Identifier: BSD-2-Clause */
#include "connection_private.h"

#include <errno.h>
#include <limits.h>
#include <openssl/err.h>

static int take_alert(struct transport *transport, const uint8_t *body, size_t len)
{
	struct ssl_connection *ssl = transport_state(transport);

	if (len == 0) /* section 5.4 */
		return ssl_fail(transport, ALERT_UNEXPECTED_MESSAGE);
	if (len != 2)
		return ssl_fail(transport, ALERT_DECODE_ERROR);
	if (body[1] == ALERT_CLOSE_NOTIFY) {
		ssl->peer_ended = true;
		return 0;
	}
	if (body[1] == ALERT_USER_CANCELED) /* section 6.1: close_notify follows */
		return 0;
	ssl->stage = BROKEN;
	return -ECONNRESET;
}

/*
 * Takes a part of a key update, the only message that is allowed. It may be split over records, but
 * must end with a record, because the next record has the next key (section 5.1).
 *
 * A key update that the peer requests is sent before the next record of data, as section 4.6.3
 * demands, and one update answers several requests. So a peer that sends requests and reads
 * nothing does not use up memory.
 */
static int take_handshake_message(struct transport *transport, const uint8_t *body, size_t len)
{
	static const uint8_t head[MESSAGE_HEAD] = { KEY_UPDATE, 0, 0, 1 };
	struct ssl_connection *ssl = transport_state(transport);
	size_t had = ssl->message_len, has = had + len;

	if (len == 0 || has > KEY_UPDATE_LEN)
		return ssl_fail(transport, ALERT_UNEXPECTED_MESSAGE);
	memcpy(ssl->message + had, body, len);
	if (memcmp(ssl->message, head, has < MESSAGE_HEAD ? has : MESSAGE_HEAD) != 0)
		return ssl_fail(transport, ALERT_UNEXPECTED_MESSAGE);
	ssl->message_len = (uint8_t)has;
	if (has < KEY_UPDATE_LEN)
		return 0;

	uint8_t request = ssl->message[MESSAGE_HEAD];

	ssl->message_len = 0;
	if (request > 1)
		return ssl_fail(transport, ALERT_ILLEGAL_PARAMETER);
	if (record_key_update(&ssl->in, ssl->suite) < 0)
		return -ENOMEM;
	ssl->owes_update |= request == 1;
	return 0;
}

/*
 * Opens the record of `len` bytes. *plain points to its data for the protocol. Returns the number
 * of these bytes, 0 if the record has no data, or -errno.
 */
static ssize_t take_record(struct transport *transport, uint8_t *record, size_t len,
			   uint8_t **plain)
{
	struct ssl_connection *ssl = transport_state(transport);
	enum record_type type;
	ssize_t n = record_open(ssl->suite, &ssl->in, record, len, plain, &type);
	int error = 0;

	if (n < 0)
		ERR_clear_error();
	switch (n) {
	case -EBADMSG:
		return ssl_fail(transport, ALERT_BAD_RECORD_MAC);
	case -EMSGSIZE:
		return ssl_fail(transport, ALERT_RECORD_OVERFLOW);
	case -EPROTO:
		return ssl_fail(transport, ALERT_UNEXPECTED_MESSAGE);
	}
	if (ssl->fragment_max && n > ssl->fragment_max) /* RFC 6066 section 4 */
		return ssl_fail(transport, ALERT_RECORD_OVERFLOW);
	/* Section 5.1: nothing may stand between the parts of a message. */
	if (ssl->message_len && type != RECORD_HANDSHAKE)
		return ssl_fail(transport, ALERT_UNEXPECTED_MESSAGE);
	if (type == RECORD_DATA && n > 0) {
		ssl->useless -= ssl->useless > 0;
		return n;
	}
	if (++ssl->useless > USELESS_MAX)
		return ssl_fail(transport, ALERT_UNEXPECTED_MESSAGE);
	if (type == RECORD_ALERT)
		error = take_alert(transport, *plain, (size_t)n);
	else if (type == RECORD_HANDSHAKE)
		error = take_handshake_message(transport, *plain, (size_t)n);
	else if (type != RECORD_DATA)
		return ssl_fail(transport, ALERT_UNEXPECTED_MESSAGE);
	return error;
}

/* Keeps the bytes from `at` to `len` in ssl_read_buffer as input for later. Returns `result`. */
static ssize_t keep_input(struct ssl_connection *ssl, size_t at, size_t len, ssize_t result)
{
	return ssl_bytes_add(&ssl->input, ssl_read_buffer + at, len - at) < 0 ? -ENOMEM : result;
}

/*
 * Opens the complete records in ssl_read_buffer, from *at to `len`, until the buffer of the
 * protocol is full or the peer has ended. Bytes that do not fit are kept. Returns the number of
 * bytes in the buffer, or -errno.
 */
static ssize_t open_records(struct transport *transport, size_t *at, size_t len, uint8_t *buffer,
			    size_t size)
{
	struct ssl_connection *ssl = transport_state(transport);
	size_t given = 0;

	while (given < size && !ssl->peer_ended) {
		ssize_t record = record_length(ssl_read_buffer + *at, len - *at), n;
		uint8_t *plain = NULL;

		if (record < 0)
			return ssl_fail(transport, record == -EMSGSIZE ? ALERT_RECORD_OVERFLOW :
									 ALERT_UNEXPECTED_MESSAGE);
		if (record == 0)
			break;
		n = take_record(transport, ssl_read_buffer + *at, (size_t)record, &plain);
		if (n < 0)
			return n;
		*at += (size_t)record;

		size_t fits = (size_t)n < size - given ? (size_t)n : size - given;

		if (n > 0)
			memcpy(buffer + given, plain, fits);
		given += fits;
		if (ssl_bytes_add(&ssl->plain, plain + fits, (size_t)n - fits) < 0)
			return -ENOMEM;
	}
	return (ssize_t)given;
}

ssize_t connection_own_receive(struct transport *transport, void *buffer, size_t size)
{
	struct ssl_connection *ssl = transport_state(transport);
	size_t at = 0, len = ssl_bytes_take(&ssl->input, ssl_read_buffer, sizeof(ssl_read_buffer));

	for (;;) {
		ssize_t n = open_records(transport, &at, len, buffer, size);

		if (n < 0)
			return n;
		if (ssl->peer_ended) /* section 6.1: later bytes are ignored */
			return n;
		if (n > 0)
			return keep_input(ssl, at, len, n);
		memmove(ssl_read_buffer, ssl_read_buffer + at, len - at);
		len -= at;
		at = 0;
		n = transport_read_socket(transport, ssl_read_buffer + len,
					  sizeof(ssl_read_buffer) - len);
		if (n == -EAGAIN)
			return keep_input(ssl, 0, len, TRANSPORT_NEEDS_BYTES);
		if (n <= 0)
			return n;
		len += (size_t)n;
	}
}

/*
 * SSL_CTX_set_msg_callback(3): counts key updates, and requests to renegotiate, which OpenSSL
 * answers with an alert.
 */
static void message_seen(int is_written, int version, int type, const void *bytes, size_t len,
			 SSL *unused, void *data)
{
	struct ssl_connection *ssl = data;

	(void)version;
	(void)bytes;
	(void)len;
	(void)unused;
	if (type == (is_written ? SSL3_RT_ALERT : SSL3_RT_HANDSHAKE))
		ssl->useless += ssl->useless < UINT8_MAX;
}

/*
 * A BIO without a buffer: OpenSSL reads from the input of the connection, and writes to a buffer of
 * the process. A memory BIO would keep the memory of the longest record.
 */
static int bio_read(BIO *bio, char *to, int room)
{
	struct transport *transport = BIO_get_data(bio);
	struct ssl_connection *ssl = transport_state(transport);
	size_t n = ssl_bytes_take(&ssl->input, to, (size_t)room);

	BIO_clear_retry_flags(bio);
	if (n > 0)
		return (int)n;
	BIO_set_retry_read(bio);
	return -1;
}

static int bio_write(BIO *bio, const char *bytes, int len)
{
	return (int)ssl_openssl_write(BIO_get_data(bio), bytes, (size_t)len);
}

/* OpenSSL flushes at the end of its messages. */
static long bio_control(BIO *bio, int command, long number, void *pointer)
{
	(void)bio;
	(void)number;
	(void)pointer;
	return command == BIO_CTRL_FLUSH;
}

/* NULL: no memory. */
static BIO *bio_of(struct transport *transport)
{
	static BIO_METHOD *method;
	BIO *bio;

	if (!method && (method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "skua")) != NULL) {
		BIO_meth_set_read(method, bio_read);
		BIO_meth_set_write(method, bio_write);
		BIO_meth_set_ctrl(method, bio_control);
	}
	bio = method ? BIO_new(method) : NULL;
	if (bio) {
		BIO_set_data(bio, transport);
		BIO_set_init(bio, 1);
	}
	return bio;
}

int ssl_use_openssl(struct transport *transport, SSL *done)
{
	struct ssl_connection *ssl = transport_state(transport);
	BIO *bio = bio_of(transport);

	if (!bio)
		return -ENOMEM;
	SSL_set_bio(done, bio, bio);
	ssl->stage = OPENSSL;
	ssl->ssl = done;
	/* Not before: in a handshake each record would take and release a buffer of 16 KiB. */
	SSL_set_mode(done, SSL_MODE_RELEASE_BUFFERS);
	SSL_free_buffers(done);
	SSL_set_app_data(done, NULL);
	SSL_set_msg_callback(done, message_seen);
	SSL_set_msg_callback_arg(done, ssl);
	return 0;
}

ssize_t connection_openssl_receive(struct transport *transport, void *buffer, size_t size)
{
	struct ssl_connection *ssl = transport_state(transport);

	/* Stop receiving, so that OpenSSL's replies to the peer do not fill the memory. */
	if (ssl_bytes_left(&ssl->unsent) > ANSWERS_MAX)
		return TRANSPORT_NEEDS_ROOM;
	for (;;) {
		ERR_clear_error();

		int n = SSL_read(ssl->ssl, buffer, (int)(size < INT_MAX ? size : INT_MAX));
		int reason = SSL_get_error(ssl->ssl, n);

		if (ssl_openssl_flush(transport, false) < 0)
			return -EPIPE;
		if (ssl->useless > USELESS_MAX) {
			ssl->stage = BROKEN;
			return -EPROTO;
		}
		if (n > 0) {
			ssl->useless -= ssl->useless > 0;
			return n;
		}
		if (reason == SSL_ERROR_ZERO_RETURN) {
			ssl->peer_ended = true;
			return 0;
		}
		if (reason != SSL_ERROR_WANT_READ) {
			ssl->stage = BROKEN;
			return -EPROTO;
		}

		ssize_t got =
			transport_read_socket(transport, ssl_read_buffer, sizeof(ssl_read_buffer));

		if (got == -EAGAIN)
			return TRANSPORT_NEEDS_BYTES;
		if (got <= 0)
			return got;
		if (ssl_bytes_add(&ssl->input, ssl_read_buffer, (size_t)got) < 0)
			return -ENOMEM;
	}
}
