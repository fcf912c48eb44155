/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A connection with TLS goes through these stages:
 *
 *     HELLO       the ClientHello is not complete yet
 *     HANDSHAKE   OpenSSL performs the handshake, all but short steps on a thread
 *     OWN         records.c encrypts and decrypts the records
 *     OPENSSL     OpenSSL does: TLS 1.2, and suites that records.c does not support
 *     PLAIN       the client speaks HTTP without TLS; it gets a 400 (497)
 *     BROKEN      an alert was sent or received
 *
 * In the stage OWN, an idle connection keeps two keys and the facts about its handshake, and in the
 * stage OPENSSL the objects of OpenSSL, but no buffer.
 */
#include "connection_private.h"

#include <errno.h>
#include <stdlib.h>

#include "memory.h"

uint8_t ssl_read_buffer[READ_MAX];

/* --- bytes --- */

void ssl_bytes_free(struct bytes *bytes)
{
	free(bytes->data);
	*bytes = (struct bytes){ NULL, 0, 0 };
}

int ssl_bytes_add(struct bytes *bytes, const void *data, size_t len)
{
	size_t left = ssl_bytes_left(bytes);

	if (len == 0)
		return 0;

	uint8_t *grown = malloc(left + len);

	if (!grown)
		return -ENOMEM;
	if (left)
		memcpy(grown, bytes->data + bytes->at, left);
	memcpy(grown + left, data, len);
	free(bytes->data);
	*bytes = (struct bytes){ grown, 0, (uint32_t)(left + len) };
	return 0;
}

size_t ssl_bytes_take(struct bytes *bytes, void *to, size_t room)
{
	size_t n = ssl_bytes_left(bytes) < room ? ssl_bytes_left(bytes) : room;

	if (n)
		memcpy(to, bytes->data + bytes->at, n);
	bytes->at += (uint32_t)n;
	if (bytes->at == bytes->len)
		ssl_bytes_free(bytes);
	return n;
}

/* --- receiving and sending, by stage --- */

static ssize_t plain_receive(struct transport *transport, void *buffer, size_t size)
{
	ssize_t n = transport_read_socket(transport, buffer, size);

	return n == -EAGAIN ? TRANSPORT_NEEDS_BYTES : n;
}

static ssize_t receive_by_stage(struct transport *transport, void *buffer, size_t size)
{
	struct ssl_connection *ssl = transport_state(transport);

	if (ssl_bytes_left(&ssl->plain))
		return (ssize_t)ssl_bytes_take(&ssl->plain, buffer, size);
	if (ssl->peer_ended) {
		ssl->end_given = true;
		return 0;
	}
	switch (ssl->stage) {
	case HELLO:
		return connection_hello_receive(transport, buffer, size);
	case HANDSHAKE:
		return connection_handshake_receive(transport, buffer, size);
	case OWN:
		return connection_own_receive(transport, buffer, size);
	case OPENSSL:
		return connection_openssl_receive(transport, buffer, size);
	case PLAIN:
		return plain_receive(transport, buffer, size);
	default:
		return -EPROTO;
	}
}

static ssize_t receive_bytes(struct transport *transport, void *buffer, size_t size)
{
	struct ssl_connection *ssl = transport_state(transport);
	ssize_t n = receive_by_stage(transport, buffer, size);

	if (ssl->holds_tickets && n <= 0) /* no request has come with the end of the handshake */
		ssl_let_tickets_go(ssl);
	return n;
}

static bool has_bytes(const struct transport *transport)
{
	const struct ssl_connection *ssl = transport_state(transport);

	if (ssl_bytes_left(&ssl->plain) || (ssl->peer_ended && !ssl->end_given) ||
	    ssl->stage == BROKEN)
		return true;
	if (ssl->stage == OWN)
		return ssl_bytes_left(&ssl->input) &&
		       record_length(ssl->input.data + ssl->input.at,
				     ssl_bytes_left(&ssl->input)) != 0;
	if (ssl->stage == OPENSSL)
		return SSL_pending(ssl->ssl) > 0 || ssl_bytes_left(&ssl->input);
	return false;
}

