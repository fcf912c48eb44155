/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Text made safe for where it goes, and percent-encoding read. The results are in
 * the pool, or the text itself when there was nothing to do. JSON is in json.h.
 */
#ifndef SKUA_ESCAPE_H
#define SKUA_ESCAPE_H

#include <pool.h>
#include <str.h>

/*
 * A decoded path as the path of a URI: percent-encodes what may not stand there
 * (RFC 3986 section 3.3), '%', '?', '#', and all bytes from 0x80 on.
 */
struct str uri_escape(struct pool *pool, struct str path);

/* The same for one segment or a value of the query: also '/', '&', '=', '+' and ';'. */
struct str uri_escape_component(struct pool *pool, struct str text);

/*
 * The way back, for one segment or a value of the query: each "%" with two hexadecimal
 * digits becomes that byte (RFC 3986 section 2.1), "+" stays. False if a "%" has no two
 * digits behind it, and for a NUL, encoded or not, at which C would see the end of the
 * text; *out is of no use then.
 */
bool uri_decode(struct pool *pool, struct str text, struct str *out);

/*
 * The same for a path, which is normalized as well: "." and ".." segments go (RFC 3986
 * section 5.2.4), of runs of slashes one is left if merge_slashes. An encoded slash or dot
 * counts like a plain one, as in nginx. False also for a path above the root and for one
 * that does not begin with a slash. What a location's merge_slashes says does
 * request_resolve() for paths that are decoded already.
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
