/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Heads of HTTP/1 requests (RFC 9112): where one ends, its request line, its
 * field lines, what they say about the body. Nothing here allocates: results
 * point into the buffer. Functions that return a status return 0 when all is
 * well, otherwise the status to respond with; the connection is to be closed
 * then, since where the next request begins is not known.
 *
 *     head_scan()                  until it says HEAD_COMPLETE
 *     request_line_parse()         of head_request_line()
 *     head_next_field()            of head_fields()
 *     framing_find()
 */
#ifndef SKUA_HTTP_H1_HEAD_H
#define SKUA_HTTP_H1_HEAD_H

#include <request.h>
#include <str.h>

/* More empty lines than that before a request line are refused. */
#define HEAD_EMPTY_LINES 8

/*
 * The state of the search for the end of a head. Zeroed at the start of each.
 * Offsets count from the beginning of the buffer, which may move meanwhile.
 */
struct head_scan {
	size_t pos; /* how far the bytes were looked at */
	size_t line; /* where the unfinished line begins */
	size_t start; /* of the request line: behind leading empty lines */
	size_t line_end; /* of the request line, before its CR LF; 0: not there yet */
	size_t fields; /* where the first field line begins */
	size_t end; /* behind the empty line: where the body begins */
	size_t longest; /* field line, in bytes, without its end; finished ones only */
	unsigned lines; /* field lines so far */
	unsigned empty_lines; /* before the request line */
	size_t judged; /* how far head_is_possible() has looked */
	bool method_is_over; /* head_is_possible() has seen the space behind the method */
};

enum head_state {
	HEAD_MORE, /* not complete; line_end tells whether the request line is */
	HEAD_COMPLETE,
	HEAD_BAD, /* too many empty lines before it: 400 */
};

/*
 * Goes on with the search; `len` is the number of bytes in the buffer by now.
 * Looks at each byte once, however often it is called.
 */
enum head_state head_scan(struct head_scan *scan, const char *buffer, size_t len);

/* The request line, when scan->line_end is set; the field lines of a complete head. */
static inline struct str head_request_line(const struct head_scan *scan, const char *buffer)
{
	return str_range(buffer + scan->start, buffer + scan->line_end);
}

static inline struct str head_fields(const struct head_scan *scan, const char *buffer)
{
	return str_range(buffer + scan->fields, buffer + scan->end);
}

/*
 * Bytes of the line that has no end yet, without a CR that may belong to its end; 0 when
 * the head is complete.
 */
static inline size_t head_unfinished(const struct head_scan *scan, const char *buffer)
{
	size_t len = scan->pos - scan->line;

	return len > 0 && buffer[scan->pos - 1] == '\r' ? len - 1 : len;
}

/*
 * Whether the bytes of an incomplete request line may be the beginning of a valid one. Bytes
 * that cannot be HTTP, such as the first ones of TLS, are refused at once so. Call it after
 * head_scan(); it looks at each byte once. True for a complete line.
 */
bool head_is_possible(struct head_scan *scan, const char *buffer);

struct request_line {
	enum method method;
	enum http_version version; /* 1.2 to 1.9 count as 1.1 */
	struct str method_name;
	struct str target; /* no blanks, no control characters; see uri.h */
};

/*
 * RFC 9112 section 3. As in nginx several spaces may stand between the parts
 * and behind the version. 0; 400; 505 for another major version. A request of
 * HTTP/0.9 is a 400.
 */
int request_line_parse(struct str line, struct request_line *out);

/* A field line (RFC 9112 section 5). */
struct field_line {
	struct str name, value; /* the value without the blanks around it */
	bool is_unusual; /* its name has other characters than letters, digits and hyphens */
	bool is_valid; /* otherwise nothing else counts */
};

/*
 * Takes the next field line off *rest, which ends with an LF as head_fields() does;
 * false at the empty line. LF or CR LF ends a line. Not valid are a folded line, a
 * blank before the colon, a name that is no token, and control characters (all but
 * the tab) in the value; what follows such a line is not to be read.
 */
bool head_next_field(struct str *rest, struct field_line *out);

struct framing {
	enum {
		FRAMING_NONE,
		FRAMING_LENGTH,
		FRAMING_CHUNKED,
	} kind;
	uint64_t length; /* FRAMING_LENGTH: bytes, not 0 */
};

/*
 * What body follows the head (RFC 9112 section 6.3). 0; 501 for a transfer
 * coding other than chunked; 400 for whatever is ambiguous: length and coding
 * together, a coding in HTTP/1.0, chunked twice or with empty members of the list, a
 * length that is no number.
 */
int framing_find(const struct request_known *known, enum http_version version, struct framing *out);

/* Whether the connection may go on after this request (RFC 9112 section 9.3). */
bool head_keeps_alive(const struct request_known *known, enum http_version version);

/* The client waits for 100 (Continue) before it sends the body (RFC 9110 10.1.1). */
bool head_expects_continue(const struct request_known *known, enum http_version version);

#endif
