/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A request: what the client asked for, the server and location that it belongs to, and its
 * response. It lives in its own pool, from the first byte of its head until the last byte of
 * the response has been sent and the LOG phase is over.
 */
#ifndef SKUA_REQUEST_H
#define SKUA_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include <ip.h>
#include <log.h>
#include <pattern.h>
#include <pool.h>
#include <response.h>
#include <str.h>

struct conn;
struct http_server;
struct http_location;
struct module;
struct wakeup;

enum method {
	METHOD_OTHER,
	METHOD_GET,
	METHOD_HEAD,
	METHOD_POST,
	METHOD_PUT,
	METHOD_DELETE,
	METHOD_OPTIONS,
	METHOD_PATCH,
	METHOD_TRACE,
	METHOD_CONNECT,
};

enum http_version {
	HTTP_1_0 = 10,
	HTTP_1_1 = 11,
	HTTP_2_0 = 20,
};

/* The result of a handler. A status from 300 to 599 is a verdict, too: respond with this status. */
typedef int verdict;
enum {
	PASS, /* not handled here: call the next handler */
	ALLOW, /* ACCESS only: under `satisfy any` it ends the phase */
	DONE, /* req->response is the response, whatever its status */
	WAIT, /* the request is suspended; the handler has called request_wait() */
	RESTART, /* the handler has called one of the request_redirect… functions */
	CLOSE, /* close the connection without a response */
};

/* Fields of the request's head that the server itself looks at. */
struct request_known {
	struct str host, connection, user_agent, referer, range, if_range;
	struct str if_modified_since, if_unmodified_since, if_match, if_none_match;
	struct str content_length, transfer_encoding, expect, accept_encoding, authorization;
};

struct request {
	struct pool *pool;
	struct conn *conn;
	struct request *parent; /* of a subrequest; NULL in others */

	/* What the client has asked for. */
	enum method method;
	enum http_version version;
	struct str method_name;
	struct str line; /* the request line as received, without its end */
	struct str target; /* the request target as received: $request_uri */
	struct str uri; /* the path, decoded and normalized; rewriting changes it */
	struct str args; /* what follows the first '?', as received */
	struct str host; /* lower case, without port; empty in HTTP/1.0 without Host */
	const struct header *headers; /* all field lines, in order */
	struct request_known known;

	/* Its place in the configuration. */
	const struct http_server *server;
	const struct http_location *location;
	const void *const *confs; /* of the location, by module */
	struct str *captures; /* of the last regular expression: [0] is $0 */
	size_t captures_count;

	struct response response;

	bool is_internal; /* redirected by the server: `internal` locations are open */
	/*
	 * A check of the server's health: the modules limit_req, limit_conn and log leave it out.
	 * Set in PHASE_REWRITE by the module that will respond.
	 */
	bool is_probe;
	bool head_only; /* HEAD: no body is sent. Read only: a change has no effect */
};

/*
 * The context of a module in this request: .context_size bytes in the request's pool, zeroed at
 * the first call. After a redirect the module gets a new context, unless it has .context_is_kept;
 * the old one stays valid as long as the request. This function may be called wherever the request
 * is known: in handlers, in getters of variables, in bodies, when a timer expires. A subrequest
 * has contexts of its own.
 */
void *request_context(struct request *req, const struct module *module);

/* The module's struct at the location of the request: what its handlers get as `conf`. */
const void *request_conf(const struct request *req, const struct module *module);

/* The field of the request's head, compared without case; NULL if there is none. */
const struct header *request_header(const struct request *req, struct str name);

/*
 * The values of all fields of that name, which is in lower case, as one list (RFC 9110
 * section 5.3). data NULL: there is no such field.
 */
struct str request_list(struct request *req, struct str name);

/* Responds with text/plain. The text must live as long as the request. */
verdict respond_text(struct request *req, int status, struct str text);

/* Responds with a body whose bytes must lie in the request's pool or live longer. */
verdict respond_bytes(struct request *req, int status, struct str type, struct str bytes);

/*
 * Returns PASS for GET and HEAD; for other methods it sets the field Allow and returns 405. For
 * modules that serve content: `if ((v = request_only_reads(req)) != PASS) return v;`
 */
