/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Looks at the path by a regular expression, and takes "nobody knows" for "no": as a
 * variable (`guess $name expression;`: "yes", or no value), and in ACCESS (`shut
 * expression;`: 403).
 */
#include <module.h>

struct guess_conf {
	const struct pattern *shut;
};

static bool get_guess(struct request *req, struct str rest, const void *data, struct str *out)
{
	(void)rest;
	*out = STR("yes");
	return pattern_match(req, data, req->uri) == MATCH_YES;
}

static int set_guess(struct conf_call *call)
{
	const struct conf_word *args = call->node->args;
	const struct pattern *pattern = pattern_compile(call, &args[1], 0, false);

	return pattern ? variable_define(call, str_skip(args[0].text, 1), get_guess, pattern, 0) :
			 -1;
}

static int set_shut(struct conf_call *call)
{
	struct guess_conf *conf = call->data;

	conf->shut = pattern_compile(call, &call->node->args[0], 0, false);
	return conf->shut ? 0 : -1;
}

static verdict guess_access(struct request *req, const void *data)
{
	const struct guess_conf *conf = data;

	return pattern_match(req, conf->shut, req->uri) == MATCH_YES ? 403 : PASS;
}

const struct module guess_module = {
	.name = "guess",
	.summary = "overlooks that an expression was given up",
	.conf_size = sizeof(struct guess_conf),
	.directives = (const struct directive[]) {
		DIRECTIVE_SET("guess", IN_HTTP | IN_SERVER, set_guess, "$name expression",
			      "Whether the path matches.", .flags = REPEAT, .min_args = 2),
		DIRECTIVE_SET("shut", IN_ANY_HTTP, set_shut, "expression",
			      "Paths that are forbidden.", .min_args = 1),
		{ 0 }
	},
	.on[PHASE_ACCESS] = guess_access,
	.if_configured = true,
};
