/* SPDX-License-Identifier: BSD-2-Clause */
/* Shows which locations its handlers are called in: `mark name;` adds a field with it. */
#include <module.h>

struct mark_conf {
	struct str name;
};

static verdict mark_rewrite(struct request *req, const void *conf)
{
	const struct mark_conf *mark = conf;

	response_add(req, STR("X-Came-By"), mark->name);
	return PASS;
}

static verdict mark_filter(struct request *req, const void *conf)
{
	const struct mark_conf *mark = conf;

	response_add(req, STR("X-Mark"), mark->name);
	return PASS;
}

const struct module mark_module = {
	.name = "mark",
	.summary = "says where it was called",
	.conf_size = sizeof(struct mark_conf),
	.directives = (const struct directive[]) {
		DIRECTIVE("mark", IN_ANY_HTTP, struct mark_conf, name, "name", "The name."),
		{ 0 }
	},
	.on[PHASE_REWRITE] = mark_rewrite,
	.on[PHASE_FILTER] = mark_filter,
	.if_configured = true,
};
