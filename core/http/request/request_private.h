/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A request as the core sees it: the public part first, then its place in the
 * pipeline, what it waits for, and what has been sent.
 */
#ifndef SKUA_HTTP_REQUEST_REQUEST_PRIVATE_H
#define SKUA_HTTP_REQUEST_REQUEST_PRIVATE_H

#include <module.h>

#include "file/policy.h"
#include "http/routing/location.h"
#include "http/routing/routing.h"
#include "net/conn.h"

struct directory_reading;
struct request_file;
struct variable_slot;
struct vhosts;

/* The value of an indexed variable, once it was asked for. */
struct variable_value {
	bool known, found;
	struct str text;
};

/* What the walk has to look at when a handler returns, even if it has passed. */
enum request_event {
	EVENT_REDIRECTED = 1 << 0, /* the handler has redirected the request */
	EVENT_TIMED_OUT = 1 << 1, /* it is called because the time of its token is over */
	EVENT_MATCH_FAILED = 1 << 2, /* an expression was given up; until an error is rendered */
	EVENT_ENTERED = 1 << 3, /* the handler has entered a block by request_enter() */
	EVENT_ENTERED_WRONGLY = 1 << 4, /* it has tried to, and must not */
	EVENT_NEW_BODY = 1 << 5, /* the handler has set another body of the response */
	EVENT_NEW_STATUS = 1 << 6, /* another status, or it has taken the body away */
	EVENT_TOKEN = 1 << 7, /* added once for each token of request_wait(): a counter */
};

/* How long handlers of a module, and the bodies that they have made, have waited, in all. */
struct waited {
	const struct module *module; /* NULL: auth_delay */
	int64_t us;
	int64_t body_us; /* the same of the body of the response, while that was sent */
	struct waited *next;
};

/* Redirects of all kinds inside the server that one request may take. One more makes a 500. */
enum { REDIRECTS_ALLOWED = 10 };

/* What the core adds to the public struct request, which it begins with. */
struct request_core {
	struct request pub;

	/* The walk. */
	enum phase phase;
	size_t handler; /* in the phase's array: the next one to call */
	int redirects; /* so far, also the one that was not allowed */
	const struct http_location *content; /* whose CONTENT answers; NULL: that of location */
	const struct module *caller; /* whose handler runs; NULL: none */
	unsigned events; /* enum request_event, or-ed; 0 after most handlers */
	bool filter_failed; /* a handler of FILTER has returned an error */
	struct module_context *contexts; /* of those modules that have asked for one */
	struct client *client; /* of request_set_address(); NULL: the connection's peer */
	int error; /* the status that is being rendered; 0: none */
	int access_refused; /* satisfy any: what the first refusal said */
	bool access_is_delayed; /* auth_delay: the 401 is to be returned when the time is over */
	bool waiting; /* a handler said WAIT */
	const struct module *waiter; /* whose handler that was; NULL: the walk itself waits */
	int64_t waiting_since_us; /* clock_us() */
	const struct module *body_waiter; /* whose body has no bytes for the client now */
	int64_t body_waiting_since_us; /* clock_read_us(); 0: it has some, or was not read yet */
	struct waited *waited; /* what it has waited for so far */
	int64_t walked_us; /* when the walk began; 0: it has not */
	int64_t sending_us; /* clock_read_us() of request_note_sending(); 0: it was not called */
	bool closing; /* a handler said CLOSE */
	bool in_error_page; /* error_page has redirected once */
	int error_page_code; /* error_page: the code to send; 0: none; -1: that of the page */

	struct job resume; /* goes on with the walk */
	struct wakeup *wakeups;
	struct request_file *files; /* that the opener was asked for: files.c */
	struct directory_reading *directories; /* that directory_read() was called for */
	struct variable_value *values; /* by slot index; NULL before the first use */
	size_t shared_bytes; /* of values that its subrequests have computed or assigned */
	struct captures captures; /* what req->captures shows; empty lists between matches */
	uint32_t number; /* among the requests of its connection, from 1 */
	struct str id; /* of request_id(); empty before the first call */

	/* Called when the walk is over: the response is there, or `closing` is set. */
	void (*complete)(struct request *req, void *data);
	void *complete_data;
	struct request_core *subrequests; /* children, by next_sibling */
	struct request_core *next_sibling;
	int depth;

	/* What the protocol tells about it. */
	struct header *last_field; /* of pub.headers */
	int64_t started_us; /* clock_us() when the first byte of the head came */
	int64_t ended_us; /* of request_count(); 0: the response is not sent yet */
	uint64_t head_bytes; /* request line and fields as received */
	uint64_t body_bytes; /* of the request's body, received so far */
	int64_t body_expected; /* Content-Length, -1: not known, 0: there is none */
	struct request_body *body; /* NULL: nobody has asked for it */
	uint64_t response_head_bytes;
	uint64_t bytes_sent; /* of the response, its head included; known in LOG */
	bool keepalive; /* the connection goes on after this response; others may end it */
	bool complete_ok; /* $request_completion */
	/* There are names with other characters than letters, digits and hyphens. */
	bool has_unusual_fields;
};

