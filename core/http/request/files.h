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

struct http_location;

/*
 * For the opener. A path as a worker names it to the opener: what the configuration has
 * written of root or alias of a location stays unsaid, so that no other place can be named.
 */
struct file_below {
	struct str path; /* what follows behind that; NUL follows */
	size_t root_len; /* how much of it belongs to the root, whose rest has variables */
};

/* What a worker asks for. False: nothing is known of the root, the opener cannot open it. */
bool file_query_name(const struct http_location *location, const struct file_query *query,
		     struct file_below *below);

/*
 * The other way round, under the policy of the location; `path` has PATH_MAX bytes. 0;
 * -EACCES: a client could not ask for this; -ENAMETOOLONG.
 */
int file_query_resolve(const struct http_location *location, const struct file_below *below,
		       char *path, struct file_query *query);

#endif
