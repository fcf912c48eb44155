/* SPDX-License-Identifier: BSD-2-Clause */
/* What the directives of files_module set for a location, and how it restricts what is opened. */
#ifndef SKUA_HTTP_FILES_FILES_CONF_H
#define SKUA_HTTP_FILES_FILES_CONF_H

#include <request.h>

#include "file/policy.h"

struct file_cache_limits;
struct template;

/* disable_symlinks */
struct link_policy {
	enum symlinks symlinks;
	const struct template *from; /* in this beginning of a path they are followed; or NULL */
	bool from_root; /* in the root and what is above it */
};

enum dotfiles { DOTFILES_ALLOW, DOTFILES_DENY };

struct files_conf {
	int symlinks; /* enum symlinks: SYMLINKS_FOLLOW or SYMLINKS_IN_ROOT */
	const struct link_policy *links; /* of disable_symlinks; NULL: off */
	int dotfiles; /* enum dotfiles */
	bool etag; /* responses have an ETag */
	struct file_cache_limits *cache; /* NULL: the defaults of the cache */
};

/* Finds the struct of files_module in http_location.confs or request.confs. */
const struct files_conf *files_conf_of(const void *const *confs);

/*
 * The query for a path below a root, with the policy for symbolic links. It has neither the policy
 * for dotfiles nor the number of the location. `req` NULL: in the opener, which has no request.
 */
struct file_query files_conf_query(struct request *req, struct str path,
				   const struct file_root *root, const struct files_conf *conf);

#endif
