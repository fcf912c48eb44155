/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The life of a request. Who calls whom, for a request of HTTP/1; a subrequest is created by
 * subrequest_start() and otherwise the same:
 *
 *     h1_next_request()      a head is complete (http/h1/h1_request.c)
 *       request_create()
 *       request_add_field(), request_find_authority(), request_decode_target()
 *                            fill it in from the head (request_head.c)
 *       request_advance()    or request_refuse(), if the head is not valid
 *         phases_run()       calls the handlers of the modules (phases.c)
 *         core->complete()   the response is there: h1_complete() (http/h1/h1_response.c)
 *
 * If a handler returns WAIT, phases_run() returns false, and request_advance() returns without
 * calling complete(). When the token of the handler is fired, wait.c queues the job
 * core->resume, which calls request_advance() again. After the last byte of the response has
 * been sent, http/h1/h1_state.c calls phases_log() and request_destroy().
 */
#include "http/request/request_private.h"

#include "event/loop.h"
#include "http/field/status.h"
#include "http/request/phases.h"

/* Called after a walk through the phases, which has ended or waits. */
static void walked(struct request_core *core, bool is_complete)
{
	core->waiting = !is_complete && !core->closing;
	if (core->waiting) {
		core->waiting_since_us = clock_read_us();
		return;
	}
	core->complete(&core->pub, core->complete_data);
}

static struct waited *waited_for(struct request_core *core, const struct module *module)
{
	struct waited *waited = core->waited;

	while (waited && waited->module != module)
		waited = waited->next;
	if (!waited) {
		waited = pool_new(core->pub.pool, struct waited);
		*waited = (struct waited){ .module = module, .next = core->waited };
		core->waited = waited;
	}
	return waited;
}

void request_note_sending(struct request_core *core)
{
	if (!core->sending_us)
		core->sending_us = clock_read_us();
}

void request_note_no_body(struct request_core *core, const struct module *module)
{
	if (core->body_waiting_since_us)
		return;
	core->body_waiter = module;
	core->body_waiting_since_us = clock_read_us();
}

void request_note_wait_of_body(struct request_core *core)
{
	waited_for(core, core->body_waiter)->body_us +=
		clock_read_us() - core->body_waiting_since_us;
	core->body_waiting_since_us = 0;
}

void request_advance(struct request_core *core)
{
	if (core->waiting)
		waited_for(core, core->waiter)->us += clock_read_us() - core->waiting_since_us;
	else
		core->walked_us = clock_us();
	walked(core, phases_run(&core->pub));
}

void request_refuse(struct request_core *core, int status)
{
	/* Its head may have been refused before its server was looked for. */
	request_leave_out_fields(core);
	if (status != 500) /* a 500 is not the client's fault, and was logged already */
		request_log(&core->pub, LEVEL_INFO, 0, "client sent an invalid request: %d %.*s",
			    status, STR_ARG(status_reason(status)));
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
	wakeups_cancel(core); /* a body may have asked for tokens while it was closed */
	pool_destroy(core->pub.pool);
}
