/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The walk through the phases. A location has the handlers of those modules that
 * have something to do there, an array for each phase; a request remembers the
 * phase and the handler at which it goes on.
 */
#include "http/request/phases.h"

#include "config/modules.h"
#include "http/request/request_private.h"
#include "http/routing/routing.h"

struct handler {
	phase_handler *run;
	size_t module;
};

struct pipeline {
	struct phase_handlers {
		struct handler *items;
		size_t count;
	} phases[PHASES];
	enum phase next[PHASES]; /* leaves out those without handlers */
};

/* --- which handlers there are ------------------------------------------------- */

static bool takes_part(const struct conf *conf, const struct http_location *location, size_t index)
{
	return !module_at(index)->if_configured ||
	       conf_says_something(conf, index, location->confs[index]);
}

/* Nothing happens between these phases: without handlers they are no more than numbers. */
static bool may_be_left_out(enum phase phase)
{
	return phase >= PHASE_REWRITE && phase < PHASE_CONTENT;
}

static enum phase next_phase(const struct pipeline *pipeline, enum phase phase)
{
	do
		phase++;
	while (may_be_left_out(phase) && pipeline->phases[phase].count == 0);
	return phase;
}

static void add_handler(struct phase_handlers *list, phase_handler *run, size_t module)
{
	if (run)
		list->items[list->count++] = (struct handler){ run, module };
}

/* `takes` has a byte for each module. */
static struct pipeline *pipeline_create(struct pool *pool, const bool *takes)
{
	struct pipeline *pipeline = pool_new(pool, struct pipeline);

	for (int phase = 0; phase < PHASES; phase++) {
		struct phase_handlers *list = &pipeline->phases[phase];

		list->items = pool_array(pool, struct handler, 2 * module_count());
		for (size_t i = 0; phase == PHASE_FILTER && i < module_count(); i++)
			if (takes[i])
				add_handler(list, module_at(i)->on_validators, i);
		for (size_t i = 0; i < module_count(); i++)
			if (takes[i])
				add_handler(list, module_at(i)->on[phase], i);
	}
	for (enum phase phase = 0; phase < PHASES; phase++)
		pipeline->next[phase] = next_phase(pipeline, phase);
	return pipeline;
}

void pipelines_create(struct conf *conf, struct http_location *locations)
{
	struct pool *pool = conf_pool(conf);
	struct hash_table made = { .pool = pool };
	bool *takes = pool_array(pool, bool, module_count());

	for (struct http_location *location = locations; location; location = location->next) {
		struct str key = { (char *)takes, module_count() * sizeof(*takes) };

		for (size_t i = 0; i < module_count(); i++)
			takes[i] = takes_part(conf, location, i);
		location->pipeline = hash_get(&made, key);
		if (location->pipeline)
			continue;
		location->pipeline = pipeline_create(pool, takes);
		hash_put(&made, pool_strdup(pool, key), (void *)location->pipeline);
	}
}

/* --- the walk ----------------------------------------------------------------- */

/*
 * An expression was given up while a handler ran, or in what the handler asked for: what
 * the expression would have decided is unknown. An error page that is ready stays, and a
 * handler that waits is refused when it goes on.
 */
static verdict refuse_failed_match(const struct request_core *core, verdict v)
{
	return v == WAIT || v == CLOSE || core->pub.response.is_error_page ? v : 500;
}

static verdict call(struct request_core *core, const struct handler *handler)
{
	core->running = (unsigned)handler->module;

	verdict v = handler->run(&core->pub, core->pub.confs[handler->module]);

	return core->match_failed ? refuse_failed_match(core, v) : v;
}

/* Calls the handlers that are left in this phase until one has an opinion. */
static verdict run_phase(struct request_core *core)
{
	const struct phase_handlers *list = &core->pub.location->pipeline->phases[core->phase];

	while (core->handler < list->count) {
		verdict v = call(core, &list->items[core->handler]);

		/* After a redirect the place in the walk is a new one already. */
		if (v == WAIT || v == RESTART)
			return v;
		core->handler++;
		if (v != PASS)
			return v;
	}
	return PASS;
}

/*
 * ACCESS: under `satisfy all` one refusal refuses. Under `satisfy any` one
 * ALLOW admits, and the first refusal counts only when nobody allows.
 */
