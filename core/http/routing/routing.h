/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which server and which location a request belongs to. Look-ups go through
 * hashes and a tree, so their cost doesn't grow with the number of servers or
 * prefixes; only regular expressions are tried one by one.
 */
#ifndef SKUA_HTTP_ROUTING_ROUTING_H
#define SKUA_HTTP_ROUTING_ROUTING_H

#include "http/routing/location.h"

/* --- regular expressions --- */

/* The text of a named group. data NULL: the group took no part in the match. */
struct named_capture {
	const struct variable_slot *variable;
	struct str text;
	struct named_capture *next;
};

/* What matches of expressions have captured. */
struct captures {
	struct pool *pool; /* of what follows; NULL: nothing is captured */
	struct str *groups; /* of the last match: [0] is $0 */
	size_t count, room;
	struct named_capture *named, *last_named; /* of all matches; a later one overrules */
	const struct pattern *failed; /* the expression whose match was given up; NULL: none */
	int error; /* the error of PCRE2 that was the reason */
};

/*
 * Matches; after MATCH_YES the captures are added to *captures, after MATCH_FAILED its
 * `failed` and `error` are set. The subject must live as long as the captures.
 */
enum match pattern_try(const struct pattern *pattern, struct str subject,
		       struct captures *captures) __attribute__((warn_unused_result));

/*
 * For pattern_match_text(): as it, but says why by *error, an error of PCRE2 for
 * pattern_explain(), or 0 for an expression that is too long.
 */
enum match pattern_try_text(struct pool *pool, struct str expression, struct str subject,
			    struct text_match *out, int *error)
	__attribute__((warn_unused_result));

/* The expression as it is written in the configuration. */
struct str pattern_source(const struct pattern *pattern);

/* Writes the text of an error of PCRE2 to `reason`, which has room for `size` bytes. */
void pattern_explain(int error, char *reason, size_t size);

/*
 * Whether the error means that a limit was reached. The other error of a match is that a text
 * is not UTF-8 although the expression begins with (*UTF).
 */
bool pattern_is_limit(int error);

/* "PCRE2 10.42 2022-12-11", for `skua -V`. */
const char *pattern_library(void);

/* --- servers of one address --- */

/* One name of a server_name directive. */
struct server_name {
	struct str text; /* lower case; of an expression as written, with its ~ */
	const struct pattern *pattern; /* "~…" */
	const struct conf_word *word;
	bool is_malformed; /* no host has this name: it is not looked up */
	bool is_one_of_many; /* an address of its server has other servers, too */
};

struct vhosts;

struct vhosts *vhosts_create(struct pool *pool);

/* The server for hosts that are no name of any server. */
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
 * the front, longest at the end, first expression (it gives
 * captures), default. Empty: the server named "", or the default. NULL: the match of an
 * expression was given up, so the right server is unknown. The host must live as long as the
 * captures.
 */
const struct http_server *vhosts_find(const struct vhosts *vhosts, struct str host,
				      struct captures *captures);

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
 * The location for a URI. On each level an exact location is taken at once. Otherwise the
 * longest prefix is found, and the same search is made inside of it. If that finds a location
 * by its exact name or by an expression, it is the result. If not, and unless the prefix was
 * written with ^~, the expressions of this level are tried in order; the first that matches is
 * searched inside, too. Matches add to the captures. NULL: the match of an expression was given
 * up, so the right location is unknown. The URI must live as long as the captures.
 */
const struct http_location *location_find(const struct http_server *server, struct str uri,
					  struct captures *captures);

/* The location "@name", or NULL. */
const struct http_location *location_find_named(const struct http_server *server,
						struct str name);

#endif
