/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which directories a worker may read below, made from the configuration. Such a
 * rule binds to a directory itself and not to its name; so that a root can be
 * replaced while the server runs, the rules stand around it:
 *
 *     root /srv/www/current;          /srv/www          holds the root's name, and the link
 *     current -> ../releases/42       /srv/releases     holds what the link points to
 *
 *     root /srv/sites/$host/html;     /srv/sites        the longest part without a variable
 *     sandbox_allow /srv/media;       /srv/media        it, and nothing around it
 *
 * and so for each link on the way. None is ever made for "/": where a root lies
 * in it, the rule stands on the root.
 */
#ifndef SKUA_PROCESS_SANDBOX_SANDBOX_RULES_H
#define SKUA_PROCESS_SANDBOX_SANDBOX_RULES_H

#include <stdbool.h>
#include <stddef.h>

#include <pool.h>

struct conf;

struct sandbox_rule {
	const char *path; /* of a directory, or of a file; without links; it is there */
	bool is_directory;
};

struct sandbox_rules {
	struct sandbox_rule *items; /* in the order of their paths; none lies below another */
	size_t count, capacity;
	const char **unknown; /* roots that begin with a variable: nothing is known of them */
	size_t unknown_count, unknown_capacity;
};

/*
 * The rules as links and directories are now, for what this process can reach;
 * in the pool.
 */
struct sandbox_rules *sandbox_rules_make(struct conf *conf, struct pool *pool);

/* Does the path (without links) lie below the directory of a rule? */
bool sandbox_rules_cover(const struct sandbox_rules *rules, const char *path);

#endif
