/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The life of a request: it is created, walks through the phases, may wait and go on, and
 * is destroyed.
 */
#include "http/request/request_private.h"

#include "http/request/phases.h"

static void walked(struct request_core *core, bool is_complete)
{
	core->waiting = !is_complete && !core->closing;
	if (!core->waiting)
		core->complete(&core->pub, core->complete_data);
}

void request_advance(struct request_core *core)
{
	walked(core, phases_run(&core->pub));
}

void request_refuse(struct request_core *core, int status)
{
	walked(core, phases_refuse(&core->pub, status));
}

static void advance_job(struct job *job)
{
	request_advance((struct request_core *)((char *)job -
						offsetof(struct request_core, resume)));
}

struct request_core *request_create(struct conn *conn, size_t size)
{
	struct pool *pool = pool_create(0);
	struct request_core *core = pool_zalloc(pool, size);
	struct request *req = &core->pub;

	req->pool = pool;
	req->conn = conn;
	core->captures.pool = pool;
	req->response.last_modified = -1;
	req->response.headers_end = &req->response.headers;
	core->resume.run = advance_job;
	return core;
}

void request_destroy(struct request_core *core)
{
	job_cancel(&core->resume);
	wakeups_cancel(core);
	body_close(core->pub.response.body);
	while (core->subrequests) {
		struct request_core *sub = core->subrequests;

		core->subrequests = sub->next_sibling;
		request_destroy(sub);
	}
	pool_destroy(core->pub.pool);
}
