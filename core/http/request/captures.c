/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Matches of regular expressions for a request: what they capture becomes $1 … and the named
 * variables of the request. If a match is given up, the request is refused.
 */
#include <pattern.h>

#include "http/request/request_private.h"
#include "http/routing/routing.h"

static void report_failure(struct request *req, const struct captures *captures)
{
	char reason[128];
	struct str source = pattern_source(captures->failed);

	pattern_explain(captures->error, reason, sizeof(reason));
	if (!req) {
		log_alertx("matching \"%.*s\" was given up: %s", STR_ARG(source), reason);
		return;
	}
	request_core(req)->events |= EVENT_MATCH_FAILED;
	request_log(req, LEVEL_ALERT, 0,
		    "matching \"%.*s\" was given up: %s; what it decides is answered with 500%s",
		    STR_ARG(source), reason,
		    pattern_is_limit(captures->error) ?
			    ", write it so that it has fewer ways to match" :
			    "");
}

/* What the last matches have added to the captures of the request. */
static inline void keep_captures(struct request *req)
{
	struct captures *captures = &request_core(req)->captures;

	req->captures = captures->groups;
	req->captures_count = captures->count;
	for (; captures->named; captures->named = captures->named->next)
		variable_assign(req, captures->named->variable, captures->named->text);
	if (captures->failed)
		report_failure(req, captures);
	captures->failed = NULL;
}

enum match pattern_match(struct request *req, const struct pattern *pattern, struct str subject)
{
	if (!req)
		return pattern_test(NULL, pattern, subject);

	enum match match = pattern_try(pattern, subject, &request_core(req)->captures);

	keep_captures(req);
	return match;
}

enum match pattern_test(struct request *req, const struct pattern *pattern, struct str subject)
{
	struct captures none = { 0 };
	enum match match = pattern_try(pattern, subject, &none);

	if (none.failed)
		report_failure(req, &none);
	return match;
}

enum match pattern_match_text(struct request *req, struct pool *pool, struct str expression,
			      struct str subject, struct text_match *out)
{
	int error;
	enum match match = pattern_try_text(pool, expression, subject, out, &error);
	char reason[128] = "it is too long";

	if (match != MATCH_FAILED)
		return match;
	if (error)
		pattern_explain(error, reason, sizeof(reason));
	request_log(req, LEVEL_ERROR, 0, "matching \"%.*s\" was given up: %s",
		    STR_ARG(str_head(expression, 256)), reason);
	return MATCH_FAILED;
}

void pattern_forget(struct request *req)
{
	request_core(req)->captures.count = 0;
	req->captures_count = 0;
}

const struct http_location *request_find_location(struct request *req,
						  const struct http_server *server)
{
	const struct http_location *location =
		location_find(server, req->uri, &request_core(req)->captures);

	keep_captures(req);
	return location;
}

const struct http_server *request_find_server(struct request *req, const struct vhosts *vhosts)
{
	const struct http_server *server =
		vhosts_find(vhosts, req->host, &request_core(req)->captures);

	keep_captures(req);
	return server;
}

/* A name of server_name without an expression: "a.example", "*.a.example", ".a.example", "a.*". */
static bool name_fits(struct str name, struct str host)
{
	if (str_starts(name, STR("*.")))
		return host.len >= name.len && str_ends(host, str_skip(name, 1));
	if (str_starts(name, STR(".")))
		return str_eq(host, str_skip(name, 1)) ||
		       (host.len > name.len && str_ends(host, name));
	if (str_ends(name, STR(".*")))
		return host.len >= name.len && str_starts(host, str_head(name, name.len - 1));
	return !str_empty(name) && str_eq(name, host);
}

enum match request_is_for(struct request *req, struct str host)
{
	for (size_t i = 0; i < req->server->names_count; i++) {
		const struct server_name *name = &req->server->names[i];
		enum match match = name_fits(name->text, host) ? MATCH_YES : MATCH_NO;

		if (name->pattern)
			match = pattern_test(req, name->pattern, host);

		if (match != MATCH_NO)
			return match;
	}
	return MATCH_NO;
}
