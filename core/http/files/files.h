/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files for requests: the thin layer between <file.h> and the cache of core/file/,
 * with the directives that say how files are opened and how many are kept.
 */
#ifndef SKUA_HTTP_REQUEST_FILES_H
#define SKUA_HTTP_REQUEST_FILES_H

#include <module.h>

#include "file/policy.h"

extern const struct module files_module;

struct conf;
struct http_location;

/*
 * For the opener. A path as a worker names it to the opener: what the configuration has
 * written of root or alias of a location stays unsaid, so that no other place can be named.
 */
struct file_below {
	/* What goes before the path. 0: what is written of the location's root or alias. Where
	   that begins with a variable: the number of a path of sandbox_allow, from 1. */
	uint32_t base;
	struct str path; /* what follows behind that */
	size_t root_len; /* how much of it belongs to the root, whose rest has variables */
};

/*
 * What a worker asks for; below->path lies in that of the query. False: nothing is known of
 * the root, and sandbox_allow does not name the place: the opener cannot open it.
 */
bool file_query_name(struct conf *conf, const struct http_location *location,
		     const struct file_query *query, struct file_below *below);

/*
 * The other way round, under the policy of the location; `path` has PATH_MAX bytes, and is
 * the query's. `below` comes from a process that is not trusted. 0; -EACCES: a client could
 * not ask for this; -ENAMETOOLONG.
 */
int file_query_resolve(struct conf *conf, const struct http_location *location,
		       const struct file_below *below, char *path, struct file_query *query);

/* What file_open() looks up for this path: under the policies of the request's location. */
struct file_query request_file_query(struct request *req, struct str path);

#endif
