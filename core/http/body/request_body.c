/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The body of a request, as a struct body (body.h) whose bytes come from the protocol. A handler
 * waits for more bytes with request_body_verdict(); the body of a response that reads from it is
 * told by body_ready(). Limits that do not depend on the protocol are enforced here.
 */
#include <module.h>

#include "http/request/request_private.h"

struct request_body {
	struct body body;
	struct request_core *core;
	struct wakeup *reader; /* of wait_for_more(); NULL: no handler waits */
	bool is_awaited; /* the last read gave -EAGAIN */
	int error; /* why it cannot be read any further; 0: it can */
};

static const char *reason_of(int error)
{
	switch (error) {
	case -EMSGSIZE:
		return "it is larger than client_max_body_size";
	case -ETIMEDOUT:
		return "client timed out";
	case -ECONNRESET:
		return "client closed the connection before its end";
	case -EBADMSG:
		return "its framing is not valid";
	default:
		return "the response is complete already";
	}
}

/* It is unknown now where the next request begins, so the connection cannot be kept. */
static int fail(struct request_body *body, int error)
{
	struct request *req = &body->core->pub;

	request_log(req, error == -EMSGSIZE ? LEVEL_ERROR : LEVEL_INFO, 0,
		    "the body of the request cannot be read: %s", reason_of(error));
	body->core->keepalive = false;
	body->error = error;
	return error;
}

static int read_body(struct body *base, size_t max, struct slice *out)
{
	struct request_body *body = (struct request_body *)base;
	struct request *req = &body->core->pub;

	if (body->error)
		return body->error;

	int result = req->conn->protocol->read_body(req, max, out);
	int64_t most = req->location->core->client_max_body_size.bytes;

	body->is_awaited = result == -EAGAIN;
	if (result == 1 && most && body->core->body_bytes > (uint64_t)most) {
		slice_release(out);
		return fail(body, -EMSGSIZE);
	}
	return result < 0 && result != -EAGAIN ? fail(body, result) : result;
}

/* The protocol discards the bytes that were not read. */
static void close_body(struct body *body)
{
	(void)body;
}

struct body *request_body(struct request *req)
{
	static const struct body_ops ops = { .read = read_body, .close = close_body };
	struct request_core *core = request_core(req);

	if (!core->body && core->body_expected && req->conn->protocol->read_body) {
		core->body = pool_new(req->pool, struct request_body);
		core->body->body = (struct body){ .ops = &ops, .length = core->body_expected };
		core->body->core = core;
	}
	return core->body ? &core->body->body : NULL;
}

void request_body_ready(struct request_core *core)
{
	if (core->body)
		body_ready(&core->body->body);
}

/* struct body, .ready */
static void resume_reader(void *data)
{
	struct request_body *body = data;
	struct wakeup *reader = body->reader;

	body->reader = NULL;
	if (reader)
		wakeup_resume(reader);
}

bool request_body_is_forwarded(const struct request_core *core)
{
	/* Whoever reads the body has set ready(); a handler has done so in wait_for_more(). */
	return core->body && core->body->body.ready && core->body->body.ready != resume_reader;
}

static void forget_reader(void *data)
{
	struct request_body *body = data;
	struct wakeup *reader = body->reader;

	body->reader = NULL;
	wakeup_fire(reader);
}

static verdict wait_for_more(struct request *req)
{
	struct request_body *body = request_core(req)->body;

	if (!body || !body->is_awaited || !request_core(req)->caller) {
		request_log(req, LEVEL_ALERT, 0,
			    "a module waits for the body of the request, although it has not read "
			    "what there is: a defect of that module");
		return 500;
	}
	body->reader = request_wait(req, forget_reader, body);
	body->body.ready = resume_reader;
	body->body.ready_data = body;
	return WAIT;
}

verdict request_body_verdict(struct request *req, int result)
{
	switch (result) {
	case -EAGAIN:
		return wait_for_more(req);
	case -EMSGSIZE:
		return 413;
	case -ETIMEDOUT:
		return 408;
	case -ECONNRESET:
	case -EBADMSG:
		return 400;
	default:
		return 500;
	}
}