static verdict run_access(struct request_core *core)
{
	bool any = core->pub.location->core->satisfy == SATISFY_ANY;

	if (core->pub.parent)
		return PASS;
	for (;;) {
		verdict v = run_phase(core);

		if (v == ALLOW && any) {
			response_remove(&core->pub, STR("WWW-Authenticate"));
			return PASS;
		}
		if (v == ALLOW)
			continue;
		if (any && (v == 401 || v == 403)) {
			if (!core->access_refused || v == 401)
				core->access_refused = v;
			continue;
		}
		return v == PASS && core->access_refused ? core->access_refused : v;
	}
}

/* Behind POST_READ: what no handler is to see. */
static verdict refuse_method(const struct request *req)
{
	return req->method == METHOD_TRACE || req->method == METHOD_CONNECT ? 405 : PASS;
}

/* `OPTIONS *` asks about the server as a whole (RFC 9110 section 9.3.7). */
static bool is_for_server(const struct request *req)
{
	return req->method == METHOD_OPTIONS && !req->is_internal && str_eq(req->uri, STR("*"));
}

static verdict answer_options(struct request *req)
{
	response_set(req, STR("Allow"), STR("GET, HEAD"));
	req->response.status = 204;
	return DONE;
}

/* Between SERVER_REWRITE and REWRITE. */
static verdict find_location(struct request_core *core)
{
	struct request *req = &core->pub;

	if (is_for_server(req))
		return answer_options(req);

	const struct http_location *location = location_find(req, req->server, req->uri);

	if (!location)
		return 500;
	request_set_location(req, location);
	if (req->location->core->internal && !req->is_internal)
		return 404;

	int64_t most = req->location->core->client_max_body_size.bytes;

	if (most && core->body_expected > most && !req->parent) {
		request_log(req, LEVEL_ERROR, 0,
			    "client intended to send too large a body: %lld bytes, "
			    "client_max_body_size is %lld",
			    (long long)core->body_expected, (long long)most);
		core->body_expected = 0; /* the page that error_page names is not refused */
		return 413;
	}
	return PASS;
}

/* No handler of CONTENT wanted the request. */
static verdict no_content(struct request *req)
{
	if (!str_ends(req->uri, STR("/")))
		return 404;
	request_log(req, LEVEL_ERROR, 0, "directory index of \"%.*s\" is forbidden",
		    STR_ARG(request_path(req, req->uri)));
	return 403;
}

/* All handlers of a phase have passed: what stands between it and the next. */
static verdict leave_phase(struct request_core *core)
{
	verdict v = PASS;

	if (core->phase == PHASE_POST_READ)
		v = refuse_method(&core->pub);
	else if (core->phase == PHASE_SERVER_REWRITE)
		v = find_location(core);
	else if (core->phase == PHASE_CONTENT)
		v = no_content(&core->pub);
	if (v != PASS)
		return v;
	core->phase = core->pub.location->pipeline->next[core->phase];
	core->handler = 0;
	return PASS;
}

/* The answer is there: the code that error_page wants, then FILTER. */
static void begin_filters(struct request_core *core)
{
	struct response *response = &core->pub.response;

	if (core->error_page_code > 0)
		response->status = core->error_page_code;
	if (response->status != 200) { /* it is the error page's */
		response->last_modified = -1;
		response->last_modified_text = STR("");
	}
	core->error_page_code = 0;
	core->phase = PHASE_FILTER;
	core->handler = 0;
}

/* Through the phases until a handler has an opinion; PASS: FILTER is over. */
static verdict walk(struct request_core *core)
{
	for (;;) {
		verdict v = core->phase == PHASE_ACCESS ? run_access(core) : run_phase(core);

		assert(v != DONE || core->phase != PHASE_FILTER);
		if (v != PASS || core->phase == PHASE_FILTER)
			return v;
		v = leave_phase(core);
		if (v != PASS)
			return v;
	}
}

/* Goes on from a verdict until the answer is complete or somebody waits. */
static bool follow(struct request_core *core, verdict v)
{
	for (;;) {
		if (v >= 300)
			v = error_page_respond(&core->pub, v);
		if (v == DONE)
			begin_filters(core);
		core->closing = v == CLOSE;
		if (core->closing)
			core->pub.response.status = 444; /* for the log, as in nginx */
		if (v == WAIT || v == CLOSE)
			return false;
		v = walk(core);
		if (v == PASS)
			return true;
	}
}

bool phases_run(struct request *req)
{
	return follow(request_core(req), PASS);
}

bool phases_refuse(struct request *req, int status)
{
	return follow(request_core(req), status);
}

void phases_log(struct request *req)
{
	const struct phase_handlers *list = &req->location->pipeline->phases[PHASE_LOG];

	for (size_t i = 0; i < list->count; i++)
		call(request_core(req), &list->items[i]);
}
