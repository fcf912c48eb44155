/* SPDX-License-Identifier: BSD-2-Clause */
/* Answers with the body of a subrequest, or tells how that failed: `include_from /part;` */
#include <module.h>

extern const struct module include_module;

struct include {
	struct str uri; /* as configuration */
	struct wakeup *wakeup; /* as context */
	struct request *part; /* NULL: its head is not there */
};

static void head_is_there(struct request *part, void *data)
{
	struct include *include = data;

	include->part = part;
	wakeup_fire(include->wakeup);
}

static void cancel(void *data)
{
	log_notice("include: cancelled");
	wakeup_fire(((struct include *)data)->wakeup);
}

static verdict include_content(struct request *req, const void *data)
{
	const struct include *conf = data;
	struct include *include = request_context(req, &include_module);

	if (str_empty(conf->uri))
		return PASS;
	if (!include->wakeup) {
		include->wakeup = request_wait(req, cancel, include);
		if (!subrequest_start(req, conf->uri, req->args, head_is_there, include))
			wakeup_fire(include->wakeup);
		return WAIT;
	}
	if (!include->part)
		return 500;
	struct response *part = &include->part->response;
	if (part->status != 200)
		return respond_text(req, 502, pool_printf(req->pool, "it says %d", part->status));
	respond_text(req, 200, STR(""));
	req->response.body = part->body;
	part->body = NULL;
	return DONE;
}

const struct module include_module = {
	.name = "include",
	.summary = "answers with the body of a subrequest",
	.conf_size = sizeof(struct include),
	.context_size = sizeof(struct include),
	.directives = (const struct directive[]) {
		DIRECTIVE("include_from", IN_LOCATION, struct include, uri, "uri", "From it."),
		{ 0 }
	},
	.on[PHASE_CONTENT] = include_content,
};
