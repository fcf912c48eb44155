/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Redirects inside the server: the request gets another URI or another location, and its
 * walk through the phases goes on at an earlier one. Its contexts of modules are forgotten;
 * variables and captures stay. With a block (block.h) the walk goes on where it is.
 */
#include <block.h>

#include "http/request/request_private.h"
#include "http/routing/routing.h"

/* Makes `uri`, normalized, the URI of the request. PASS, or the status to respond with. */
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
		core->events |= EVENT_REDIRECTED;
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
	core->access_is_delayed = false;
	core->pub.is_probe = false; /* its module says so again */
}

verdict redirect_to_uri(struct request *req, struct str uri, struct str args)
{
	struct request_core *core = request_core(req);
	verdict v = set_uri(req, uri);

	if (v != PASS)
		return v;
	req->args = args;
	req->is_internal = true;
	request_forget_contexts(core);
	request_set_location(req, req->server->top);
	walk_from(core, PHASE_SERVER_REWRITE);
	return count_redirect(core);
}

verdict redirect_to_named(struct request *req, struct str name)
{
	struct request_core *core = request_core(req);
	const struct http_location *location = location_find_named(req->server, name);

	if (!location) {
		request_log(req, LEVEL_ERROR, 0, "there is no location %.*s in this server",
			    STR_ARG(name));
		return 500;
	}
	req->is_internal = true;
	request_forget_contexts(core);
	request_set_location(req, location);
	walk_from(core, PHASE_REWRITE);
	return count_redirect(core);
}

/*
 * Only a handler can redirect, and only while the response is not there. PASS: go on; RESTART:
 * nothing is changed, and the walk reports the breach when the handler returns.
 */
static verdict check_caller(struct request_core *core)
{
	if (!core->caller) {
		request_log(&core->pub, LEVEL_ALERT, 0,
			    "a redirect while no handler ran: a defect of a module; nothing is "
			    "changed");
		return 500;
	}
	if (core->phase < PHASE_FILTER)
		return PASS;
	core->events |= EVENT_REDIRECTED;
	return RESTART;
}

verdict request_redirect(struct request *req, struct str uri, struct str args)
{
	verdict v = check_caller(request_core(req));

	return v == PASS ? redirect_to_uri(req, uri, args) : v;
}

verdict request_redirect_named(struct request *req, struct str name)
{
	verdict v = check_caller(request_core(req));

	return v == PASS ? redirect_to_named(req, name) : v;
}

verdict request_rewritten(struct request *req)
{
	struct request_core *core = request_core(req);
	verdict v = check_caller(core);

	if (v == PASS)
		v = set_uri(req, req->uri);
	if (v != PASS)
		return v;
	core->phase = PHASE_SERVER_REWRITE;
	core->handler = SIZE_MAX; /* no handler of the phase is called; the location is found */
	return count_redirect(core);
}

/* If it is a block: the location, or the server's level, around it and the blocks around it. */
static const struct http_location *around_blocks(const struct http_location *location)
{
	while (location->block_of)
		location = location->block_of;
	return location;
}

bool request_shares_location(struct request *req, struct str uri)
{
	struct captures none = { 0 };
	const struct http_location *location = location_find(req->server, uri, &none);

	return location && around_blocks(location) == around_blocks(req->location);
}

void request_enter(struct request *req, const struct http_location *block)
{
	struct request_core *core = request_core(req);
	const struct http_location *content = core->content;

	if (!core->caller) {
		request_log(
			req, LEVEL_ALERT, 0,
			"request_enter() was called while no handler ran: a defect of a module; "
			"the block is not entered");
		return;
	}
	if ((core->phase != PHASE_REWRITE && core->phase != PHASE_PREACCESS) ||
	    around_blocks(block) != around_blocks(req->location)) {
		core->events |= EVENT_ENTERED_WRONGLY;
		return;
	}
	request_set_location(req, block);
	if (!core->content)
		core->content = content;
	core->events |= EVENT_ENTERED;
}
