/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Text made safe for where it goes. The results are in the pool, or the text
 * itself when there was nothing to do.
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
 * Makes a URI reference safe for the field Location: percent-encodes control characters,
 * which would end the line or which browsers drop, and leaves all other bytes as they are.
 * The result is in the pool, or is `reference` itself if nothing had to be encoded.
 */
struct str location_escape(struct pool *pool, struct str reference);

/* Text for HTML, in an element or in a quoted attribute: & < > " ' become entities. */
struct str html_escape(struct pool *pool, struct str text);

#endif
