/* SPDX-License-Identifier: BSD-2-Clause */
#include "connection_private.h"

#include <errno.h>
#include <openssl/err.h>
#include <sys/uio.h>

/* Holds SEND_MOST bytes in full records; in shorter ones, fewer are sealed at a time. */
enum { SEALED_MAX = SEND_MOST + 64 * RECORD_OVERHEAD };

/* A buffer of the process. Its contents are valid within one call only. */
static uint8_t sealed[SEALED_MAX];

/* Writes the sealed bytes. 0: all were written; -EAGAIN: some are left; or another -errno. */
static ssize_t flush(struct transport *transport)
{
	struct ssl_connection *ssl = transport_state(transport);

	while (ssl_bytes_left(&ssl->unsent)) {
		ssize_t n = transport_write_socket(transport, ssl->unsent.data + ssl->unsent.at,
						   ssl_bytes_left(&ssl->unsent), false);

		if (n < 0)
			return n;
		ssl->unsent.at += (uint32_t)n;
	}
	ssl_bytes_free(&ssl->unsent);
	send_size_keeps(&ssl->send_size, 0);
	return 0;
}

int ssl_write_records(struct transport *transport, const uint8_t *bytes, size_t len, bool more)
{
	struct ssl_connection *ssl = transport_state(transport);
	size_t written = 0;

	if (len == 0)
		return 0;
	if (ssl->holds_tickets) {
		ssl_let_tickets_go(ssl);

		ssize_t n = flush(transport);

		if (n < 0 && n != -EAGAIN)
			return (int)n;
	}
	if (!ssl_bytes_left(&ssl->unsent)) {
		ssize_t n = transport_write_socket(transport, bytes, len, more);

		if (n < 0 && n != -EAGAIN)
			return (int)n;
		written = n < 0 ? 0 : (size_t)n;
	}

	int error = ssl_bytes_add(&ssl->unsent, bytes + written, len - written);

	send_size_keeps(&ssl->send_size, ssl->unsent.len);
	return error;
}

static int send_record(struct transport *transport, enum record_type type, const void *bytes,
		       size_t len)
{
	struct ssl_connection *ssl = transport_state(transport);
	const struct iovec iov = { (void *)bytes, len };
	ssize_t n = record_seal(ssl->suite, &ssl->out, type, &iov, 1, sealed);

	return n < 0 ? (int)n : ssl_write_records(transport, sealed, (size_t)n, false);
}

int ssl_fail(struct transport *transport, enum alert alert)
{
	struct ssl_connection *ssl = transport_state(transport);
	const uint8_t body[] = { 2 /* fatal */, (uint8_t)alert };
	const uint8_t record[] = { RECORD_ALERT, 3, 3, 0, 2, 2, (uint8_t)alert };

	if (ssl->stage == OWN && !ssl->ended)
		(void)send_record(transport, RECORD_ALERT, body, sizeof(body));
	else if (ssl->stage == HELLO)
		(void)ssl_write_records(transport, record, sizeof(record), false);
	ssl->stage = BROKEN;
	return -EPROTO;
}

/*
 * Changes to the next key, and sends a KeyUpdate. `requests`: ask the peer to update its key, too.
 * 0 or -errno.
 */
static int update_key(struct transport *transport, bool requests)
{
	struct ssl_connection *ssl = transport_state(transport);
	const uint8_t message[KEY_UPDATE_LEN] = { KEY_UPDATE, 0, 0, 1, requests };
	int error = send_record(transport, RECORD_HANDSHAKE, message, sizeof(message));

	return error < 0 ? error : record_key_update(&ssl->out, ssl->suite);
}

static size_t record_size(struct ssl_connection *ssl)
{
	int64_t now = clock_ms();

	if (ssl->fragment_max && (ssl->fragment_max < ssl->record_size || !ssl->record_size))
		return ssl->fragment_max;
	if (ssl->record_size)
		return ssl->record_size;
	if (now - ssl->sent_ms > PAUSE_MS)
		ssl->burst = 0;
	ssl->sent_ms = now;
	return ssl->burst < SHORT_RECORDS_BYTES ? SHORT_RECORD : RECORD_PLAIN_MAX;
}

/* A position in the bytes of an iovec list. */
struct cursor {
	const struct iovec *iov;
	int count;
	size_t used; /* bytes of the first item */
};