static inline struct request_core *request_core(const struct request *req)
{
	return (struct request_core *)req;
}

/*
 * A request with a pool of its own: zeroed memory of `size` bytes, which begins with a struct
 * request_core; what is behind it is the protocol's. The protocol fills in what was asked,
 * `complete`, and the server and location to begin with.
 */
struct request_core *request_create(struct conn *conn, size_t size);

/*
 * The head of a request, which a protocol has read: each field in its order, then the server
 * by the authority of the target (data NULL: by the field Host), then the path. Each returns
 * 0, or the status to refuse the request with (request_refuse()). The texts must live as long
 * as the request.
 *
 * When a field is repeated the first one counts, but a Connection that says close before
 * one that does not; a second Host, Content-Length, Transfer-Encoding or Expect is a 400.
 *
 * A protocol sets has_unusual_fields if there are any.
 */
int request_add_field(struct request_core *core, struct str name, struct str value);
int request_find_authority(struct request_core *core, struct str authority,
			   const struct vhosts *vhosts);
int request_decode_target(struct request_core *core);

/*
 * When the server is known: leaves out fields with unusual names, if ignore_invalid_headers of the
 * server says so; the error log names the first one. request_find_authority() does that.
 */
void request_leave_out_fields(struct request_core *core);

/* As request_add_field(), for `known` alone: keeps the value if the server looks at the field. */
int request_known_set(struct request_known *known, struct str name, struct str value);

/* For a protocol: there is more of the body that a module reads, or it cannot be read on. */
void request_body_ready(struct request_core *core);

/* For a protocol: whether the body of the response, which is complete, reads the request's. */
bool request_body_is_forwarded(const struct request_core *core);

/* Cancels what it waits for, closes the body, ends subrequests and the pool. */
void request_destroy(struct request_core *core);

/* request_address() as text, "unix:" where there is none; lives as long as the request. */
struct str request_address_text(const struct request *req);

/* At a redirect: the contexts of modules begin anew, but for those that are kept. */
void request_forget_contexts(struct request_core *core);

/* The request belongs to this location now: its configuration applies. */
void request_set_location(struct request *req, const struct http_location *location);

/*
 * The location for req->uri in a server, and the server for req->host among those of an
 * address (http/routing/routing.h). What their expressions capture becomes the request's.
 * NULL: an expression was given up; the error log says so, and the request is refused.
 */
const struct http_location *request_find_location(struct request *req,
						  const struct http_server *server);
const struct http_server *request_find_server(struct request *req, const struct vhosts *vhosts);

/* What values of variables have brought into a path: a name, or a part of it. */
enum path_name {
	PATH_HAS_DOTS = 1 << 0, /* a name "." or ".." */
	PATH_HAS_DOTFILE = 1 << 1, /* a name of is_dotfile() */
};

/* As template_path(), but returns which names there are: enum path_name, or-ed. */
unsigned template_path_names(struct request *req, const struct template *template,
			     struct str *out);

/* What root or alias gives for the request. */
struct file_root request_file_root(struct request *req);

/*
 * $request_id: a name that no other request has, 32 hexadecimal digits. A subrequest has that of
 * its parent. Empty: the system gave no random bytes.
 */
struct str request_id(struct request *req);

/* Walks until the response is complete (then calls `complete`) or the request waits. */
void request_advance(struct request_core *core);

/*
 * The response is complete, and could not be sent in one go: what is left of the time is the
 * client's. Protocols call this at the end of the first turn, or later. Further calls do nothing.
 */
void request_note_sending(struct request_core *core);

/*
 * The wait for the body of the response begins: the body, which this module has made, has no bytes
 * now. Further calls do nothing.
 */
void request_note_no_body(struct request_core *core, const struct module *module);

/* The wait for the body is over: counts it in core->waited. */
void request_note_wait_of_body(struct request_core *core);

/* The body has bytes, or has ended: ends the wait, if there is one. */
static inline void request_note_body(struct request_core *core)
{
	if (core->body_waiting_since_us)
		request_note_wait_of_body(core);
}

/*
 * As request_advance(), for a request whose head is not valid: the response is the page of this
 * error. The error log says so.
 */
void request_refuse(struct request_core *core, int status);

/*
 * request_redirect() and request_redirect_named() for an error page, which is made while no
 * handler runs.
 */
verdict redirect_to_uri(struct request *req, struct str uri, struct str args);
verdict redirect_to_named(struct request *req, struct str name);

/*
 * As wakeup_fire(), on the loop's thread: the request is queued for the stage "respond" at
 * once, and not in the next turn.
 */
void wakeup_resume(struct wakeup *wakeup);

/* Detaches all tokens of the request, and calls their cancel(). */
void wakeups_cancel(struct request_core *core);

/*
 * The request has ended: counts it, its response and how long both took (stats.h, series.h).
 * has_head: a head of a response was made. now_us: clock_read_us(), which is the same for all
 * requests that one write has ended.
 */
void request_count(struct request_core *core, bool has_head, int64_t now_us);

/* For the walk itself, while no handler runs: goes on with it after that time. Returns WAIT. */
verdict walk_delay(struct request_core *core, int64_t ms);

#endif
