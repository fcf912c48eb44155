/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The walk through the phases. A location has the handlers of those modules that
 * have something to do there, an array for each phase; a request remembers the
 * phase and the handler at which it goes on.
 */
#include "http/request/phases.h"

#include "config/config.h"
#include "config/modules.h"
#include "config/template.h"
#include "http/request/error_page.h"
#include "http/request/request_private.h"

struct handler {
	phase_handler *run;
	const struct module *module;
	size_t index; /* of the module */
};

struct pipeline {
	struct phase_handlers {
		struct handler *items;
		size_t count;
	} phases[PHASES];
	enum phase next[PHASES]; /* leaves out those without handlers */
};

/* --- which handlers there are ------------------------------------------------- */

static bool is_listened(const struct http_server *server, const struct module *module)
{
	const struct listened *listened = server->listened;

	while (listened && listened->module != module)
		listened = listened->next;
	return listened;
}

static bool takes_part(const struct conf *conf, const struct http_location *location, size_t index)
{
	const struct module *module = module_at(index);

	if (module->if_listened && !is_listened(location->core->server, module))
		return false;
	return !module->if_configured ||
	       conf_says_something(conf, index, location->confs[index]) ||
	       conf_sets_variable_of(conf, index);
}

/* Nothing happens between REWRITE and CONTENT, so phases without handlers are left out there. */
static enum phase next_phase(const struct pipeline *pipeline, enum phase phase)
{
	do
		phase++;
	while (phase >= PHASE_REWRITE && phase < PHASE_CONTENT &&
	       pipeline->phases[phase].count == 0);
	return phase;
}

static void add_handler(struct phase_handlers *list, phase_handler *run, size_t index)
{
	if (run)
		list->items[list->count++] = (struct handler){ run, module_at(index), index };
}

static void add_filters(struct phase_handlers *list, const bool *takes)
{
	for (int role = FILTER_TYPE; role < FILTER_ROLES; role++) {
		for (size_t i = 0; role == FILTER_ENCODING && i < module_count(); i++)
			if (takes[i])
				add_handler(list, module_at(i)->on_validators, i);
		for (size_t i = 0; i < module_count(); i++)
			if (takes[i] && (int)module_at(i)->filter_role == role)
				add_handler(list, module_at(i)->on[PHASE_FILTER], i);
	}
}

/* `takes` has a byte for each module. */
static struct pipeline *pipeline_create(struct pool *pool, const bool *takes)
{
	struct pipeline *pipeline = pool_new(pool, struct pipeline);

	for (int phase = 0; phase < PHASES; phase++) {
		struct phase_handlers *list = &pipeline->phases[phase];

		list->items = pool_array(pool, struct handler, 2 * module_count());
		if (phase == PHASE_FILTER)
			add_filters(list, takes);
		for (size_t i = 0; phase != PHASE_FILTER && i < module_count(); i++)
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

		for (size_t i = 0; i < module_count(); i++) {
			takes[i] = takes_part(conf, location, i);
			if (module_at(i)->on[PHASE_CONTENT] &&
			    conf_has_local(conf, i, location->confs[i]))
				location->has_content = true;
		}
		location->pipeline = hash_get(&made, key);
		if (location->pipeline)
			continue;
		location->pipeline = pipeline_create(pool, takes);
		hash_put(&made, pool_strdup(pool, key), (void *)location->pipeline);
	}
}

/* --- the walk ----------------------------------------------------------------- */

/*
 * From the outermost function to the innermost:
 *
 *     follow()       acts on a verdict: renders an error, begins FILTER, and calls walk() again,
 *                    until the response is complete, or the request waits or is closed
 *     walk()         from phase to phase until a handler returns something else than PASS
 *     run_phase()    the handlers of one phase; run_access() for ACCESS, because of satisfy and
 *                    auth_delay
 *     leave_phase()  between two phases: finds the location, or that nobody responds
 *     call()         one handler, and checks what it has returned and done
 */

/*
 * An expression was given up while a handler ran, or in what the handler asked for: what
 * the expression would have decided is unknown. An error page that is ready stays, and a
 * handler that waits is refused when it goes on.
 */
static verdict refuse_failed_match(const struct request_core *core, verdict v)
{
	return v == WAIT || v == CLOSE || core->pub.response.is_error_page ? v : 500;
}

/* In place of a verdict, within the walk: a handler has broken its contract. */
enum { BREACH = -1 };

static const char *const phase_names[PHASES] = {
	[PHASE_POST_READ] = "POST_READ",
	[PHASE_SERVER_REWRITE] = "SERVER_REWRITE",
	[PHASE_REWRITE] = "REWRITE",
	[PHASE_PREACCESS] = "PREACCESS",
	[PHASE_ACCESS] = "ACCESS",
	[PHASE_PRECONTENT] = "PRECONTENT",
	[PHASE_CONTENT] = "CONTENT",
	[PHASE_FILTER] = "FILTER",
	[PHASE_LOG] = "LOG",
};

