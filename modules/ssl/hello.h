/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads in a ClientHello (RFC 8446 section 4.1.2), before OpenSSL gets it, the name of the server,
 * because it selects the settings of the handshake, and the ticket of a session to resume.
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

struct hello {
	struct str name; /* of the server (RFC 6066 section 3); empty: the client has sent none */
	/*
	 * The ticket of the only session of TLS 1.3 that it offers to resume. Empty also if
	 * that may take more than a quarter of a millisecond: the client offers a group whose
	 * exchange of keys takes longer, or sends several records, since OpenSSL gets one record
	 * at a time.
	 */
	struct str quick_ticket;
};

/*
 * Reads the records at the beginning of a connection. Name and ticket point into `scratch`, which
 * has HELLO_MAX bytes. With other results than HELLO_COMPLETE, *hello is empty.
 */
enum hello_result hello_read(struct str bytes, char *scratch, struct hello *hello);

#endif
