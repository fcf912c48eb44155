/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * HTTP/1.0 and 1.1 on a connection (RFC 9112). What is in here is for the files h1*.c.
 *
 * A connection goes round these steps. The loop calls the first three (net/conn.h); each
 * ends by queueing the next one, or by waiting:
 *
 *     receive   bytes from the socket into busy->in
 *     respond   the rest of the last request's body is discarded; bytes of a head become a
 *               request, which runs through the phases; its response goes into busy->out,
 *               the head as soon as the request is complete, then the body slice by slice;
 *               then comes the next request that has been received already
 *     send      busy->out to the socket; requests whose responses have left are logged and
 *               destroyed
 *     wait      nothing can be done now: what is awaited, and until when
 *
 * The files, lowest first. A file calls only those above it in this list:
 *
 *     chunked.c, head.c, response_head.c   the syntax, without a connection
 *     h1_state.c      the memory of a connection, its requests from their beginning to
 *                     their line in the log
 *     h1_body.c       the bodies of requests: read by a module, or discarded
 *     h1_response.c   from a complete response to bytes in the output
 *     h1_request.c    from received bytes to a request that runs
 *     h1_receive.c    from the socket to the buffer
 *     h1_wait.c       the states between the steps, and their deadlines
 *     h1_move.c       to another process, from another process, and the end of this one
 *     h1.c            the steps, and the table of functions that the loop calls
 *
 * The lower files say by their results what is to be done next. Only h1.c queues the step
 * "send", and only h1.c closes a connection. All of them may queue the step "respond".
 */
#ifndef SKUA_HTTP_H1_H1_H
#define SKUA_HTTP_H1_H1_H

#include "http/h1/chunked.h"
#include "http/h1/head.h"
#include "http/request/request_private.h"
#include "http/body/response_reader.h"
#include "net/buffer.h"
#include "net/output.h"

/* What a connection waits for when no step is queued. The table is in h1_wait.c. */
enum awaited {
	AWAITED_NOTHING, /* the connection is at its end */
	AWAITED_REQUEST, /* the first byte of a request: the connection is idle */
	AWAITED_HEAD, /* the rest of a head */
	AWAITED_RESPONSE, /* a handler, or more bytes of a response's body */
	AWAITED_RESPONSE_ONLY, /* the same, and the client has sent its end */
	AWAITED_ROOM, /* room in the socket for what is to be sent */
	AWAITED_UPLOAD, /* more of a request's body, which a module reads */
	AWAITED_BODY, /* the rest of a request's body; the response has left */
	AWAITED_END, /* lingering: the client's end */
};

/* A request that has come by HTTP/1. */
struct h1_request {
	struct request_core core;
	struct h1_request *next; /* in the order of the responses */
	struct buffer *buffer; /* holds the head; a reference */
	uint64_t sent_begin; /* where its response begins in busy->out.queued */
	uint64_t sent_end; /* where it ends; valid when is_whole */
	struct response_reader reader; /* of the body of its response, once it has a head */
	bool is_pipelined; /* it came before the response to the one ahead of it was out: $pipe */
	bool has_head; /* the head of its response is in the output */
	bool is_head; /* the client expects no body, whatever modules make of head_only */
	bool is_chunked; /* how the body of its response is framed */
	bool has_continued; /* "100 Continue" is in the output */
	bool is_whole; /* the whole response is in the output */
};

static inline struct h1_request *h1_request(const struct request *req)
{
	return (struct h1_request *)req;
}

/* The same for a subrequest, which is part of the request that the client has sent. */
static inline struct h1_request *h1_request_of(const struct request *req)
{
	while (req->parent)
		req = req->parent;
	return h1_request(req);
}

/*
 * What a connection has only while it is busy: from the first byte of a request until
 * nothing is left to receive, to respond to or to send. Without it an idle connection is
 * small. Each group of members is written by the file that is named; others read it.
 */
struct h1_busy {
	/* h1_receive.c; what is consumed of the buffer: h1_request.c, h1_body.c. */
	struct buffer *in; /* NULL: nothing is buffered */
	int64_t head_began_us; /* clock_us() when the first byte of the next head came */
	bool eof; /* the client has sent its end */

	/* h1_request.c: the head at in->begin, as long as it is not complete. */
	struct head_scan scan;
	bool line_is_checked; /* its request line is complete and valid */

	/* h1_state.c: requests whose responses have not left yet, in order. */
	struct h1_request *first, **end;
	struct h1_request *current; /* the last one, until its whole response is in `out` */

	/* h1_request.c begins and h1_body.c reads the body of the last request. */
	struct framing body; /* FRAMING_NONE: there is none, or it has been read */
	struct chunked chunked;
	uint64_t body_bytes; /* read so far */
	uint64_t body_limit; /* client_max_body_size of the last request; 0: none */
	bool body_is_read; /* by a module, which waits until there is more of it */
	int body_error; /* why it cannot be read on: -ETIMEDOUT; 0: it can */

	/* h1_response.c fills it, h1.c sends it. */
	struct output out;

	/*
	 * h1_wait.c: what was awaited last, and until when (clock_ms(), 0: for ever). The
	 * function that sees that it has come (a request, bytes of its body, room for bytes of
	 * the response) sets AWAITED_NOTHING, so that the next wait gets a new deadline.
	 */
	enum awaited awaited;
	int64_t deadline;
	int64_t body_deadline; /* when AWAITED_BODY ends at the latest; 0: it has not begun */

