/* SPDX-License-Identifier: BSD-2-Clause */
/* HTTP/2 as what connections speak. Each connection begins as one of HTTP/1, which asks here. */
#ifndef SKUA_HTTP_H2_HTTP2_H
#define SKUA_HTTP_H2_HTTP2_H

#include <stdbool.h>

#include <str.h>

struct conn;
struct protocol;

extern const struct protocol http2_protocol;

/*
 * Whether the connection, whose first bytes these are, speaks HTTP/2: its transport has agreed
 * on that with the client (ALPN), or its address has http2 and the bytes are the beginning of
 * the preface, four at least (RFC 9113 sections 3.2 and 3.3).
 */
bool http2_begins(struct conn *conn, struct str bytes);

#endif
