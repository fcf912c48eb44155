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
struct opener_path {
	/* What comes before the path. 0: the literal part of the location's root or alias. From
	   1: the number of a path of sandbox_allow, if root or alias begins with a variable. */
	uint32_t base;
	struct str rest; /* of the path */
	size_t root_len; /* how many bytes of `rest` belong to the root: its part with variables */
};

/*
 * In a worker: converts a query. to->rest points into the path of the query. False: the root
 * begins with a variable and no path of sandbox_allow applies, so the opener cannot open the file.
 */
bool opener_path_make(struct conf *conf, const struct http_location *location,
		      const struct file_query *query, struct opener_path *to);

/*
 * In the opener: makes a query of `asked`, under the policy of the location. `path` is memory of
 * PATH_MAX bytes into which the query points. `asked` comes from a process that is not trusted.
 * 0; -EACCES: no client could ask for this path; or -ENAMETOOLONG.
 */
int opener_path_resolve(struct conf *conf, const struct http_location *location,
			const struct opener_path *asked, char *path, struct file_query *query);

#endif