static const char *const verdict_names[] = {
	[PASS] = "PASS", [ALLOW] = "ALLOW",	[DONE] = "DONE",
	[WAIT] = "WAIT", [RESTART] = "RESTART", [CLOSE] = "CLOSE",
};

static bool is_status(verdict v)
{
	return v >= 300 && v <= 599;
}

/* Errors of filters are bounded: the page of one walks through the filters, too. */
static const char *breach_of_filter(const struct request_core *core, verdict v)
{
	if (v == DONE || v == ALLOW || v == RESTART)
		return "in which the response is there already";
	if (is_status(v) && v < 400)
		return "in which a status has to be an error";
	if (is_status(v) && core->filter_failed)
		return "for the page of an error that a filter has returned";
	return NULL;
}

/* What is wrong with what a handler has returned and done; NULL: nothing. */
static const char *breach_of(const struct request_core *core, verdict v, enum phase phase)
{
	const struct response *response = &core->pub.response;
	/* A request that dies while it waits still has its token in LOG. */
	unsigned tokens = phase == PHASE_LOG ? 0 : core->events / EVENT_TOKEN;
	bool redirected = core->events & EVENT_REDIRECTED;

	if ((v < PASS || v > CLOSE) && !is_status(v))
		return "which is no verdict";
	if (core->events & EVENT_ENTERED_WRONGLY)
		return "but has entered a block in a phase, or of a location, that it must not";
	if (phase == PHASE_LOG && v != PASS)
		return "which can only pass";
	if (phase == PHASE_FILTER && breach_of_filter(core, v))
		return breach_of_filter(core, v);
	if (v == ALLOW && phase != PHASE_ACCESS)
		return "which allows nothing";
	if (v == WAIT && core->events & EVENT_ENTERED)
		return "but has entered a block, whose settings the handler would get";
	if (v == WAIT && tokens == 0)
		return "but has no token of request_wait() that would wake it";
	if (v == WAIT && tokens > 1)
		return "but has more than one token of request_wait()";
	if (v != WAIT && tokens > 0)
		return "but has a token of request_wait()";
	if (v == RESTART && !redirected)
		return "but has called none of the functions request_redirect...()";
	if (v != RESTART && redirected)
		return "but has redirected the request";
	if ((v == DONE || (v == PASS && phase == PHASE_FILTER)) &&
	    (response->status < 200 || response->status > 999))
		return "but has set no status of a response";
	if (core->events & EVENT_NEW_BODY && phase != PHASE_FILTER &&
	    (v == PASS || v == ALLOW || v == RESTART))
		return "but has made a body";
	return NULL;
}

static verdict report_breach(struct request_core *core, const struct module *module, verdict v,
			     enum phase phase, const char *breach)
{
	const char *what_now = phase == PHASE_LOG ? "" : "; the response is a 500 instead";

	if (v >= PASS && v <= CLOSE)
		request_log(&core->pub, LEVEL_ALERT, 0,
			    "the module %s has returned %s in the phase %s, %s%s", module->name,
			    verdict_names[v], phase_names[phase], breach, what_now);
	else
		request_log(&core->pub, LEVEL_ALERT, 0,
			    "the module %s has returned %d in the phase %s, %s%s", module->name, v,
			    phase_names[phase], breach, what_now);
	wakeups_cancel(core);
	return BREACH;
}

/* Not inlined, because nearly all handlers only pass, and judge() is not called for those. */
static __attribute__((noinline)) verdict judge(struct request_core *core, verdict v,
					       const struct handler *handler, enum phase phase)
{
	const char *breach = breach_of(core, v, phase);

	core->events &= ~(unsigned)(EVENT_REDIRECTED | EVENT_TIMED_OUT | EVENT_ENTERED |
				    EVENT_ENTERED_WRONGLY | EVENT_NEW_BODY | EVENT_NEW_STATUS);
	if (breach)
		return report_breach(core, handler->module, v, phase, breach);
	if (phase == PHASE_FILTER && is_status(v))
		core->filter_failed = true;
	return core->events & EVENT_MATCH_FAILED ? refuse_failed_match(core, v) : v;
}

/*
 * Another body or status: the body gets its owner, and judge() looks at both. In LOG the body
 * that was sent stays the one that is closed with the request.
 */
static __attribute__((noinline)) void note_change(struct request_core *core,
						  const struct module *module, struct body *before,
						  enum phase phase)
{
	struct body *body = core->pub.response.body;

