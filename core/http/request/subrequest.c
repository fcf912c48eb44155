/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Subrequests: requests of the server to itself. A subrequest shares the
 * connection and the head of its parent, and walks through the phases by itself. The
 * module that has started it reads the body of its response.
 */
#include <module.h>

#include "http/request/phases.h"
#include "http/request/request_private.h"

enum { DEEPEST = 50 };

struct head_call {
	void (*head)(struct request *sub, void *data);
	void *data;
};

/* If a handler has returned CLOSE, the parent gets a 500 without a body. */
static void offer_head(struct request *sub, void *data)
{
	struct head_call *call = data;
	struct request_core *core = request_core(sub);

	if (core->closing) {
		response_reset(sub);
		sub->response.status = 500;
	}
	if (sub->location->core->log_subrequest)
		phases_log(sub);
	call->head(sub, call->data);
}

static void end_job(struct job *job)
{
	struct request_core *core =
		(struct request_core *)((char *)job - offsetof(struct request_core, resume));
	struct request_core **at = &request_core(core->pub.parent)->subrequests;

	while (*at != core)
		at = &(*at)->next_sibling;
	*at = core->next_sibling;
	request_destroy(core);
}

/* Code of the subrequest may be on the stack. */
void subrequest_end(struct request *sub)
{
	struct request_core *core = request_core(sub);

	job_cancel(&core->resume);
	core->resume.run = end_job;
	job_queue(&core->resume, STAGE_RESPOND);
}

struct request *subrequest_start(struct request *parent, struct str uri, struct str args,
				 void (*head)(struct request *sub, void *data), void *data)
{
	struct request_core *above = request_core(parent);

	if (above->depth >= DEEPEST) {
		request_log(parent, LEVEL_ERROR, 0,
			    "subrequests are nested deeper than %d, the last one for \"%.*s\"",
			    DEEPEST, STR_ARG(uri));
		return NULL;
	}
	if (!request_resolve(parent, uri, &uri)) {
		request_log(parent, LEVEL_ERROR, 0, "the subrequest \"%.*s\" leads above the root",
			    STR_ARG(uri));
		return NULL;
	}
	struct request_core *core = request_create(parent->conn, sizeof(*core));
	struct request *sub = &core->pub;
	struct head_call *call = pool_new(sub->pool, struct head_call);

	*call = (struct head_call){ head, data };
	core->complete = offer_head;
	core->complete_data = call;
	core->depth = above->depth + 1;
	core->started_us = above->started_us;
	core->number = above->number;
	core->phase = PHASE_SERVER_REWRITE;
	core->next_sibling = above->subrequests;
	above->subrequests = core;

	sub->parent = parent;
	sub->method = METHOD_GET;
	sub->method_name = STR("GET");
	sub->version = parent->version;
	sub->line = parent->line;
	sub->target = parent->target;
	sub->uri = pool_strdup(sub->pool, uri);
	sub->args = pool_strdup(sub->pool, args);
	sub->host = parent->host;
	sub->headers = parent->headers;
	/* Conditions, ranges and the body are of the parent alone. */
	sub->known.host = parent->known.host;
	sub->known.authorization = parent->known.authorization;
	sub->known.referer = parent->known.referer;
	sub->known.user_agent = parent->known.user_agent;
	sub->is_internal = true;
	sub->server = parent->server;
	request_set_location(sub, sub->server->top);
	job_queue(&core->resume, STAGE_RESPOND);
	return sub;
}
