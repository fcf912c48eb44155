/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which server and which location a request belongs to. Look-ups go through
 * hashes and a tree, so their cost doesn't grow with the number of servers or
 * prefixes; only regular expressions are tried one by one.
 */
#ifndef SKUA_HTTP_ROUTING_ROUTING_H
#define SKUA_HTTP_ROUTING_ROUTING_H

#include "http/routing/location.h"

/* --- servers of one address --- */

/* One name of a server_name directive. */
struct server_name {
	struct str text; /* lower case; of an expression as written, with its ~ */
	const struct pattern *pattern; /* "~…" */
	const struct conf_word *word;
};

struct vhosts;

struct vhosts *vhosts_create(struct pool *pool);

/* The server for names that nobody claims. */
void vhosts_set_default(struct vhosts *vhosts, const struct http_server *server);
const struct http_server *vhosts_default(const struct vhosts *vhosts);

/*
 * Adds a server under a name: "a.example", "*.example", ".example", "www.*", "~regex",
 * "". Returns the server that has claimed this name before (it keeps it), or NULL.
 * The names must be well-formed; server and name are borrowed.
 */
const struct http_server *vhosts_add(struct vhosts *vhosts, const struct server_name *name,
				     const struct http_server *server);

/*
 * The server for a host (lower case, no port): exact name, longest wildcard at
 * the front, longest at the end, first expression (its captures are the
 * request's then), default. Empty: the server named "", or the default. NULL: an
 * expression was given up, so nobody knows whose request it is. The host must live
 * as long as the request.
 */
const struct http_server *vhosts_find(const struct vhosts *vhosts, struct request *req,
				      struct str host);

/* --- locations of one level --- */

struct location_tree *location_tree_create(struct pool *pool);

/*
 * Adds a location under its name. Returns the one that is there already in the
 * same place (it keeps it), or NULL: `/a` and `^~ /a` exclude each other, as do two `= /a` and
 * two `@a`; expressions may repeat, and are tried in the order of being added.
 */
const struct http_location *location_tree_add(struct location_tree *tree,
					      struct http_location *location);

/*
 * The location for a URI. On each level: an exact one; otherwise the
 * longest prefix is found and, inside of it, the same search is made. What that
 * finds by an exact name or an expression stays; else, unless the prefix was
 * written with ^~, the expressions of this level are tried in order, and the
 * first that matches is searched inside, too. Captures become the request's.
 * NULL: an expression was given up, so nobody knows which location it would have
 * been. The URI must live as long as the request.
 */
const struct http_location *location_find(struct request *req, const struct http_server *server,
					  struct str uri);

/* The location "@name", or NULL. */
const struct http_location *location_find_named(const struct http_server *server,
						struct str name);

/* --- regular expressions --- */

/* "PCRE2 10.42 2022-12-11", for `skua -V`. */
const char *pattern_library(void);

#endif
