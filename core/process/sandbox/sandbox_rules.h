/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Makes the rules of a configuration: the directories below which a worker may open files by
 * itself, as they are when it starts. A rule of Landlock holds for a directory itself and not
 * for its name:
 *
 *     root /srv/www/current;          /srv/releases/42, where the link leads
 *     root /srv/sites/$host/html;     /srv/sites, the longest part without a variable
 *     sandbox_allow /srv/media;       /srv/media
 *
 * What a root's name, or a link below a root, leads to later is opened by the opener. No rule
 * is ever made for "/".
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
	const char **unknown; /* roots that begin with a variable, so that they may be anywhere */
	size_t unknown_count, unknown_capacity;
};

/*
 * Makes the rules from the links and directories as they are now, as far as this process
 * can reach them; in the pool.
 */
struct sandbox_rules *sandbox_rules_make(struct conf *conf, struct pool *pool);

#endif