/* Returns the next contiguous bytes, at most `max`. If .iov_len is 0, no bytes are left. */
static struct iovec cursor_take(struct cursor *cursor, size_t max)
{
	while (cursor->count > 0 && cursor->used == cursor->iov->iov_len) {
		cursor->iov++;
		cursor->count--;
		cursor->used = 0;
	}
	if (cursor->count == 0)
		return (struct iovec){ NULL, 0 };

	size_t left = cursor->iov->iov_len - cursor->used, n = left < max ? left : max;
	struct iovec piece = { (char *)cursor->iov->iov_base + cursor->used, n };

	cursor->used += n;
	return piece;
}

static bool cursor_at_end(struct cursor *cursor)
{
	return cursor_take(cursor, 0).iov_base == NULL;
}

enum {
	PIECES_MAX = 16, /* the most pieces of one record */
	/* Up to that many bytes are copied to their place in the record before they are sealed. */
	COPIED_MAX = 2048,
};

static bool follows(const struct iovec *piece, const void *bytes)
{
	return (const char *)piece->iov_base + piece->iov_len == bytes;
}

/*
 * Seals one record of at most `size` bytes at `to`. *taken is the number of these bytes. The cipher
 * takes long to begin with a piece, so short ones that follow each other are made one.
 */
static ssize_t seal_next(struct ssl_connection *ssl, struct cursor *cursor, size_t size,
			 uint8_t *to, size_t *taken)
{
	struct iovec pieces[PIECES_MAX];
	int count = 0;

	for (*taken = 0; *taken < size && count < PIECES_MAX;) {
		struct iovec piece = cursor_take(cursor, size - *taken);
		uint8_t *place = to + RECORD_HEAD + *taken;

		if (piece.iov_len == 0)
			break;
		*taken += piece.iov_len;
		if (piece.iov_len <= COPIED_MAX)
			piece.iov_base = memcpy(place, piece.iov_base, piece.iov_len);
		if (count && piece.iov_base == place && follows(&pieces[count - 1], place))
			pieces[count - 1].iov_len += piece.iov_len;
		else
			pieces[count++] = piece;
	}
	return record_seal(ssl->suite, &ssl->out, RECORD_DATA, pieces, count, to);
}

static ssize_t own_send(struct transport *transport, const struct iovec *iov, int count, bool more)
{
	struct ssl_connection *ssl = transport_state(transport);
	struct cursor cursor = { iov, count, 0 };
	size_t total = 0, len = 0, taken;
	size_t most = send_size(&ssl->send_size);

	if (ssl->owes_update || ssl->out.sequence >= RECORDS_PER_KEY) {
		int error = update_key(transport, !ssl->owes_update &&
							     ssl->in.sequence >= RECORDS_PER_KEY);

		if (error < 0)
			return error;
		ssl->owes_update = false;
	}
	if (ssl->holds_tickets) {
		len = ssl_bytes_take(&ssl->unsent, sealed, HELD_TICKETS_MAX);
		ssl_let_tickets_go(ssl);
	}
	while (total < most && len <= sizeof(sealed) - RECORD_MAX && !cursor_at_end(&cursor)) {
		ssize_t n = seal_next(ssl, &cursor, record_size(ssl), sealed + len, &taken);

		if (n < 0)
			return n;
		len += (size_t)n;
		total += taken;
		ssl->burst += (uint32_t)taken;
	}

	int error = ssl_write_records(transport, sealed, len, more || !cursor_at_end(&cursor));

	send_size_sent(&ssl->send_size, total, ssl->unsent.len);
	return error < 0 ? error : (ssize_t)total;
}

/* --- the stage OPENSSL --- */

/* What OpenSSL has written within one call of receive(), send() or end(). */
static struct {
	size_t len; /* at the beginning of `sealed` */
	int error; /* of a flush when `sealed` was full; 0: none */
} output;

int ssl_openssl_flush(struct transport *transport, bool more)
{
	size_t len = output.len;
	int error = output.error;

	output.len = 0;
	output.error = 0;
	return error < 0 ? error : ssl_write_records(transport, sealed, len, more);
}

