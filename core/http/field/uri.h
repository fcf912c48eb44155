/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Request targets, paths and host names: what a client wrote becomes what the
 * server routes by. Statuses as in head.h: 0, or the one to answer with. Paths that
 * are encoded are read by uri_decode_path(), escape.h.
 */
#ifndef SKUA_HTTP_FIELD_URI_H
#define SKUA_HTTP_FIELD_URI_H

#include <pool.h>
#include <request.h>
#include <str.h>

enum target_form {
	TARGET_ORIGIN, /* "/path?args" */
	TARGET_ABSOLUTE, /* "http://host/path?args": its host overrules the field Host */
	TARGET_ASTERISK, /* "*", of OPTIONS only */
	TARGET_AUTHORITY, /* "host:port", of CONNECT only */
};

/* The parts of a target, borrowed from it and still encoded. */
struct target {
	enum target_form form;
	struct str authority; /* host and port; data NULL when the target has none */
	struct str path; /* begins with '/'; "*" of the asterisk form; or empty (CONNECT) */
	struct str args; /* between the first '?' and '#', without them */
	struct str path_and_args; /* $request_uri: the target from its path on */
};

/*
 * RFC 9112 section 3.2. A fragment, which a client must not send, is left out
 * of path and args, as in nginx. 0 or 400.
 */
int target_split(enum method method, struct str text, struct target *out);

/*
 * Normalizes as uri_decode_path() of escape.h does, but does not decode: the path is decoded
 * already, so a "%" in it has no meaning.
 */
bool path_resolve(struct pool *pool, struct str path, bool merge_slashes, struct str *out);

/*
 * Percent-encodes, in what an expression has captured of a decoded path, what would have a
 * meaning in arguments, or may not stand in a URI: the set of nginx.
 */
struct str capture_escape(struct pool *pool, struct str text);

/*
 * The host of a Host field or an authority, in lower case, without port and
 * trailing dot; "[::1]" keeps its brackets. Borrowed when it was so already.
 * 0 or 400, also for an empty host, user information or a bad port.
 */
int host_parse(struct pool *pool, struct str text, struct str *host);

#endif
