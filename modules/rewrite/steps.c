/* SPDX-License-Identifier: BSD-2-Clause */
#include "steps.h"

#include "condition.h"

/*
 * How many bytes of text the steps may make for one request. Without a limit, "set $a $a$a" in a
 * location to which a rewrite returns would double the text each time.
 */
enum { WRITTEN_MAX = 1 << 20 };

int run_write(struct run *run, const struct template *template, unsigned rules, struct str *out)
{
	struct rewriting *rewriting = request_context(run->req, &rewrite_module);

	if (run->encodes)
		rules |= TEMPLATE_ENCODES;

	size_t left = WRITTEN_MAX - rewriting->written;
	int error = template_write(run->req, template, rules, left, out);

	if (error == -E2BIG)
		request_log(run->req, LEVEL_ERROR, 0,
			    "set, if and rewrite have made more than %d bytes of text for this "
			    "request: responding with 500",
			    WRITTEN_MAX);
	else
		rewriting->written += out->len;
	return error;
}

enum match run_match(struct run *run, const struct pattern *pattern, struct str source,
		     struct str subject)
{
	enum match match = pattern_match(run->req, pattern, subject);

	if (run->logs && match != MATCH_FAILED)
		request_log(run->req, LEVEL_NOTICE, 0, "\"%.*s\" %s \"%.*s\"", STR_ARG(source),
			    match == MATCH_YES ? "matches" : "does not match", STR_ARG(subject));
	if (match == MATCH_NO)
		pattern_forget(run->req);
	return match;
}

/* --- the steps ---------------------------------------------------------------- */

bool is_url(struct str text)
{
	return str_starts(text, STR("http://")) || str_starts(text, STR("https://")) ||
	       str_starts(text, STR("$scheme"));
}

static bool is_redirect(int status)
{
	return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

verdict take_return(struct run *run, const struct step *step)
{
	struct request *req = run->req;

	req->response.status = step->status; /* the text may contain $status */
	struct str text = step->text ? template_text(req, step->text) : STR("");

	if (is_redirect(step->status)) {
		req->response.location = text;
		req->response.location_names_host = step->names_host;
		return step->status;
	}
	/* An error without a text gets the usual error page, and error_page applies. */
	if (!step->text && step->status >= 400 && step->status <= 599)
		return step->status;
	return respond_bytes(req, step->status, STR(""), text);
}

verdict take_break(struct run *run, const struct step *step)
{
	(void)step;
	run->is_over = true;
	run->is_moved = false;
	return PASS;
}

verdict take_set(struct run *run, const struct step *step)
{
	struct str text;

	if (run_write(run, step->text, 0, &text) < 0)
		return 500;
	variable_assign(run->req, step->variable, text);
	return PASS;
}

static verdict take_from(struct run *run, const struct step *step)
{
	verdict v = PASS;

	for (; step && v == PASS && !run->is_over; step = step->next)
		v = step->take(run, step);
	return v;
}

const struct program *program_of(const struct http_location *block)
{
	return ((const struct rewrite_conf *)block_conf(block, &rewrite_module))->program;
}

/* The steps before this one have been taken, and must not be taken again. */
static verdict wait_at(struct run *run, const struct step *step)
{
	struct rewriting *rewriting = request_context(run->req, &rewrite_module);

	rewriting->waiting = step;
	rewriting->is_moved = run->is_moved;
	rewriting->encodes = run->encodes;
	return WAIT;
}

static const struct step *go_on(struct run *run, const struct step *first)
{
	struct rewriting *rewriting = request_context(run->req, &rewrite_module);
	const struct step *step = rewriting->waiting;

	if (!step)
		return first;
	run->is_moved = rewriting->is_moved;
	run->encodes = rewriting->encodes;
	rewriting->waiting = NULL;
	return step;
}

verdict take_if(struct run *run, const struct step *step)
{
	enum match match = condition_holds(run, step->condition);

	if (run->waits)
		return wait_at(run, step);
	if (match != MATCH_YES)
		return match == MATCH_NO ? PASS : 500;
	/* In a server, the block has no settings, and the location is not known yet. */
	if (!step->is_in_server)
		request_enter(run->req, step->block);
	const struct program *inner = program_of(step->block);

	return take_from(run, inner ? inner->first : NULL);
}

verdict program_run(struct request *req, const struct rewrite_conf *conf)
{
	struct run run = { .req = req, .logs = conf->rewrite_log, .encodes = true };
	const struct step *first = conf->program->first;
	verdict v = take_from(&run, conf->program->tests_files ? go_on(&run, first) : first);

	/* After the steps of a server the location is searched for in any case. */
	if (v == PASS && run.is_moved && conf->program->context != IN_SERVER)
		return request_rewritten(req);
	return v;
}