size_t ssl_openssl_write(struct transport *transport, const char *bytes, size_t len)
{
	const struct ssl_connection *ssl = transport_state(transport);

	if (ssl->ended || output.error < 0)
		return len;
	if (len > sizeof(sealed))
		len = sizeof(sealed);
	if (len > sizeof(sealed) - output.len)
		output.error = ssl_openssl_flush(transport, true);
	if (output.error == 0) {
		memcpy(sealed + output.len, bytes, len);
		output.len += len;
	}
	return len;
}

/*
 * OpenSSL does not count the records that a key has sealed. With TLS 1.3 the key is replaced in
 * time; TLS 1.2 cannot do that, so the connection ends at the limit, after about 390 GB in full
 * records. False: it must end.
 */
static bool use_new_key(struct ssl_connection *ssl)
{
	if (ssl->records_sent < RECORDS_PER_KEY)
		return true;
	if (SSL_version(ssl->ssl) != TLS1_3_VERSION)
		return ssl->records_sent < RECORDS_PER_KEY_MAX;
	ssl->records_sent = 0;
	return SSL_key_update(ssl->ssl, SSL_KEY_UPDATE_NOT_REQUESTED) == 1;
}

/* All bytes are taken, if need be in records as short as the client wants them. */
static int openssl_write(struct ssl_connection *ssl, const char *bytes, size_t len)
{
	for (size_t written = 0; written < len; ssl->records_sent++) {
		int n = SSL_write(ssl->ssl, bytes + written, (int)(len - written));

		if (n <= 0)
			return -EPROTO;
		written += (size_t)n;
	}
	return 0;
}

static ssize_t openssl_send(struct transport *transport, const struct iovec *iov, int count,
			    bool more)
{
	struct ssl_connection *ssl = transport_state(transport);
	struct cursor cursor = { iov, count, 0 };
	size_t total = 0, most = send_size(&ssl->send_size);
	int error = 0;

	ERR_clear_error();
	if (!use_new_key(ssl))
		return -EIO;
	while (error == 0 && total < most && output.len <= sizeof(sealed) - RECORD_MAX &&
	       !cursor_at_end(&cursor)) {
		struct iovec piece = cursor_take(&cursor, record_size(ssl));

		error = openssl_write(ssl, piece.iov_base, piece.iov_len);
		total += piece.iov_len;
		ssl->burst += (uint32_t)piece.iov_len;
	}

	int flushed = ssl_openssl_flush(transport, more || !cursor_at_end(&cursor));

	send_size_sent(&ssl->send_size, total, ssl->unsent.len);
	if (error == 0)
		error = flushed;
	return error < 0 ? error : (ssize_t)total;
}

static ssize_t plain_send(struct transport *transport, const struct iovec *iov, int count,
			  bool more)
{
	for (int i = 0; i < count; i++)
		if (iov[i].iov_len > 0)
			return transport_write_socket(transport, iov[i].iov_base, iov[i].iov_len,
						      more || i + 1 < count);
	return 0;
}

size_t connection_send_max(const struct transport *transport)
{
	const struct ssl_connection *ssl = transport_state(transport);

	return send_size(&ssl->send_size);
}

ssize_t connection_send(struct transport *transport, const struct iovec *iov, int count,
			  bool more)
{
	struct ssl_connection *ssl = transport_state(transport);
	ssize_t n = ssl->holds_tickets ? 0 : flush(transport);

	if (n == -EAGAIN)
		return TRANSPORT_NEEDS_ROOM;
	if (n < 0 || count == 0)
		return n;
	switch (ssl->stage) {
	case OWN:
		return own_send(transport, iov, count, more);
	case OPENSSL:
		return openssl_send(transport, iov, count, more);
	case PLAIN:
		n = plain_send(transport, iov, count, more);
		return n == -EAGAIN ? TRANSPORT_NEEDS_ROOM : n;
	default:
		return -EPROTO; /* a protocol sends nothing before the handshake is done */
	}
}

void connection_end(struct transport *transport)
{
	struct ssl_connection *ssl = transport_state(transport);
	const uint8_t body[] = { 1 /* warning */, ALERT_CLOSE_NOTIFY };

	if (ssl->stage == OWN) {
		(void)send_record(transport, RECORD_ALERT, body, sizeof(body));
	} else if (ssl->stage == OPENSSL) {
		ERR_clear_error();
		SSL_shutdown(ssl->ssl);
		(void)ssl_openssl_flush(transport, false);
	}
	ssl->ended = true;
}
