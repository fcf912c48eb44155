/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The path of a file in a question to the opener. A worker makes it of a query, and the opener
 * makes a query of it again.
 */
#ifndef SKUA_HTTP_FILES_OPENER_PATH_H
#define SKUA_HTTP_FILES_OPENER_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <str.h>

struct conf;
struct file_query;
struct http_location;

/*
 * A path as a worker sends it to the opener. The literal part of root or alias is not sent: the
 * opener takes it from its own configuration, so a worker cannot name a path elsewhere.
 */
struct file_below {
	/* What comes before the path. 0: the literal part of the location's root or alias. From
	   1: the number of a path of sandbox_allow, if root or alias begins with a variable. */
	uint32_t base;
	struct str path; /* the rest of the path */
	size_t root_len; /* how many bytes of `path` belong to the root: its part with variables */
};

/*
 * In a worker: converts a query. below->path points into the path of the query. False: the root
 * begins with a variable and no path of sandbox_allow applies, so the opener cannot open the file.
 */
bool file_query_name(struct conf *conf, const struct http_location *location,
		     const struct file_query *query, struct file_below *below);

/*
 * In the opener: makes a query from `below`, under the policy of the location. `path` is memory of
 * PATH_MAX bytes into which the query points. `below` comes from a process that is not trusted.
 * 0; -EACCES: no client could ask for this path; or -ENAMETOOLONG.
 */
int file_query_resolve(struct conf *conf, const struct http_location *location,
		       const struct file_below *below, char *path, struct file_query *query);

#endif