verdict request_only_reads(struct request *req);

/*
 * Restarts the request at SERVER_REWRITE with another URI (decoded; request_resolve() is applied)
 * and other arguments. The handler returns the result: `return request_redirect(…)`. It is
 * RESTART, 404 if the URI leads above the root, or 500 after ten redirects. Only handlers may
 * redirect, and not in FILTER or LOG; a call elsewhere is refused with an alert in the error log.
 */
verdict request_redirect(struct request *req, struct str uri, struct str args);

/* Restarts the request at REWRITE of the location `name`, as in "@fallback", with its @. */
verdict request_redirect_named(struct request *req, struct str name);

/* Searches the location again after a handler of REWRITE has changed req->uri. Results as above. */
verdict request_rewritten(struct request *req);

/*
 * Brings a decoded URI into the form in which locations are searched: without names "." and
 * "..", and with repeated slashes merged unless merge_slashes is off. A URI that does not
 * begin with a slash is not changed. Returns false if the URI leads above the root: then *out
 * must not be used.
 */
bool request_resolve(struct request *req, struct str uri, struct str *out);

/*
 * Whether a request for this URI (decoded and resolved) would get the same location as this
 * request; blocks in the location (block.h) are ignored. A handler that shows something of
 * another URI calls this first, because other access rules may apply there. Also false if a
 * regular expression reaches its match limit.
 */
bool request_shares_location(struct request *req, struct str uri);

/*
 * The path of a file for a URI in this location, by root or alias, in the request's pool. A NUL
 * follows the path. It is empty if root applies and the URI does not begin with a slash, or if
 * alias applies and a rewrite has given the request a URI that does not begin with the prefix
 * that alias replaces.
 */
struct str request_path(struct request *req, struct str uri);

/*
 * The URI of the file `name` below root or alias. Below root, and in a location with a regular
 * expression, it is the name itself; below another alias it is the prefix that alias replaces,
 * followed by the name.
 */
struct str request_uri_of(struct request *req, struct str name);

/* $document_root: what request_path() puts before the URI; "" if there is none. */
struct str request_root(struct request *req);

/*
 * The address of the client: that of the other end of the connection, or the one that was passed
 * to request_set_address(). It is in network order and has 4 or 16 bytes, or none on a Unix
 * socket. The port is in host order, and 0 if it is not known.
 */
struct str request_address(const struct request *req);
int request_port(const struct request *req);

/*
 * Sets the address of the client, for a request that comes from a proxy. From now on access
 * rules, limits, variables and both logs use this address for this request and its subrequests,
 * also after a redirect. To be called in PHASE_POST_READ or PHASE_PREACCESS, because code that
 * ran before the call has used the old address.
 */
void request_set_address(struct request *req, const struct ip *ip, int port);

/* Whether request_set_address() was called for this request. */
bool request_address_is_set(const struct request *req);

/* The other end of the connection, even after request_set_address(). */
struct str request_peer_address(const struct request *req);
int request_peer_port(const struct request *req);

/*
 * Whether a host (lower case, without port) is one of the names of the request's server, as
 * server_name lists them. MATCH_FAILED: a regular expression was given up, and the request is
 * refused as after pattern_match() (pattern.h).
 */
enum match request_is_for(struct request *req, struct str host);

/*
 * Milliseconds since the first byte of the request was read: until this turn of the loop began, and
 * in PHASE_LOG until the response was sent.
 */
int64_t request_age_ms(const struct request *req);

/*
 * Writes one line to the error log of the location, with client, server and request. The text of
 * the error `errnum` is added unless it is 0. The format puts quotes around bytes that a client
 * has sent, as log.h explains.
 */
