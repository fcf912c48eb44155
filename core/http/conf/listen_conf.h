/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Addresses of listen directives, and what becomes of them: the sockets that
 * process/ opens, and the servers behind each.
 */
#ifndef SKUA_HTTP_CONF_LISTEN_CONF_H
#define SKUA_HTTP_CONF_LISTEN_CONF_H

#include "http/conf/http.h"
#include "http/routing/routing.h"
#include "net/preface.h"

/* An address and port. Several servers may listen on it. */
struct http_address {
	struct listener listener; /* with the options that were given */
	bool http2; /* one of its listen directives has that parameter */
	bool has_options; /* it wants a socket of its own */
	struct conf_place options_place;

	struct http_server **servers; /* in the order of the file */
	size_t servers_count, servers_capacity;
	const struct http_server *default_server; /* that says so; NULL: the first by TCP */
	const struct http_server *first_by_tcp; /* NULL: all listen with quic */
	const struct http_server *quic_default; /* that says so with quic; NULL: the first */

	struct vhosts *vhosts;
	struct opening opening; /* http_prepare() adds what is not a parameter of listen */
};

/* What a listener's data is: the servers behind a socket. */
struct http_port {
	const struct http_address *own;
	struct hash_table others; /* local address to struct http_address; empty: none share it */
};

/* A listen with quic of the server that is being read. */
struct quic_listen {
	const struct conf_node *node;
	const struct transport_type *transport; /* TLS */
	bool default_server;
	struct quic_listen *next;
};

/*
 * At the end of a server block: one without listen gets port 80 (not root: 8000), and the
 * addresses of quic are added. 0, or -EINVAL after a message.
 */
int listen_complete(struct conf_call *call, struct http_server *server);

/*
 * After it: the addresses of the server get the transports that its directives want. 0, or -EINVAL
 * after a message: one of them has another transport.
 */
int listen_use_transports(struct conf_call *call, const struct http_server *server);

/* At the end of the http block: enters the servers' names by address, makes the listeners. */
void listen_distribute(struct conf_call *call, struct http *http);

/*
 * Called after it: checks that the default server of each address has what its transport
 * needs. 0, or -EINVAL after the error was reported.
 */
int listen_check_transports(struct conf_call *call, const struct http *http);

#endif
