/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the bytes of clients go through on their way to a server: the clients' side of a transport
 * (include/transport.h). While wire_type is set, the configuration of each server gets what its
 * addresses at 127.0.0.1 need for this transport, and the clients of the harness use it for each
 * connection. So the cases of a program that knows nothing of transports run over one.
 *
 * harness/scramble.h has the transport of the tests, harness/tls_wire.h TLS, harness/http2_wire.c
 * HTTP/2, with TLS beneath it or without.
 */
#ifndef HARNESS_WIRE_H
#define HARNESS_WIRE_H

#include <stdbool.h>
#include <stddef.h>

struct wire;

struct wire_bytes {
	char *data; /* from malloc(3) */
	size_t len, room;
};

struct wire_type {
	size_t size; /* of a struct that begins with a struct wire */
	const char *scheme; /* of the URLs of servers */
	const char *alpn; /* the protocols to be offered in a handshake of TLS; NULL: none */
	bool is_http2; /* requests and responses are translated: HTTP/1 is not on the way */
	const char *(*conf)(const char *text); /* see wire_conf() */

	/* The struct is zeroed before init(). finish() leaves alone what struct wire holds. */
	void (*init)(struct wire *wire);
	void (*finish)(struct wire *wire);

	/* Add to wire->unsent. */
	void (*seal)(struct wire *wire, const char *bytes, size_t len);
	void (*seal_end)(struct wire *wire);

	/* Adds to wire->opened what can be read, and to wire->unsent what the server must get. */
	void (*open)(struct wire *wire, const char *bytes, size_t len);

	/* What the server may hold for an idle connection beside HTTP. NULL: hardly anything. */
	int (*idle_kib)(void);

	/* False: what is sealed stays here until more comes from the server. NULL: never so. */
	bool (*is_ready)(const struct wire *wire);
};

/* A connection as its client sees it. */
struct wire {
	const struct wire_type *type;
	bool has_ended; /* the server has sent its orderly end */
	bool is_over; /* nothing more is expected from the server: as if it had closed */
	struct wire_bytes unsent, opened;
	struct wire *next, **link; /* in the list of all: memory that is known is no leak */
};

extern const struct wire_type *wire_type; /* of connections and servers from now on; NULL: none */

/* The text of a configuration with what the transport needs; lives until the test ends. */
const char *wire_conf(const char *text);

/* The same text with a further parameter at each "listen 127.0.0.1:…"; from malloc(3). */
char *wire_listen(const char *text, const char *parameter);

/* Where NULL is given below, bytes stay as they are. NULL while wire_type is. */
struct wire *wire_create(void);
struct wire *wire_create_of(const struct wire_type *type); /* beneath another one */
void wire_destroy(struct wire *wire);

/* Seals these bytes: they are behind those that wire_unsent() gives. */
void wire_seal(struct wire *wire, const void *bytes, size_t len);
void wire_seal_end(struct wire *wire); /* the client's orderly end */

/* What has to be sent: its length. wire_sent() says how much of it was sent. */
size_t wire_unsent(const struct wire *wire, const char **bytes);
void wire_sent(struct wire *wire, size_t len);

/* False: the server has to send something before what was sealed can be sent. */
bool wire_is_ready(const struct wire *wire);

/*
 * Opens what the server has sent: returns how many bytes *out are, until the next call. Fails
 * the test when these are no records, or are out of order. Then more may be unsent.
 */
size_t wire_open(struct wire *wire, const void *bytes, size_t len, const char **out);

/* The client is to behave as if the server had closed the connection. */
bool wire_is_over(const struct wire *wire);

/* The scheme of URLs of servers: "http" while wire_type is NULL. */
const char *wire_scheme(void);

/* The server has sent its orderly end. */
bool wire_has_ended(const struct wire *wire);

int wire_idle_kib(void); /* see struct wire_type; 0 while wire_type is NULL */

/* For types. Returns where `len` bytes may be written; the caller adds to ->len. */
char *wire_add_room(struct wire_bytes *bytes, size_t len);
void wire_drop(struct wire_bytes *bytes, size_t len); /* from the front */

#endif