/* Tickets that are held back do not count: the core would send them at once. */
static size_t unsent(const struct transport *transport)
{
	const struct ssl_connection *ssl = transport_state(transport);

	return ssl->holds_tickets ? 0 : ssl_bytes_left(&ssl->unsent);
}

static bool is_secure(const struct transport *transport)
{
	const struct ssl_connection *ssl = transport_state(transport);

	return ssl->stage != PLAIN;
}

/* Ends with the handshake, which has a time limit. Who has sent nothing yet is not waited for. */
static bool is_opening(const struct transport *transport)
{
	const struct ssl_connection *ssl = transport_state(transport);

	return ssl->stage == HANDSHAKE || (ssl->stage == HELLO && ssl_bytes_left(&ssl->input));
}

/* --- beginning and end --- */

static void handshake_expired(void *data)
{
	struct transport *transport = data;

	((struct ssl_connection *)transport_state(transport))->stage = BROKEN;
	transport_wake(transport);
}

int connection_init(struct transport *transport)
{
	struct ssl_connection *ssl = transport_state(transport);
	const struct ssl_conf *conf = transport_conf(transport, STR(""), &ssl_module);

	ssl->timer = (struct timer){ .expired = handshake_expired, .data = transport };
	timer_start(&ssl->timer, conf->handshake_timeout.ms);
	return 0;
}

void connection_finish(struct transport *transport)
{
	struct ssl_connection *ssl = transport_state(transport);

	timer_stop(&ssl->timer);
	if (ssl->is_running)
		handshake_abandon(ssl->handshake); /* step_made() frees it */
	else
		handshake_destroy(ssl->handshake);
	ssl_free_wiped(ssl->ssl);
	if (ssl->suite) {
		record_key_forget(&ssl->in, ssl->suite);
		record_key_forget(&ssl->out, ssl->suite);
	}
	ssl_bytes_free(&ssl->input);
	ssl_bytes_free(&ssl->plain);
	ssl_bytes_free(&ssl->unsent);
	send_size_keeps(&ssl->send_size, 0);
	free(ssl->facts);
	explicit_bzero(ssl, sizeof(*ssl));
}

/* Not NULL: a connection that has not agreed on a protocol speaks HTTP/1. */
static struct str protocol(const struct transport *transport)
{
	const struct ssl_connection *ssl = transport_state(transport);

	return ssl->facts ? ssl_fact(ssl->facts, FACT_PROTOCOL) : STR("");
}

static const char *lacks(const void *data)
{
	const struct ssl_conf *conf = data;

	return ssl_has_certificate(conf) || conf->reject_handshake ? NULL : "ssl_certificate";
}

static bool wants(const void *data)
{
	const struct ssl_conf *conf = data;

	return conf->on;
}

const struct transport_type ssl_transport = {
	.name = "ssl 3",
	.module = &ssl_module,
	.lacks = lacks,
	.wants = wants,
	.size = sizeof(struct ssl_connection),
	.protocol = protocol,
	.is_secure = is_secure,
	.is_opening = is_opening,
	.init = connection_init,
	.finish = connection_finish,
	.receive = receive_bytes,
	.has_bytes = has_bytes,
	.send = connection_send,
	.send_max = connection_send_max,
	.unsent = unsent,
	.end = connection_end,
	.export = connection_export,
	.can_move = connection_can_move,
	.import = connection_import,
};

/* --- for requests --- */

static const struct ssl_connection *connection_of(const struct request *req)
{
	struct transport *transport = request_transport(req, &ssl_transport);

	return transport ? transport_state(transport) : NULL;
}

const struct ssl_facts *ssl_facts_of(const struct request *req)
{
	const struct ssl_connection *ssl = connection_of(req);

	return ssl ? ssl->facts : NULL;
}

struct str ssl_name_of(const struct request *req)
{
	const struct ssl_connection *ssl = connection_of(req);

	if (ssl && ssl->handshake)
		return (struct str){ ssl->handshake->name, ssl->handshake->name_len };
	return ssl && ssl->facts ? ssl_fact(ssl->facts, FACT_NAME) : STR("");
}

bool ssl_is_plain_http(const struct request *req)
{
	const struct ssl_connection *ssl = connection_of(req);

	return ssl && ssl->stage == PLAIN;
}
