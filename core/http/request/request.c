/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Requests: their life, their place in the configuration, redirects, and the
 * small services that include/request.h offers to handlers.
 */
#include "http/request/request_private.h"

#include <errno.h>

#include "base/log_format.h"
#include "config/modules.h"
#include "http/request/phases.h"
#include "http/routing/routing.h"
#include "http/variables/variables.h"

enum { REDIRECTS_ALLOWED = 10 };

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

struct request_core *request_create(struct conn *conn)
{
	struct pool *pool = pool_create(0);
	struct request_core *core = pool_new(pool, struct request_core);
	struct request *req = &core->pub;

	req->pool = pool;
	req->conn = conn;
	req->response.last_modified = -1;
	req->response.headers_end = &req->response.headers;
	core->resume.run = advance_job;
	return core;
}

static void end_subrequests(struct request_core *core)
{
	while (core->subrequests) {
		struct request_core *sub = core->subrequests;

		core->subrequests = sub->next_sibling;
		request_destroy(sub);
	}
}

void request_destroy(struct request_core *core)
{
	job_cancel(&core->resume);
	wakeups_cancel(core);
	body_close(core->pub.response.body);
	end_subrequests(core);
	pool_destroy(core->pub.pool);
}

void request_set_location(struct request *req, const struct http_location *location)
{
	req->location = location;
	req->confs = location->confs;
}

void request_clear_contexts(struct request_core *core)
{
	core->contexts = NULL;
}

/* Few modules have one in a request, so they are looked for one after the other. */
struct module_context {
	const struct module *module;
	struct module_context *next;
	max_align_t memory[];
};

void *request_context(struct request *req, const struct module *module)
{
	struct request_core *core = request_core(req);
	struct module_context *context = core->contexts;

	while (context && context->module != module)
		context = context->next;
	if (!context) {
		context = pool_zalloc(req->pool, sizeof(*context) + module->context_size);
		context->module = module;
		context->next = core->contexts;
		core->contexts = context;
	}
	return context->memory;
}

const void *request_conf(const struct request *req, const struct module *module)
{
	return req->confs[module_index(module)];
}

const struct header *request_header(const struct request *req, struct str name)
{
	for (const struct header *field = req->headers; field; field = field->next)
		if (str_eq_nocase(field->name, name))
			return field;
	return NULL;
}

struct str request_list(struct request *req, struct str name)
{
	struct str list = { NULL, 0 };

	fields_text(req->pool, req->headers, name, &list);
	return list;
}

/* Takes the URI over. PASS, or the status to answer with. */
static verdict set_uri(struct request *req, struct str uri)
{
	if (request_resolve(req, uri, &req->uri))
		return PASS;
	request_log(req, LEVEL_ERROR, 0, "the URI \"%.*s\" leads out of the root", STR_ARG(uri));
	return 404;
}

/* One more redirect, or the 500 that ends a cycle of them. */
static verdict count_redirect(struct request_core *core)
{
	if (core->redirects++ < REDIRECTS_ALLOWED) {
		core->redirected = true;
		return RESTART;
	}
	request_log(&core->pub, LEVEL_ERROR, 0,
		    "more than %d redirects inside the server, the last one to \"%.*s\"",
		    REDIRECTS_ALLOWED, STR_ARG(core->pub.uri));
	return 500;
}

static void walk_from(struct request_core *core, enum phase phase)
{
	core->phase = phase;
	core->handler = 0;
	core->access_refused = 0;
	core->access_allowed = false;
}

verdict request_redirect(struct request *req, struct str uri, struct str args)
{
	struct request_core *core = request_core(req);
	verdict v = set_uri(req, uri);

	if (v != PASS)
		return v;
	req->args = args;
	req->is_internal = true;
	request_clear_contexts(core);
	request_set_location(req, req->server->top);
	walk_from(core, PHASE_SERVER_REWRITE);
	return count_redirect(core);
}

verdict request_redirect_named(struct request *req, struct str name)
{
	struct request_core *core = request_core(req);
	const struct http_location *location = location_find_named(req->server, name);

	if (!location) {
		request_log(req, LEVEL_ERROR, 0, "there is no location %.*s in this server",
			    STR_ARG(name));
		return 500;
	}
	req->is_internal = true;
	request_clear_contexts(core);
	request_set_location(req, location);
	walk_from(core, PHASE_REWRITE);
	return count_redirect(core);
}

verdict request_rewritten(struct request *req)
{
	struct request_core *core = request_core(req);
	verdict v = set_uri(req, req->uri);

	if (v != PASS)
		return v;
	core->phase = PHASE_SERVER_REWRITE;
	core->handler = SIZE_MAX; /* behind its handlers: only the search remains */
	return count_redirect(core);
}

verdict respond_bytes(struct request *req, int status, struct str type, struct str bytes)
{
	req->response.status = status;
	req->response.content_type = type;
	req->response.body = body_from_memory(req, bytes);
	return DONE;
}

verdict respond_text(struct request *req, int status, struct str text)
{
	return respond_bytes(req, status, STR("text/plain"), text);
}

verdict request_only_reads(struct request *req)
{
	if (req->method == METHOD_GET || req->method == METHOD_HEAD)
		return PASS;
	response_set(req, STR("Allow"), STR("GET, HEAD"));
	return 405;
}

struct str request_address(struct request *req)
{
	const union address *peer = &req->conn->peer;

	switch (peer->any.sa_family) {
	case AF_INET:
		return (struct str){ (const char *)&peer->in.sin_addr, 4 };
	case AF_INET6:
		return (struct str){ (const char *)&peer->in6.sin6_addr, 16 };
	default:
		return STR("");
	}
}

void request_log(struct request *req, enum log_level level, int errnum, const char *format, ...)
{
	const struct log *log = req->location ? req->location->core->error_log : NULL;
	char message[2 * LOG_VALUE_MAX + 512];
	va_list args;

	if (!log)
		log = log_process;
	if (!log_enabled(log, level))
		return;
	va_start(args, format);
	size_t len = log_vformat(message, sizeof(message), format, args);
	va_end(args);
	if (errnum)
		log_format(message + len, sizeof(message) - len, " (%d: %s)", errnum,
			   strerror(errnum));
	log_write(log, level, 0, req->conn->number,
		  "%s, client: %.*s, server: %.*s, request: \"%.*s\", host: \"%.*s\"", message,
		  STR_ARG(conn_peer_text(req->conn)),
		  STR_ARG(req->server ? req->server->name : STR("")), STR_ARG(req->line),
		  STR_ARG(req->known.host));
}

int status_from_errno(int errnum)
{
	switch (errnum) {
	case ENOENT:
	case ENOTDIR:
	case ENAMETOOLONG:
		return 404;
	case EACCES:
	case EPERM:
	case ELOOP:
	case EXDEV:
	case EMLINK:
		return 403;
	case EMFILE:
	case ENFILE:
	case ENOMEM:
	case ESTALE:
		return 503;
	default:
		return 500;
	}
}
