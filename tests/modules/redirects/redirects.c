/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Redirects from a file: `redirects moved.txt;`. A line of it is an old path, a new place
 * and perhaps a status, which is 301 otherwise:
 *
 *     /old/page.html  /new/page.html
 *     /shop           https://shop.example.org/  302
 */
#include <module.h>

struct redirects_conf {
	struct hash_table *targets; /* by path */
};

struct target {
	struct str place;
	int64_t status;
};

static int add_line(struct conf_call *call, const struct conf_node *line,
		    struct hash_table *targets)
{
	struct target *target = pool_new(call->pool, struct target);

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
	struct redirects_conf *conf = call->data;
	const struct conf_node *line;
	int error = conf_read_lines(call, &call->node->args[0], &line);

	conf->targets = pool_new(call->pool, struct hash_table);
	conf->targets->pool = call->pool;
	for (; line; line = line->next)
		if (add_line(call, line, conf->targets) < 0)
			error = -EINVAL;
	return error;
}

static verdict redirects_rewrite(struct request *req, const void *data)
{
	const struct redirects_conf *conf = data;
	const struct target *target = conf->targets ? hash_get(conf->targets, req->uri) : NULL;

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
