/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The small services that include/request.h offers to handlers: contexts and settings of
 * modules, fields of the request, short responses.
 */
#include "http/request/request_private.h"

#include <errno.h>

#include "config/modules.h"
#include "event/loop.h"
#include "http/field/fields.h"
#include "stats/stats.h"

void request_set_location(struct request *req, const struct http_location *location)
{
	req->location = location;
	req->confs = location->confs;
	request_core(req)->content = location->has_content ? location : NULL;
}

/* The context of one module. A request has few of them, so they are kept in a list. */
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

void request_forget_contexts(struct request_core *core)
{
	struct module_context **at = &core->contexts;

	while (*at)
		if ((*at)->module->context_is_kept)
			at = &(*at)->next;
		else
			*at = (*at)->next;
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

int64_t request_age_ms(const struct request *req)
{
	const struct request_core *core = request_core(req);
	int64_t now = core->ended_us ? core->ended_us : clock_us();

	return (now - core->started_us) / 1000;
}

verdict request_only_reads(struct request *req)
{
	if (req->method == METHOD_GET || req->method == METHOD_HEAD)
		return PASS;
	response_set(req, STR("Allow"), STR("GET, HEAD"));
	return 405;
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
	case ETIMEDOUT:
	case ECONNRESET:
		return 503;
	default:
		return 500;
	}
}

/* The counters of this process are published at the end of a turn; these are of now. */
void server_count(struct server_counts *out)
{
	struct stats_sum sum = { 0 };

	stats_add_others_to(&sum);
	out->accepted = out->handled = sum.accepted + stats_get(&stats_mine->accepted);
	out->requests = sum.requests + stats_get(&stats_mine->requests);
	out->active = sum.active + conns.active;
	out->waiting = sum.idle + conns.idle;
	out->writing = sum.writing + conns.writing;

	uint64_t others = out->waiting + out->writing;

	out->reading = out->active > others ? out->active - others : 0;
}

bool server_is_draining(void)
{
	return stats_get(&stats_server->is_draining);
}
