/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What has to be known of a ClientHello (RFC 8446 section 4.1.2) before OpenSSL reads it: the
 * name of the server, because it selects the settings of the handshake.
 */
#ifndef SKUA_SSL_HELLO_H
#define SKUA_SSL_HELLO_H

#include <stddef.h>
#include <str.h>

enum {
	HELLO_MAX = 16 * 1024, /* bytes of a ClientHello, without the heads of records */
	HELLO_NAME_MAX = 255, /* of the server; names of DNS have no more */
};

enum hello_result {
	HELLO_MORE, /* it is not complete */
	HELLO_COMPLETE,
	HELLO_INVALID, /* it is none, or too long; OpenSSL knows the right alert */
};

/*
 * Reads the records at the beginning of a connection. HELLO_COMPLETE: *name is the name of
 * the server (RFC 6066 section 3), empty if the client has sent none. It lies in `scratch`,
 * which has HELLO_MAX bytes. With the other results it is empty.
 */
enum hello_result hello_read(struct str bytes, char *scratch, struct str *name);

#endif
