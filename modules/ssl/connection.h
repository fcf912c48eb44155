/* SPDX-License-Identifier: BSD-2-Clause */
/* TLS as a transport of connections (transport.h). */
#ifndef SKUA_SSL_CONNECTION_H
#define SKUA_SSL_CONNECTION_H

#include <module.h>

struct ssl_facts;

extern const struct transport_type ssl_transport;

/*
 * NULL: the connection does not use TLS, also if the client has sent plain HTTP to a port with TLS.
 */
const struct ssl_facts *ssl_facts_of(const struct request *req);

/* The name of the server in the ClientHello, also during the handshake; empty: none. */
struct str ssl_name_of(const struct request *req);

/* Whether the request came in plain HTTP to a port with TLS. Its status is 497. */
bool ssl_is_plain_http(const struct request *req);

/* The counters of the module. */
enum { SSL_DONE, SSL_RESUMED, SSL_FAILED, SSL_REFUSED };

#endif
