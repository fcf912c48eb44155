/* SPDX-License-Identifier: BSD-2-Clause */
/* The paths that a configuration wants its workers to open while they run. */
#include "config/config.h"

static const char paths_key;

struct paths {
	struct conf_path *first, *last;
};

void conf_opens(struct conf_call *call, struct str path)
{
	struct paths *paths = conf_shared(call->conf, &paths_key, sizeof(struct paths));
	struct conf_path *own = pool_new(call->pool, struct conf_path);

	own->path = pool_strdup(call->pool, path);
	if (paths->last)
		paths->last->next = own;
	else
		paths->first = own;
	paths->last = own;
}

const struct conf_path *conf_paths(struct conf *conf)
{
	const struct paths *paths = conf_shared(conf, &paths_key, sizeof(struct paths));

	return paths->first;
}
