/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Splits what a client of HTTP/1 says into heads and bodies, however it is cut into pieces, so
 * that another protocol can carry the same requests. It trusts the text: what is no request fails
 * the test.
 */
#ifndef HARNESS_HTTP1_SPLIT_H
#define HARNESS_HTTP1_SPLIT_H

#include "harness/wire.h"

#include <stdint.h>

struct split {
	struct wire_bytes text;
	size_t used; /* bytes of it, which the next call drops */
	enum {
		SPLIT_AT_HEAD,
		SPLIT_AT_BODY,
		SPLIT_AT_SIZE,
		SPLIT_AT_CHUNK,
		SPLIT_AT_TRAILERS
	} state;
	uint64_t left; /* bytes of the body, or of the chunk */
};

struct split_part {
	enum { PART_HEAD, PART_BODY, PART_TRAILERS } type;
	/* Of a head or trailers: its lines, each with CR LF. Valid until the next call. */
	const char *text;
	size_t len;
	bool is_last; /* of its request */
};

void split_add(struct split *split, const char *text, size_t len);

/* The next part. False: there is none until more is added. */
bool split_next(struct split *split, struct split_part *part);

void split_finish(struct split *split);

/*
 * The value of the first field of this name, without the blanks around it, in lines that end by
 * CR LF. False: there is none.
 */
bool split_field(const char *lines, size_t len, const char *name, const char **value,
		 size_t *value_len);

#endif
