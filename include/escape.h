/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Escapes text for URIs and HTML, and decodes percent-encoding. The results are in
 * the pool, or the text itself when there was nothing to do. JSON is in json.h.
 */
#ifndef SKUA_ESCAPE_H
#define SKUA_ESCAPE_H

#include <pool.h>
#include <str.h>

/*
 * Makes the path of a URI of a decoded path: percent-encodes what may not stand in one
 * (RFC 3986 section 3.3), '%', '?', '#', and all bytes from 0x80 on.
 */
struct str uri_escape(struct pool *pool, struct str path);

/* The same for one segment or a value of the query: also '/', '&', '=', '+' and ';'. */
struct str uri_escape_component(struct pool *pool, struct str text);

/*
 * Decodes one segment or a value of the query: each "%" with two hexadecimal digits becomes
 * that byte (RFC 3986 section 2.1), "+" stays. Returns false, and *out must not be used, if a
 * "%" is not followed by two digits, and for a NUL, encoded or not, because C functions would
 * take it for the end of the text.
 */
bool uri_decode(struct pool *pool, struct str text, struct str *out);

/*
 * Decodes and normalizes a path: removes segments "." and ".." (RFC 3986 section 5.2.4) and,
 * with merge_slashes, repeated slashes. An encoded slash or dot counts like a plain one, as in
 * nginx. Returns false also for a path that leads above the root, and for one that does not
 * begin with a slash. For paths that are decoded already there is request_resolve().
 */
bool uri_decode_path(struct pool *pool, struct str path, bool merge_slashes, struct str *out);

/*
 * Makes a URI reference safe for the field Location: percent-encodes control characters,
 * which would end the line or which browsers drop, and leaves all other bytes as they are.
 * The result is in the pool, or is `reference` itself if nothing had to be encoded.
 */
struct str location_escape(struct pool *pool, struct str reference);

/* Text for HTML, in an element or in a quoted attribute: & < > " ' become entities. */
struct str html_escape(struct pool *pool, struct str text);

#endif
