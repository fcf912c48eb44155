/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Redirects from a file, which may change while the server runs: `redirects moved.txt;`. A line of
 * it is an old path, a new place
 * and perhaps a status, which is 301 otherwise:
 *
 *     /old/page.html  /new/page.html
 *     /shop           https://shop.example.org/  302
 */
#include <module.h>

struct redirects_conf {
	struct lines *lines; /* NULL: there is no list */
};

struct target {
	struct str place;
	int64_t status;
};

/* The form of the file is a table of the targets by their paths. */
static int add_line(struct conf_call *call, const struct conf_node *line, void *form)
{
	struct hash_table *targets = form;
	struct target *target = pool_new(call->pool, struct target);

	targets->pool = call->pool;
	if (!str_starts(line->name.text, STR("/")))
		return conf_error(call, &line->name, "expected a path that begins with \"/\"");
	if (line->nargs < 1 || line->nargs > 2)
		return conf_error(call, &line->name, "expected: path target [status]");
	target->place = line->args[0].text;
	target->status = 301;
	if (line->nargs == 2 && conf_parse_int(call, &line->args[1], 301, 308, &target->status) < 0)
		return -EINVAL;
	if (hash_put(targets, line->name.text, target))
		return conf_error(call, &line->name, "this path is in the list already");
	return 0;
}

static int set_redirects(struct conf_call *call)
{
	static const struct lines_kind kind = { sizeof(struct hash_table), add_line };
	struct redirects_conf *conf = call->data;

	return conf_lines(call, &call->node->args[0], &kind, &conf->lines);
}

static verdict redirects_rewrite(struct request *req, const void *data)
{
	const struct redirects_conf *conf = data;
	const void *targets;

	if (!conf->lines)
		return PASS;
	if (lines_form(req, conf->lines, &targets) == WAIT)
		return WAIT;

	const struct target *target = hash_get(targets, req->uri);

	if (!target)
		return PASS;
	req->response.location = target->place;
	return (verdict)target->status;
}

const struct module redirects_module = {
	.name = "redirects",
	.summary = "redirects by a list in a file",
	.conf_size = sizeof(struct redirects_conf),
	.directives =
		(const struct directive[]){
			DIRECTIVE_SET("redirects", IN_ANY_HTTP, set_redirects, "file",
				      "Redirects the paths that the file lists.", .min_args = 1),
			{ 0 } },
	.on[PHASE_SERVER_REWRITE] = redirects_rewrite,
	.if_configured = true,
};
