/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * HTTP/1 on a connection, for the files h1*.c.
 *
 *     receive   bytes into ex->in
 *     respond   discard_read() of the last request's body, then h1_next_request():
 *               head -> request -> walk -> h1_complete(): head of the answer into
 *               ex->out; then slices of its body; then the next request
 *     send      ex->out to the socket; what has left entirely is logged and ends
 *     wait      nothing can be done now: h1_wait() says for what, and how long
 *
 * h1.c has these steps, h1_wait.c the states between them, h1_move.c the way to
 * another process.
 *
 * An idle connection has no exchange: that is made with the first byte of a
 * request and given back when nothing is left to receive, answer or send.
 */
#ifndef SKUA_HTTP_H1_H1_H
#define SKUA_HTTP_H1_H1_H

#include "net/buffer.h"
#include "http/h1/chunked.h"
#include "http/h1/head.h"
#include "net/output.h"
#include "http/request/request_private.h"

/* What a connection waits for when no step is queued. The table is in h1_wait.c. */
enum awaited {
	AWAITED_NOTHING, /* it is at its end */
	AWAITED_REQUEST, /* the first byte of a request: it is idle */
	AWAITED_HEAD, /* the rest of a head */
	AWAITED_ANSWER, /* a handler, or the body of an answer */
	AWAITED_ANSWER_ONLY, /* the same, and the client has sent its end */
	AWAITED_ROOM, /* in the socket, for what is to be sent */
	AWAITED_BODY, /* the rest of a request's body; its answer has left */
	AWAITED_END, /* lingering: the client's end */
};

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

	/*
	 * What was waited for at last, and until when (clock_ms()). It is AWAITED_NOTHING
	 * again, and the time begins anew, when what was waited for has come: a request,
	 * bytes of its body, room for bytes of the answer.
	 */
	enum awaited awaited;
	int64_t deadline; /* 0: for ever */

	int64_t head_began_ms; /* wall clock: its first byte */
	bool line_is_checked; /* the request line of the unfinished head is good */
	bool last_answer; /* no request is read after the current one */
	bool eof; /* the client has sent its end */
	bool is_responding; /* h1_respond() runs: it goes on with what becomes complete */
	bool broken; /* close at once, nothing more can be sent */
	struct exchange *next; /* while it is spare */

	/* In debug builds: steps in a row that have changed nothing, and what there was. */
	int vain_steps;
	int64_t vain_since; /* clock_ms() */
	uint64_t seen;
};

struct h1 {
	struct conn *conn;
	struct exchange *ex; /* NULL: idle or lingering */
	const struct http_conf *conf; /* of the last request's location, or default server */
	int64_t linger_until; /* clock_ms(); 0: not lingering */
	bool draining; /* the worker stops: the next answer is the last */
};

/* --- h1_exchange.c --- */

/* NULL: there is no memory. */
struct exchange *h1_exchange_get(void);

/* Ends its requests, those without an answer with this status, and gives it back. */
void h1_exchange_release(struct h1 *h, int status);

/* --- h1_head.c --- */

enum next_request {
	NEXT_NONE, /* nothing to answer yet, or no further request is read */
	NEXT_STARTED, /* ex->current is set; it may even be complete */
};

/* Makes a request of the bytes in ex->in, if they are enough, and lets it walk. */
enum next_request h1_next_request(struct h1 *h);

/* A request in the default server, the last in the queue of answers. */
struct request_core *h1_begin_request(struct h1 *h);

/*
 * Whether more bytes are of use before what is there has been dealt with. While a
 * head is not complete, only h1_next_request() stops it from growing, by refusing it.
 */
bool h1_may_receive(const struct h1 *h);

/* When the head that begins now must be complete; clock_ms(). */
int64_t h1_head_deadline(const struct h1 *h);

/* --- h1_answer.c --- */

/* struct request_core, .complete: the walk is over. */
void h1_complete(struct request *req, void *data);

/*
 * Moves one slice of at most max bytes of the current answer's body to the
 * output, which must have room for three. False: nothing can be had now, or
 * ex->broken was set.
 */
bool h1_pull(struct exchange *ex, size_t max);

/* Logs and ends the requests whose answers have left entirely. */
void h1_finish_sent(struct exchange *ex);

/* Logs and ends all requests; those without an answer with this status (499, 408). */
void h1_abandon(struct exchange *ex, int status);

/* --- h1_discard.c --- */

enum discard {
	DISCARD_MORE, /* the body goes on */
	DISCARD_DONE, /* what follows in ex->in is the next request */
	DISCARD_BAD, /* framing is lost, or the body is too large */
};

/* Throws away what is there of the last request's body. */
enum discard discard_read(struct exchange *ex);

/* --- h1_wait.c --- */

/*
 * Nothing can be done until something happens. Asks the loop for it and sets the
 * deadline. May close the connection, or give it to another process.
 */
void h1_wait(struct h1 *h);

/* conn->timer: it has waited for too long. */
void h1_expired(struct conn *conn);

/* While lingering: throws away what can be read. May close the connection. */
void h1_linger(struct h1 *h);

/* --- h1.c, h1_move.c --- */

/* Takes over a new connection; idle, without a deadline. NULL: it is closed. */
struct h1 *h1_begin(struct conn *conn);

/* Reads once. False: the client is gone, or there is no memory; close the connection. */
bool h1_receive_once(struct h1 *h);

/* These bytes are in ex->in now, behind what was there. */
void h1_received(struct h1 *h, size_t n);

/* Nothing is under way; what is buffered, if anything, begins a request. */
bool h1_is_between_requests(const struct h1 *h);

/* struct protocol: .import, .export, .drain. */
void h1_import(struct conn *conn, const struct conn_past *past);
bool h1_export(const struct conn *conn, struct conn_past *past);
void h1_drain(struct conn *conn);

#endif
