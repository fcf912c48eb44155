/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The peer of a connection with TLS 1.3 in the test's own process, and without a handshake: the
 * server imports a state whose secrets the peer knows. The peer seals its records itself, so it
 * can send anything. For unit tests and fuzz targets.
 */
#ifndef UNIT_TLS_PEER_H
#define UNIT_TLS_PEER_H

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../modules/ssl/connection_private.h"
#include "net/conn.h"
#include "net/transport.h"

enum { TLS_PEER_SUITE = 0x1301 };

/* The configuration of a server without a certificate: handshakes are refused. */
#define TLS_PEER_SERVER "listen 127.0.0.1:8080 ssl; ssl_reject_handshake on;"

struct tls_peer {
	int fd;
	const struct record_suite *suite;
	struct record_key in, out;
	uint64_t received, sent; /* how many records the server has done, before tls_peer_state() */
	bool is_owed; /* an update, before tls_peer_state() */
	uint32_t group; /* of the key exchange, before tls_peer_state() */
	uint16_t fragment_max, record_size; /* before tls_peer_state() */
	int updates, requests; /* key updates from the server, and how many of them want another */
};

/*
 * Writes the exported state of a connection that has just been established, or has done so many
 * records already. Returns its length.
 */
static inline size_t tls_peer_state(struct tls_peer *peer, char *to, size_t room)
{
	struct transport *transport = calloc(1, sizeof(*transport) + ssl_transport.size);
	struct ssl_connection *ssl = transport_state(transport);
	uint8_t client[RECORD_SECRET_MAX] = { 1 }, server[RECORD_SECRET_MAX] = { 2 };

	transport->type = &ssl_transport;
	ssl->stage = OWN;
	ssl->suite = peer->suite = record_suite(TLS_PEER_SUITE);
	assert(ssl->suite);
	assert(record_key_init(&ssl->in, ssl->suite, client, peer->received) == 0);
	assert(record_key_init(&ssl->out, ssl->suite, server, peer->sent) == 0);
	ssl->owes_update = peer->is_owed;
	ssl->fragment_max = peer->fragment_max;
	ssl->record_size = peer->record_size;
	peer->in = ssl->out;
	peer->out = ssl->in;
	ssl->facts = calloc(1, sizeof(*ssl->facts));
	ssl->facts->version = TLS1_3_VERSION;
	ssl->facts->cipher = TLS_PEER_SUITE;
	ssl->facts->group = peer->group;

	ssize_t len = transport_export(transport, to, room);

	assert(len > 0);
	free(ssl->facts);
	free(transport);
	return (size_t)len;
}

/* Gives the server a connection with this state. False: it has refused the state. */
static inline bool tls_peer_connect(struct tls_peer *peer, const struct listener *listener,
				    struct str state)
{
	union address from = { .any.sa_family = AF_UNIX };
	const struct conn_past past = {
		.number = 1,
		.started_ms = clock_wall_ms(),
		.transport = state,
	};
	int ends[2];

	assert(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0);
	peer->fd = ends[1];
	return conn_import(listener, ends[0], &from, sizeof(from.any), &past);
}

/* Seals one record at `to`; `padding` zeros follow its type. Returns the length. */
static inline size_t tls_peer_seal(struct tls_peer *peer, enum record_type type, const void *bytes,
				   size_t len, size_t padding, uint8_t *to)
{
	static const uint8_t zeros[RECORD_MAX];
	const uint8_t inner_type = (uint8_t)type;
	/* record_seal() adds the type behind these: with padding that is the last zero. */
	const struct iovec iov[] = { { (void *)bytes, len },
				     { (void *)&inner_type, padding > 0 },
				     { (void *)zeros, padding > 0 ? padding - 1 : 0 } };
	ssize_t n = record_seal(peer->suite, &peer->out, padding ? (enum record_type)0 : type, iov,
				3, to);

	assert(n > 0);
	return (size_t)n;
}

/*
 * Opens what the server has sent. Text is added to `text` (NUL-terminated, within `room`). Returns
 * the alert that came last, or -1. Records that cannot be opened are a failed assertion.
 */
static inline int tls_peer_read(struct tls_peer *peer, char *text, size_t room)
{
	static uint8_t bytes[1 << 20];
	size_t len = 0, had = strlen(text);
	int alert = -1;

	for (ssize_t n; len < sizeof(bytes) &&
			(n = recv(peer->fd, bytes + len, sizeof(bytes) - len, 0)) > 0;)
		len += (size_t)n;
	for (size_t at = 0; at < len;) {
		ssize_t record = record_length(bytes + at, len - at);
		enum record_type type;
		uint8_t *plain;

		assert(record > 0);
		assert(memcmp(bytes + at, "\x17\3\3", 3) == 0); /* section 5.2 */

		ssize_t n = record_open(peer->suite, &peer->in, bytes + at, (size_t)record, &plain,
					&type);

		assert(n >= 0);
		assert(alert < 0); /* nothing follows an alert */
		at += (size_t)record;
		if (type == RECORD_ALERT) {
			assert(n == 2);
			alert = plain[1];
		} else if (type == RECORD_HANDSHAKE) {
			assert(n == KEY_UPDATE_LEN && plain[0] == KEY_UPDATE && plain[4] < 2);
			peer->updates++;
			peer->requests += plain[4];
			assert(record_key_update(&peer->in, peer->suite) == 0);
		} else {
			size_t fits = (size_t)n < room - 1 - had ? (size_t)n : room - 1 - had;

			assert(type == RECORD_DATA);
			memcpy(text + had, plain, fits);
			had += fits;
			text[had] = '\0';
		}
	}
	return alert;
}

#endif
