/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Makes the rules of a configuration: the directories below which a worker may open files by
 * itself. A rule of Landlock applies to a directory itself and not to its name, so the names are
 * resolved when the worker starts:
 *
 *     root /srv/www/current;          /srv/releases/42, where the link leads
 *     root /srv/sites/$host/html;     /srv/sites, the longest part without a variable
 *     sandbox_allow /srv/media;       /srv/media
 *
 * If the name of a root leads elsewhere later, or a link below a root leads out, the opener opens
 * the file. No rule is ever made for "/".
 */
#ifndef SKUA_PROCESS_SANDBOX_SANDBOX_RULES_H
#define SKUA_PROCESS_SANDBOX_SANDBOX_RULES_H

#include <stdbool.h>
#include <stddef.h>

#include <pool.h>

struct conf;

struct sandbox_rule {
	const char *path; /* of a directory or a file, without links; it exists */
	bool is_directory;
};

struct sandbox_rules {
	struct sandbox_rule *items; /* in the order of their paths; none lies below another */
	size_t count, capacity;
	const char **unknown; /* roots that begin with a variable, so they can be any directory */
	size_t unknown_count, unknown_capacity;
};

/*
 * Makes the rules in the pool, from the current links and directories, as far as this process may
 * access them.
 */
struct sandbox_rules *sandbox_rules_make(struct conf *conf, struct pool *pool);

#endif
