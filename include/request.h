/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A request: what the client asked for, the server and location that it belongs to, and its
 * response. It lives in its own pool, from the first byte of its head until the last byte of
 * the response has left and the LOG phase is over.
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
};

/* What a handler says; 300 to 599 is a further verdict: answer with this status. */
typedef int verdict;
enum {
	PASS, /* no opinion: ask the next handler */
	ALLOW, /* ACCESS only: under `satisfy any` it ends the phase */
	DONE, /* req->response is the response, whatever its status */
	WAIT, /* suspended; request_wait() was called */
	RESTART, /* one of the request_redirect… functions was called */
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

	/* What was asked. */
	enum method method;
	enum http_version version;
	struct str method_name;
	struct str line; /* the request line as it came, without its end */
	struct str target; /* the request target as it came: $request_uri */
	struct str uri; /* the path, decoded and normalized; rewriting changes it */
	struct str args; /* after the first '?', as it came */
	struct str host; /* lower case, without port; empty in HTTP/1.0 without Host */
	const struct header *headers; /* all field lines, in order */
	struct request_known known;

	/* Where it is in the configuration. */
	const struct http_server *server;
	const struct http_location *location;
	const void *const *confs; /* of the location, by module */
	struct str *captures; /* of the last regular expression: [0] is $0 */
	size_t captures_count;

	struct response response;

	bool is_internal; /* redirected by the server: `internal` locations are open */
	bool head_only; /* HEAD: no body is sent. To change it has no effect on what is sent */
};

/*
 * The context of a module in this request: .context_size bytes, zeroed at the first call.
 * A redirect begins a new one, unless the module has .context_is_kept; the old one stays valid
 * as long as the request. May be
 * called wherever the request is known: in handlers, in getters of variables, in bodies,
 * when a timer expires. A subrequest has contexts of its own.
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

/* Answers with text/plain. The text lives as long as the request. */
verdict respond_text(struct request *req, int status, struct str text);

/* Answers with a body that lives in the request's pool or longer. */
verdict respond_bytes(struct request *req, int status, struct str type, struct str bytes);

/*
 * 405 with the field Allow for all but GET and HEAD, otherwise PASS. For the
 * modules that serve content: `if ((v = request_only_reads(req)) != PASS) return v;`
 */
verdict request_only_reads(struct request *req);

/*
 * Starts the request again with another URI (decoded; request_resolve() is applied) and
 * arguments, at SERVER_REWRITE; `return request_redirect(…)`. RESTART, 404 if the URI
 * leads above the root, or 500 after ten. Only a handler can redirect, and not in FILTER or
 * LOG: an alert in the error log says what was refused.
 */
verdict request_redirect(struct request *req, struct str uri, struct str args);

/* The same at REWRITE of the location @name (with the @). */
verdict request_redirect_named(struct request *req, struct str name);

/* req->uri has been changed in REWRITE: search the location again. As request_redirect(). */
verdict request_rewritten(struct request *req);

/*
 * Brings a decoded URI into the form in which locations are searched: without names "." and
 * "..", and with repeated slashes merged unless merge_slashes is off. A URI that does not
 * begin with a slash is not changed. Returns false if the URI leads above the root; *out
 * is not to be used then.
 */
bool request_resolve(struct request *req, struct str uri, struct str *out);

/*
 * Whether a request for this URI (decoded and resolved) comes to the location that this request
 * is in; blocks in it (block.h) are not looked at. A handler that shows something of another
 * URI asks this first, because other rules of ACCESS may hold there. false also if the match of
 * an expression is given up.
 */
bool request_shares_location(struct request *req, struct str uri);

/*
 * The path of a file for a URI in this location: root + uri, or by alias. The
 * result has a NUL after it. It is empty if root applies and the URI does not begin with a
 * slash, or if alias applies and a rewrite has given the request a URI that does not begin
 * with what alias stands for.
 */
struct str request_path(struct request *req, struct str uri);

/*
 * The URI of the file `name` below root or alias: the name itself below root and in
 * locations of an expression, behind the prefix that alias stands for otherwise.
 */
struct str request_uri_of(struct request *req, struct str name);

/* $document_root: what request_path() puts in front, "" if there is none. */
struct str request_root(struct request *req);

/*
 * The client: the other end of the connection, or whom request_set_address() has named. The
 * address is in network order, 4 or 16 bytes, none on a Unix socket; the port is 0 where none
 * is known.
 */
struct str request_address(const struct request *req);
int request_port(const struct request *req);

/*
 * Says who the client is, when the other end of the connection is a proxy. From now on this
 * is what access rules, limits, variables, the error log and the access log see of this
 * request and its subrequests. It stays so after a redirect. For PHASE_POST_READ and
 * PHASE_PREACCESS: what has been asked for the address before has got the old one.
 */
