/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Matches of regular expressions for a request: what they capture becomes $1 … and the
 * named variables of the request, and an expression that was given up refuses it.
 */
#include <pattern.h>

#include "http/request/request_private.h"
#include "http/routing/routing.h"

static struct captures captures_of(struct request *req)
{
	return (struct captures){
		.pool = req->pool,
		.groups = req->captures,
		.count = req->captures_count,
		.room = request_core(req)->captures_room,
	};
}

static void report_failure(struct request *req, const struct captures *captures)
{
	char reason[128];
	struct str source = pattern_source(captures->failed);

	pattern_explain(captures->error, reason, sizeof(reason));
	if (!req) {
		log_alertx("matching \"%.*s\" was given up: %s", STR_ARG(source), reason);
		return;
	}
	request_core(req)->match_failed = true;
	request_log(req, LEVEL_ALERT, 0,
		    "matching \"%.*s\" was given up: %s; what it decides is answered with 500%s",
		    STR_ARG(source), reason,
		    pattern_is_limit(captures->error) ?
			    ", write it so that it has fewer ways to match" :
			    "");
}

static void keep_captures(struct request *req, const struct captures *captures)
{
	req->captures = captures->groups;
	req->captures_count = captures->count;
	request_core(req)->captures_room = captures->room;
	for (const struct named_capture *named = captures->named; named; named = named->next)
		variable_assign(req, named->variable, named->text);
	if (captures->failed)
		report_failure(req, captures);
}

enum match pattern_match(struct request *req, const struct pattern *pattern, struct str subject)
{
	struct captures captures = { 0 };

	if (req)
		captures = captures_of(req);

	enum match match = pattern_try(pattern, subject, &captures);

	if (req)
		keep_captures(req, &captures);
	else if (captures.failed)
		report_failure(NULL, &captures);
	return match;
}

const struct http_location *request_find_location(struct request *req,
						  const struct http_server *server)
{
	struct captures captures = captures_of(req);
	const struct http_location *location = location_find(server, req->uri, &captures);

	keep_captures(req, &captures);
	return location;
}

const struct http_server *request_find_server(struct request *req, const struct vhosts *vhosts)
{
	struct captures captures = captures_of(req);
	const struct http_server *server = vhosts_find(vhosts, req->host, &captures);

	keep_captures(req, &captures);
	return server;
}
