/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The decoder of chunked request bodies (RFC 9112 section 7.1): bytes in, spans of data out.
 * It is strict, since requests can be smuggled in a body that two servers read differently:
 * lines end with CR LF, and a size consists of hexadecimal digits only. Extensions and
 * trailers are skipped; their length is limited.
 */
#ifndef SKUA_HTTP_H1_CHUNKED_H
#define SKUA_HTTP_H1_CHUNKED_H

#include <str.h>

/* In bytes: one line with a size, all extensions of a body, all trailers of a body. */
#define CHUNKED_LINE_MAX      256
#define CHUNKED_EXTENSION_MAX 16384
#define CHUNKED_TRAILER_MAX   8192

/* Zeroed at the start of a body. */
struct chunked {
	int state;
	uint64_t left; /* bytes of the chunk that have not come yet */
	uint32_t line; /* bytes of the line so far */
	uint32_t extensions, trailers; /* bytes so far */
};

enum chunked_event {
	CHUNKED_MORE, /* all input is consumed, the body goes on */
	CHUNKED_DATA, /* *data is a span of the body; call again */
	CHUNKED_END, /* the body is over; what is left in *input follows it */
	CHUNKED_BAD, /* 400, and the connection must be closed */
};

/*
 * Consumes bytes from the beginning of *input. *data points into them; it is
 * never empty. END and BAD are final.
 */
enum chunked_event chunked_read(struct chunked *body, struct str *input, struct str *data);

#endif
