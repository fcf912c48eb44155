/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads the name of the server in a ClientHello (RFC 8446 section 4.1.2) before OpenSSL gets it,
 * because the name selects the settings of the handshake.
 */
#ifndef SKUA_SSL_HELLO_H
#define SKUA_SSL_HELLO_H

#include <stddef.h>
#include <str.h>

enum {
	HELLO_MAX = 16 * 1024, /* bytes of a ClientHello, without the heads of records */
	HELLO_NAME_MAX = 255, /* bytes of the name of the server; DNS names are not longer */
};

enum hello_result {
	HELLO_MORE, /* it is not complete */
	HELLO_COMPLETE,
	HELLO_INVALID, /* not a ClientHello, or too long; OpenSSL then sends the alert */
};

/*
 * Reads the records at the beginning of a connection. With HELLO_COMPLETE, *name is the name of
 * the server (RFC 6066 section 3), or empty if the client has sent none. The name points into
 * `scratch`, which has HELLO_MAX bytes. With the other results *name is empty.
 */
enum hello_result hello_read(struct str bytes, char *scratch, struct str *name);

#endif
