/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a configuration says about HTTP as a whole, for the code that starts the server: its
 * servers, its locations, the addresses that it listens on. What requests see of it is in
 * http/routing/location.h.
 */
#ifndef SKUA_HTTP_CONF_HTTP_H
#define SKUA_HTTP_CONF_HTTP_H

#include <module.h>

#include "config/config.h"
#include "http/routing/location.h"
#include "net/listener.h"

/* What is shared by a whole configuration: conf_shared() under http_key. */
struct http {
	struct http_common common;
	struct listeners listeners;
	struct http_server **servers;
	size_t servers_count, servers_capacity;
	struct http_location *locations; /* of all servers */
	const struct http_location **by_number; /* the same */
	struct http_address **addresses; /* of the listen directives; listen_conf.h */
	size_t addresses_count, addresses_capacity;
	struct hash_table addresses_by_bytes;
	struct quic_listen *quic; /* of the server that is being read; listen_conf.h */
	bool warned_of_quic;
};

/* The name of the state with which connections of HTTP/2 move (http/h2/h2_move.c). */
#define HTTP2_STATE "http/2 2"

extern const struct module http_module, obsolete_module;

struct http *http_of(struct conf *conf);

/*
 * The servers of the address that a connection came in by. When several
 * addresses share a socket (`listen 80` beside `listen 127.0.0.1:80`), the
 * connection's own end tells which.
 */
const struct vhosts *http_vhosts(struct conn *conn);

/* Whether connections to this address, if it is one without TLS, may use HTTP/2. */
bool http_has_http2(struct conn *conn);

/* The location of a number (struct http_location); NULL: there is none. */
const struct http_location *http_location_by_number(struct conf *conf, uint32_t number);

/* The addresses that the configuration's servers listen on; process/ opens them. */
struct listeners *http_listeners(struct conf *conf);

/* A configuration was read: chooses the handlers of each location. */
void http_prepare(struct conf *conf);

/*
 * Makes a configuration the one that new connections are served by, and `protocol` what
 * is spoken at all of its addresses, until a connection changes to `switched`. Once in a
 * worker's life, before its loop runs.
 */
void http_start(struct conf *conf, const struct protocol *protocol,
		const struct protocol *switched);

#endif
