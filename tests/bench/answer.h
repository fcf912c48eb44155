/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the load client must know of an answer's head: where it ends, how long
 * the body is, and whether the server ends the connection. Not a full parser:
 * a server that needs more than Content-Length for a file is an error here.
 */
#ifndef BENCH_ANSWER_H
#define BENCH_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct answer {
	size_t head_len; /* with the empty line */
	int64_t body_len; /* Content-Length */
	unsigned worker; /* X-Worker, a process number; 0 when not sent */
	unsigned short status;
	bool close; /* Connection: close */
};

/*
 * Reads one head from data. Returns 1, 0 when its end is not there yet, or
 * -EBADMSG when this is no HTTP/1 answer with a Content-Length.
 */
int answer_parse(const char *data, size_t len, struct answer *answer);

#endif