void request_set_address(struct request *req, const struct ip *ip, int port);

/* Whether request_set_address() was called for this request. */
bool request_address_is_set(const struct request *req);

/* The other end of the connection, whatever request_set_address() has said. */
struct str request_peer_address(const struct request *req);
int request_peer_port(const struct request *req);

/*
 * Whether a host (lower case, without port) is one of the names of the request's server, as
 * server_name has them. An expression that was given up is MATCH_FAILED.
 */
enum match request_is_for(const struct request *req, struct str host);

/*
 * One line in the error log of the location, with client, server and request.
 * errnum 0: no error text. What a client has sent stands in quotes in the format, as
 * log.h says.
 */
void request_log(struct request *req, enum log_level level, int errnum, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* The HTTP status for a failed system call on a file: 404, 403, 500 … */
int status_from_errno(int errnum);

/*
 * The body of the request, for a module that reads it; what nobody reads, the protocol receives
 * and discards. NULL: the request has none, or is a subrequest. Read it with body_read(): its
 * slices are memory. Each byte is given once, whoever reads it. `length` is what the client has
 * announced, or -1. The client waits for the first read where it has sent Expect: 100-continue.
 *
 * -EAGAIN: no more has come yet. -EMSGSIZE: the body is larger than client_max_body_size;
 * -ETIMEDOUT: nothing has come for client_body_timeout; -ECONNRESET: the client has ended in the
 * middle; -EBADMSG: its framing is not valid. Such an error stays. The error log says what it
 * was, and the connection is closed after the response.
 *
 *     while ((result = body_read(body, SIZE_MAX, &slice)) == 1) {
 *             use(slice.data, slice.len);
 *             slice_release(&slice);
 *     }
 *     if (result < 0)
 *             return request_body_verdict(req, result);
 *
 * It may become the body of the response, or be wrapped by one. Then it is read until the
 * response is complete; what goes wrong then ends the connection.
 */
struct body *request_body(struct request *req);

/*
 * What a handler returns where body_read() of the request's body has returned less than 0.
 * -EAGAIN: WAIT; the handler is called again when there is more to read, or an error. For an
 * error: 413, 408 or 400.
 */
verdict request_body_verdict(struct request *req, int result);

/*
 * Waiting. A handler that cannot respond yet calls request_wait() once, gives the token to
 * the code that will get the result, and returns WAIT. When the token is fired, the same
 * handler is called again on the loop's thread, with the context it has left. wakeup_fire()
 * may be called from any thread, also before the handler has returned; after the request has
 * ended it does nothing but free the token.
 *
 * A request dies while it waits when its connection breaks: cancel(data) is called then, on
 * the loop's thread, unless the token was fired before (NULL: there is nothing to cancel).
 * What data points at must live until the token is fired. A client that only closes its
 * sending half can still read the response, so its request goes on;
 * request_client_closed() tells.
 *
 * Every token must be fired exactly once, also after it was cancelled or its time was over:
 * firing frees it. A second firing is an alert where it is seen, and touches memory that is
 * free where it comes late.
 */
struct wakeup *request_wait(struct request *req, void (*cancel)(void *data), void *data);
void wakeup_fire(struct wakeup *wakeup);

/*
 * The same for at most that many milliseconds. Then cancel(data) is called, and the handler
 * is called again; in that call request_timed_out() is true.
 */
struct wakeup *request_wait_for(struct request *req, int64_t ms, void (*cancel)(void *data),
				void *data);
bool request_timed_out(const struct request *req);

/*
 * `return request_delay(req, ms);` calls the handler again after that time, when
 * request_timed_out() is true. There is no token to fire.
 */
verdict request_delay(struct request *req, int64_t ms);

/*
 * Whether the client has closed its sending half. It may have gone away, or still wait for the
 * response. A handler may stop costly work then, as nginx does (499).
 */
bool request_client_closed(const struct request *req);

/*
 * A token for a body whose read() has returned -EAGAIN. Firing it calls body_ready() on the
 * loop's thread.
 */
struct wakeup *body_wait(struct request *req, struct body *body);

/*
 * A subrequest: a GET of its own for a URI of the same server, with phases from
 * SERVER_REWRITE on but without ACCESS. When its head is complete, head(sub, data) is
 * called with it; NULL when nested deeper than 50, or when the URI leads above the root.
 *
 * The subrequest ends with its parent, and its response.body is closed then: read that body,
 * but do not close it. To make it the body of another response, set sub->response.body to
 * NULL; it is closed with that response then.
 */
struct request *subrequest_start(struct request *parent, struct str uri, struct str args,
				 void (*head)(struct request *sub, void *data), void *data);

#endif
