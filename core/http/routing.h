/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which server and which location a request belongs to. Look-ups go through
 * hashes and a tree, so their cost doesn't grow with the number of servers or
 * prefixes; only regular expressions are tried one by one.
 */
#ifndef SKUA_HTTP_ROUTING_H
#define SKUA_HTTP_ROUTING_H

#include "http/http.h"

/* --- servers of one address --- */

/* One name of a server_name directive. */
struct server_name {
	struct str text; /* lower case, as written */
	const struct pattern *pattern; /* "~…" */
	struct conf_word word;
};

struct vhosts;

struct vhosts *vhosts_create(struct pool *pool);

/* The server for names that nobody claims. */
void vhosts_set_default(struct vhosts *vhosts, const struct http_server *server);
const struct http_server *vhosts_default(const struct vhosts *vhosts);

/*
 * Adds a server under a name: "a.example", "*.example", ".example", "www.*", "~regex",
 * "". Returns the server that has claimed exactly this name before, or NULL.
 */
const struct http_server *vhosts_add(struct vhosts *vhosts, const struct server_name *name,
				     const struct http_server *server);

/*
 * The server for a host (lower case, no port): exact name, longest wildcard at
 * the front, longest at the end, first expression, default.
 */
const struct http_server *vhosts_find(const struct vhosts *vhosts, struct request *req,
				      struct str host);

/* --- locations of one level --- */

struct location_tree;

struct location_tree *location_tree_create(struct pool *pool);

/*
 * Adds a location under its name. Returns the one of the same kind and name
 * that is there already, or NULL.
 */
const struct http_location *location_tree_add(struct location_tree *tree,
					      struct http_location *location);

/* After the last location of a level was added: makes the look-up quick. */
void location_tree_finish(struct location_tree *tree);

/* The location for a URI by nginx's rules, nested levels included. Never NULL. */
const struct http_location *location_find(struct request *req, const struct http_server *server,
					  struct str uri);

/* The location "@name", or NULL. */
const struct http_location *location_find_named(const struct http_server *server,
						struct str name);

#endif