void request_log(struct request *req, enum log_level level, int errnum, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* The HTTP status for an errno of a system call on a file: 404, 403, 500 … */
int status_from_errno(int errnum);

/*
 * The body of the request, for a module that reads it. The protocol receives and discards what no
 * module reads. NULL: the request has no body, or is a subrequest. Read it with body_read(); its
 * slices are memory. Each byte is returned once, so a body has only one reader. `length` is the
 * length in bytes that the client has announced, or -1. If the client has sent Expect:
 * 100-continue, it sends the body only after the first read. The request owns the body.
 *
 * Errors of body_read(): -EAGAIN: no more bytes have arrived yet. -EMSGSIZE: the body is larger
 * than client_max_body_size. -ETIMEDOUT: nothing has arrived for client_body_timeout.
 * -ECONNRESET: the client has closed the connection within the body. -EBADMSG: the framing is not
 * valid. All but -EAGAIN are permanent: each further read fails with the same error, the error log
 * names it, and the connection is closed after the response.
 *
 *     while ((result = body_read(body, SIZE_MAX, &slice)) == 1) {
 *             use(slice.data, slice.len);
 *             slice_release(&slice);
 *     }
 *     if (result < 0)
 *             return request_body_verdict(req, result);
 *
 * A module may make it the body of the response, or let a body of the response read from it. Then
 * it is read until the response is complete, and an error closes the connection.
 */
struct body *request_body(struct request *req);

/*
 * The verdict for a handler when body_read() of the request's body has returned `result` less than
 * 0. For -EAGAIN it is WAIT: the handler is called again when there is more to read, or an error.
 * For another error it is 413, 408 or 400.
 */
verdict request_body_verdict(struct request *req, int result);

/*
 * Waiting. A handler that cannot respond yet calls request_wait() once, gives the token to
 * the code that will get the result, and returns WAIT. When the token is fired, the same
 * handler is called again on the loop's thread, with the same context. wakeup_fire() may be
 * called from any thread, even before the handler has returned. After the request has ended,
 * wakeup_fire() only frees the token.
 *
 * If the connection breaks, the waiting request ends: cancel(data) is called on the loop's
 * thread, unless the token was fired before. cancel may be NULL if there is nothing to cancel.
 * `data` must stay valid until the token is fired. A client that only closes its sending half can
 * still read the response, so its request continues; request_client_closed() reports this.
 *
 * Every token must be fired exactly once, also after cancel() was called: firing frees it. A
 * second firing is an error. It is reported as an alert if the token still exists, and otherwise
 * accesses freed memory.
 */
struct wakeup *request_wait(struct request *req, void (*cancel)(void *data), void *data);
void wakeup_fire(struct wakeup *wakeup);

/*
 * As request_wait(), but waits at most `ms` milliseconds. When they are over, cancel(data) and
 * then the handler are called; in that call of the handler, request_timed_out() is true.
 */
struct wakeup *request_wait_for(struct request *req, int64_t ms, void (*cancel)(void *data),
				void *data);
bool request_timed_out(const struct request *req);

/*
 * `return request_delay(req, ms);` makes the core call the handler again after `ms` milliseconds.
 * request_timed_out() is true in that call. There is no token to fire.
 */
verdict request_delay(struct request *req, int64_t ms);

/*
 * Whether the client has closed its sending half. The client may have gone away, or may still wait
 * for the response. A handler may stop expensive work in this case, as nginx does (status 499).
 */
bool request_client_closed(const struct request *req);

/*
 * Makes a token for a body whose read() returns -EAGAIN. When the token is fired, from any thread,
 * body_ready() is called on the loop's thread.
 */
struct wakeup *body_wait(struct request *req, struct body *body);

/*
 * Starts a subrequest: a GET for another URI of the same server. It runs through the phases from
 * SERVER_REWRITE on, without ACCESS. When the head of its response is complete, head(sub, data) is
 * called. Returns NULL if subrequests are nested deeper than 50, or if the URI leads above the
 * root; then head() is not called.
 *
 * The subrequest ends with its parent, which then closes sub->response.body: read that body, but
 * do not close it. To make it the body of another response, set sub->response.body to NULL; then
 * that response owns and closes it.
 */
struct request *subrequest_start(struct request *parent, struct str uri, struct str args,
				 void (*head)(struct request *sub, void *data), void *data);

/*
 * Ends a subrequest before its parent ends, and frees its memory, for a module that starts many.
 * To be called once, after head(), when nothing of the subrequest is used any more: neither its
 * body nor what lies in its pool. Slices of the body may be held.
 */
void subrequest_end(struct request *sub);

#endif
