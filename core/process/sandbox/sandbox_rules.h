/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Makes the rules of a configuration: the directories below which a worker may read. A rule
 * of Landlock holds for a directory itself and not for its name. So that a root can be
 * replaced while the server runs, the rules are made for the directories around it:
 *
 *     root /srv/www/current;          /srv/www          holds the root's name, and the link
 *     current -> ../releases/42       /srv/releases     holds what the link points to
 *
 *     root /srv/sites/$host/html;     /srv/sites        the longest part without a variable
 *     sandbox_allow /srv/media;       /srv/media        it, and nothing around it
 *
 * and so for each link on the way. No rule is ever made for "/": if a root lies directly in
 * it, the rule is made for the root.
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

/* Whether a path without links is, or lies below, the path of a rule. */
bool sandbox_rules_cover(const struct sandbox_rules *rules, const char *path);

#endif
