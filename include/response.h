/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The response to a request. A handler of the CONTENT phase fills it in and
 * returns DONE; handlers of the FILTER phase may change all of it. The length
 * is that of the body; the protocol adds framing, Date, Server, Connection.
 */
#ifndef SKUA_RESPONSE_H
#define SKUA_RESPONSE_H

#include <stdbool.h>
#include <time.h>

#include <body.h>
#include <str.h>

struct file;
struct request;
struct str_list;

/* A field line of a head, in the order in which it is sent. */
struct header {
	struct str name;
	struct str value;
	struct header *next;
};

struct response {
	int status;
	struct str reason; /* empty: the standard one */

	/*
	 * Fields that several modules read or change. Empty (or -1): not sent. One with
	 * CR, LF or NUL in it counts as empty, and the error log says so.
	 */
	struct str content_type; /* without charset */
	struct str charset;
	/*
	 * An encoded path (uri_escape()) is completed to an absolute URL when sent;
	 * control characters are encoded then, wherever they came from. A verdict
	 * 301, 302, 303, 307 or 308 keeps it.
	 */
	struct str location;
	/*
	 * A location that begins with "//" is sent to another host only if this is set. Otherwise
	 * it is taken for a path: "/.//" and the rest, should it not become an absolute URL.
	 */
	bool location_names_host;
	struct str etag; /* with its quotes; W/ in front when weak */
	time_t last_modified; /* seconds since the epoch, or -1 */
	struct str last_modified_text; /* if not empty, sent in place of last_modified */

	struct str server; /* the field Server: data NULL: as server_tokens says; empty: not sent */
	struct header *headers; /* all others; those of response_writes() are not sent */
	struct header **headers_end;

	/*
	 * Sent after the body when the protocol can: added at any moment before
	 * the end of the body was read. A handler of FILTER that will add some sets has_trailers,
	 * so that HTTP/1.1 sends the body in chunks, behind which they can follow.
	 */
	struct header *trailers;
	bool has_trailers;

	/*
	 * NULL: no body, length 0. Set it with DONE, or in FILTER: a handler that sets a body and
	 * passes, or redirects, has broken the contract. It stays the same while it is sent.
	 */
	struct body *body;
	struct file *file; /* whose bytes the body gives; NULL: none, or a filter changes them */

	bool allow_ranges; /* the CONTENT handler says that ranges make sense */
	bool date_is_weak; /* other bytes may have the same Last-Modified: other codings */
	bool is_error_page; /* made by error_page or the built-in page */
	bool nosniff; /* the type was guessed: browsers must not guess again */
};

/*
 * Adds a field line. Name and value are borrowed for the life of the request.
 * A field whose name is no token, or whose value has CR, LF or NUL in it, is left
 * out when the head is written, and the error log says so.
 *
 * No field is sent twice that may stand only once: Content-Type, ETag, Last-Modified and
 * Location set the member above, in place of what it was. Fields that the protocol writes
 * (response_writes()) are left out, and an alert in the error log names the module.
 */
void response_add(struct request *req, struct str name, struct str value);

/*
 * Does the protocol write this field itself? Content-Length, Transfer-Encoding, Connection,
 * Keep-Alive, Date, Server; compared without case.
 */
bool response_writes(struct str name);

/* Replaces every field of that name (compared without case); that of the server also Server. */
void response_set(struct request *req, struct str name, struct str value);

/* Takes away every field of that name, also Server; a member above is emptied. */
void response_remove(struct request *req, struct str name);

/* The first added field of that name, or NULL. Not those with a member above. */
struct header *response_find(struct request *req, struct str name);

/*
 * Whether the media type of the response is text/html, which filters of texts always are for,
 * or is in the list (compared without case), in which "*" stands for any type.
 */
bool response_has_type(const struct response *response, const struct str_list *types);

/*
 * A filter is going to change the body, so that what describes the bytes is no longer true:
 * there are no ranges, and Last-Modified and ETag go. With `same_content` the new bytes mean
 * the same (an encoding): Last-Modified stays, and the ETag becomes weak (RFC 9110 section
 * 8.8.1). Call it before the body is wrapped.
 */
void response_transform(struct request *req, bool same_content);

/*
 * The response depends on this field of the request: adds its name to Vary, once (RFC 9110
 * section 12.5.5). A "*" that stands there says it already.
 */
void response_vary(struct request *req, struct str field);

/* Forgets all fields, the body (closed) and the status: a new, empty response. */
void response_reset(struct request *req);

#endif
