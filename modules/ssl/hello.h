/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads in a ClientHello (RFC 8446 section 4.1.2), before OpenSSL gets it, the name of the server,
 * because it selects the settings of the handshake, and whether the client resumes a session.
 */
#ifndef SKUA_SSL_HELLO_H
#define SKUA_SSL_HELLO_H

#include <stdbool.h>
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

struct hello {
	struct str name; /* of the server (RFC 6066 section 3); empty: the client has sent none */
	/*
	 * It offers to resume one session of TLS 1.3, and to exchange keys in groups that take a
	 * quarter of a millisecond at most. If it offers another one, the server might use that.
	 */
	bool resumes_quickly;
};

/*
 * Reads the records at the beginning of a connection. The name points into `scratch`, which has
 * HELLO_MAX bytes. With other results than HELLO_COMPLETE, *hello is empty.
 */
enum hello_result hello_read(struct str bytes, char *scratch, struct hello *hello);

#endif
