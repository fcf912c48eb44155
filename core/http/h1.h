/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * HTTP/1 on a connection, for the files h1*.c.
 *
 *     receive   bytes into ex->in
 *     respond   discard_read() of the last request's body, then h1_next_request():
 *               head -> request -> walk -> h1_complete(): head of the answer into
 *               ex->out; then slices of its body; then the next request
 *     send      ex->out to the socket; what has left entirely is logged and ends
 *
 * An idle connection has no exchange: that is made with the first byte of a
 * request and given back when nothing is left to receive, answer or send.
 */
#ifndef SKUA_HTTP_H1_H
#define SKUA_HTTP_H1_H

#include "http/buffer.h"
#include "http/chunked.h"
#include "http/head.h"
#include "http/output.h"
#include "http/request_private.h"

struct exchange {
	struct buffer *in; /* NULL: nothing is buffered */
	struct head_scan scan; /* of the head at in->begin */
	struct output out;

	struct request_core *first, **end; /* answers under way, in order */
	struct request_core *current; /* the last of them, until its body is in `out` */

	/* The body of the last request, which is read and thrown away. */
	struct framing body;
	struct chunked chunked;
	uint64_t body_bytes;
	int64_t body_deadline; /* clock_ms() + lingering_time after the answer; 0: not answered */
	uint64_t body_limit; /* client_max_body_size; 0: none */

	int64_t head_began_ms; /* wall clock: its first byte */
	int64_t head_deadline; /* clock_ms(); 0: nobody waits for the rest of it */
	bool line_is_checked; /* the request line of the unfinished head is good */
	bool last_answer; /* no request is read after the current one */
	bool eof; /* the client has sent its end */
	bool broken; /* close at once, nothing more can be sent */
	struct exchange *next; /* while it is spare */
};

struct h1 {
	struct conn *conn;
	struct exchange *ex; /* NULL: idle or lingering */
	const struct http_conf *conf; /* of the last request's location, or default server */
	int64_t linger_until; /* clock_ms(); 0: not lingering */
	bool draining; /* the worker stops: the next answer is the last */
};

enum next_request {
	NEXT_NONE, /* nothing to answer yet, or no further request is read */
	NEXT_STARTED, /* ex->current is set; it may even be complete */
};

/* Makes a request of the bytes in ex->in, if they are enough, and lets it walk. */
enum next_request h1_next_request(struct h1 *h);

/* A request in the default server, the last in the queue of answers. */
struct request_core *h1_begin_request(struct h1 *h);

/* struct request_core, .complete: the walk is over. */
void h1_complete(struct request *req, void *data);

/* The most bytes that a head may have, with its line ends. */
size_t h1_head_limit(const struct http_conf *conf);

enum discard {
	DISCARD_MORE, /* the body goes on */
	DISCARD_DONE, /* what follows in ex->in is the next request */
	DISCARD_BAD, /* framing is lost, or the body is too large */
};

/* Throws away what is there of the last request's body. */
enum discard discard_read(struct exchange *ex);

#endif