	/* Flags that one step sets for another. */
	bool is_last; /* no request is read after the current one */
	bool has_refused; /* a head: nobody knows how much follows it */
	bool is_responding; /* the step "respond" runs: it sees what becomes complete by itself */
	bool is_broken; /* nothing more can be sent: the step "respond" closes the connection */

	/* h1.c, in debug builds: steps in a row that have changed nothing. */
	int vain_steps; /* how many */
	int64_t vain_since; /* clock_ms() */
	uint64_t seen; /* the sum of bytes that a step would have changed, at that time */

	struct h1_busy *next; /* while it is spare */
};

/* conn->state: what each connection has all the time. */
struct h1 {
	struct conn *conn;
	struct h1_busy *busy; /* NULL: idle or lingering */
	const struct http_conf *conf; /* of the last request's location, or default server */
	int64_t linger_until; /* clock_ms(); 0: not lingering */
	bool draining; /* the worker stops: the next response is the last one */
};

/* --- h1_state.c --- */

/*
 * The state of a new connection, which becomes conn->state; the connection is idle, its
 * timer is not started. NULL: there is no memory.
 */
struct h1 *h1_create(struct conn *conn);
void h1_destroy(struct h1 *h); /* requests under way are logged; NULL is fine */

/* Gives the connection h->busy, if it has none. Returns NULL if there is no memory. */
struct h1_busy *h1_become_busy(struct h1 *h);

/*
 * Logs and destroys all requests; those without a response are logged with this status
 * (499: the client has gone; 408: it was too slow). Then h->busy is given back.
 */
void h1_release_busy(struct h1 *h, int status);

/* A new request in the default server, the last in the order of responses. */
struct h1_request *h1_begin_request(struct h1 *h);

/* Logs and destroys the requests whose responses have left entirely. */
void h1_finish_sent(struct h1_busy *busy);

/* --- h1_body.c --- */

/*
 * Discards what has been received of the last request's body. Returns true if that was all
 * of it: what follows in busy->in is the next request. False: more is to come; or the body
 * is too large or not valid, and busy->is_last is set.
 */
bool h1_discard_body(struct h1_busy *busy);

/*
 * Whether the client waits for "100 Continue" before it sends the body (RFC 9110 section
 * 10.1.1), and can still get it; and puts that into the output.
 */
bool h1_must_continue(const struct h1_busy *busy, const struct h1_request *request);
void h1_put_continue(struct h1_busy *busy, struct h1_request *request);

/* struct protocol, .read_body */
int h1_read_body(struct request *req, size_t max, struct slice *out);

/* Tells a module that waits for more of the body, if that has come or will not come. */
void h1_wake_reader(struct h1_busy *busy);

/* --- h1_response.c --- */

/*
 * struct request_core, .complete: the request has a response, or is to be closed without
 * one. `data` is the struct h1. Puts the head of the response into the output, which must
 * have room for three slices.
 */
void h1_complete(struct request *req, void *data);

/* struct protocol, .own_fields: Transfer-Encoding, Connection, Keep-Alive. */
int h1_own_fields(struct request *req, struct header *to);

/*
 * Moves one slice of at most max bytes of the current response's body to the output, which
 * must have room for three. Returns false if there are no bytes now, and the step
 * "respond" will be queued when there are, or if busy->is_broken was set.
 */
bool h1_pull_body(struct h1_busy *busy, size_t max);

/* --- h1_request.c --- */

/*
 * Makes a request of the bytes in busy->in, if they are a complete head or cannot become a
 * valid one, and lets it run. Returns true if there is a request: busy->current, unless it
 * has run to its end already. False: more bytes are needed.
 */
bool h1_next_request(struct h1 *h);

/*
 * Whether more bytes are of use before those in busy->in have been dealt with. While a head
 * is not complete, only h1_next_request() stops it from growing, by refusing it.
 */
bool h1_may_receive(const struct h1 *h);

/* When the head that begins now must be complete; clock_ms(). */
int64_t h1_head_deadline(const struct h1 *h);

/* --- h1_receive.c --- */

/*
 * Reads once from the socket; may queue the step "respond". Returns false if the client is
 * gone or there is no memory: close the connection.
 */
bool h1_receive_once(struct h1 *h);

/* n bytes have been put into busy->in, behind what was there. Queues the step "respond". */
void h1_received(struct h1 *h, size_t n);

/* --- h1_wait.c --- */

/*
 * Nothing can be done until something happens: asks the loop for that, and sets the
 * deadline. Returns false if nothing is awaited: close the connection.
 */
bool h1_wait(struct h1 *h);

/*
 * The timer has expired. Returns true if the connection has waited for too long: then this
 * has been logged, and the connection is to be closed. False: a step is queued, which comes
 * first.
 */
bool h1_has_expired(struct h1 *h);

/* Lingering: discards what can be read. Returns false at its end: close the connection. */
bool h1_linger(struct h1 *h);

/* --- h1_move.c --- */

/* No request is under way; what is buffered, if anything, begins one. */
bool h1_is_between_requests(const struct h1 *h);

/* struct protocol, .export. */
bool h1_export(const struct conn *conn, struct conn_past *past);

/* Continues where another process has left the connection. False: close it. */
bool h1_resume(struct h1 *h, const struct conn_past *past);

/*
 * The worker stops: the next response is the last one. Returns false if the connection is
 * idle and need not stay: close it.
 */
bool h1_drain(struct h1 *h);

#endif