	core->events |= EVENT_NEW_STATUS;
	if (!body || body == before)
		return;
	core->events |= EVENT_NEW_BODY;
	body->module = module;
	if (phase == PHASE_LOG && before) {
		body_close(body);
		core->pub.response.body = before;
	}
}

/* `location` is the one whose settings the handler gets. */
static inline verdict call(struct request_core *core, const struct handler *handler,
			   enum phase phase, const struct http_location *location)
{
	struct response *response = &core->pub.response;
	struct body *body = response->body;
	int status = response->status;

	core->caller = handler->module;
	verdict v = handler->run(&core->pub, location->confs[handler->index]);
	core->caller = NULL;
	if (response->body != body || response->status != status)
		note_change(core, handler->module, body, phase);
	return v == PASS && core->events == 0 ? PASS : judge(core, v, handler, phase);
}

/* How many handlers of the list stand before or at the place of this module. */
static size_t handlers_up_to(const struct phase_handlers *list, size_t module)
{
	size_t count = 0;

	while (count < list->count && list->items[count].index <= module)
		count++;
	return count;
}

/*
 * Calls the handlers that are left in this phase until one has an opinion. Those of CONTENT
 * may be another location's than that of the request: request_enter().
 */
static verdict run_phase(struct request_core *core)
{
	const struct http_location *of_request = core->pub.location, *location = of_request;

	if (core->phase == PHASE_CONTENT && core->content)
		location = core->content;

	const struct phase_handlers *list = &location->pipeline->phases[core->phase];

	while (core->handler < list->count) {
		const struct handler *handler = &list->items[core->handler];
		verdict v = call(core, handler, core->phase, location);

		/* A redirect has set the phase and the handler with which the walk continues. */
		if (v == WAIT || v == RESTART)
			return v;
		core->handler++;
		if (core->pub.location != of_request) {
			location = of_request = core->pub.location;
			list = &location->pipeline->phases[core->phase];
			core->handler = handlers_up_to(list, handler->index);
		}
		if (v != PASS)
			return v;
	}
	return PASS;
}

/*
 * ACCESS: under `satisfy all` one refusal refuses. Under `satisfy any` one
 * ALLOW admits, and the first refusal counts only when nobody allows.
 */
static verdict ask_access(struct request_core *core)
{
	bool any = core->pub.location->core->satisfy == SATISFY_ANY;

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

/* As in nginx, a 401 waits for auth_delay, whoever has refused. */
static verdict run_access(struct request_core *core)
{
	int64_t delay_ms = core->pub.location->core->auth_delay.ms;

	if (core->pub.parent)
		return PASS;
	if (core->access_is_delayed) {
		core->access_is_delayed = false;
		core->events &= ~(unsigned)EVENT_TIMED_OUT;
		return 401;
	}

	verdict v = ask_access(core);

	if (v != 401 || delay_ms == 0)
		return v;
	core->access_is_delayed = true;
	return walk_delay(core, delay_ms);
}

/* Between SERVER_REWRITE and REWRITE. */
static verdict find_location(struct request_core *core)
{
	struct request *req = &core->pub;

	/* `OPTIONS *` asks about the server as a whole (RFC 9110 section 9.3.7). */
	if (req->method == METHOD_OPTIONS && !req->is_internal && str_eq(req->uri, STR("*"))) {
		response_set(req, STR("Allow"), STR("GET, HEAD"));
		req->response.status = 204;
		return DONE;
	}

	const struct http_location *location = request_find_location(req, req->server);

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
	enum method method = core->pub.method;
	bool is_trace_or_connect = method == METHOD_TRACE || method == METHOD_CONNECT;
	verdict v = PASS;

	if (core->phase == PHASE_POST_READ)
		v = is_trace_or_connect ? 405 : PASS;
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

/* The response is there: gives it the code that error_page has chosen, and begins FILTER. */
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

		if (v != PASS || core->phase == PHASE_FILTER)
			return v;
		v = leave_phase(core);
		if (v != PASS)
			return v;
	}
}

/*
 * A handler has broken the contract: nothing that modules have made is sent, and none is
 * asked any more, because the next one may do the same.
 */
static void give_up(struct request_core *core)
{
	response_reset(&core->pub);
	core->closing = false;
	error_page_built_in(&core->pub, 500);
}

/* Goes on from a verdict until the response is complete or somebody waits. */
static bool follow(struct request_core *core, verdict v)
{
	for (;;) {
		if (v == BREACH) {
			give_up(core);
			return true;
		}
		if (v >= 300)
			v = error_page_respond(&core->pub, v);
		core->events &= ~(unsigned)EVENT_REDIRECTED;
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
		call(request_core(req), &list->items[i], PHASE_LOG, req->location);
}
