/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Responds to those who ask whether the server lives, and whether it is ready for requests:
 * balancers, container engines, Kubernetes.
 *
 *     location = /livez  { health; }
 *     location = /readyz { readiness; }
 */
#include <module.h>

enum kind { NONE, HEALTH, READINESS };

struct health_conf {
	int kind;
};

static int set_kind(struct conf_call *call, int kind)
{
	struct health_conf *conf = call->data;

	if (conf->kind != NONE && conf->kind != kind)
		return conf_error(call, NULL, "a location cannot have both health and readiness");
	conf->kind = kind;
	return 0;
}

static int set_health(struct conf_call *call)
{
	return set_kind(call, HEALTH);
}

static int set_readiness(struct conf_call *call)
{
	return set_kind(call, READINESS);
}

/* Limits and logs come later. */
static verdict health_rewrite(struct request *req, const void *data)
{
	const struct health_conf *conf = data;

	if (conf->kind != NONE)
		req->is_probe = true;
	return PASS;
}

static verdict health_content(struct request *req, const void *data)
{
	const struct health_conf *conf = data;

	if (conf->kind == NONE)
		return PASS;

	verdict refused = request_only_reads(req);

	if (refused != PASS)
		return refused;
	response_set(req, STR("Cache-Control"), STR("no-store"));
	if (conf->kind == READINESS && server_is_draining())
		return respond_text(req, 503, STR("draining\n"));
	return respond_text(req, 200, STR("ok\n"));
}

const struct module health_module = {
	.name = "health",
	.summary = "responds to checks whether the server lives and is ready",
	.conf_size = sizeof(struct health_conf),
	.directives = (const struct directive[]) {
		DIRECTIVE_SET("health", IN_LOCATION, set_health, "",
			      "Responds with 200 as long as a worker can respond: the check of "
			      "liveness. Such requests are not written to the access log, and "
			      "limit_req and limit_conn do not apply to them; allow and deny do."
			      "\n\n"
			      "    location = /livez { health; }",
			      FIELD_AT(struct health_conf, kind), .flags = LOCAL,
			      .min_args = 0, .max_args = 0),
		DIRECTIVE_SET("readiness", IN_LOCATION, set_readiness, "",
			      "Responds with 200 while the server takes new work, and with 503 as "
			      "soon as it was told to quit: the check of readiness. With "
			      "drain_delay the server still accepts connections for a while then, "
			      "so that a balancer can leave it without a failed request. Otherwise "
			      "it is as health. A reload and an upgrade change nothing: the server "
			      "stays ready.\n\n"
			      "    location = /readyz { readiness; }",
			      FIELD_AT(struct health_conf, kind), .flags = LOCAL,
			      .min_args = 0, .max_args = 0),
		{ 0 }
	},
	.on[PHASE_REWRITE] = health_rewrite,
	.on[PHASE_CONTENT] = health_content,
	.if_configured = true,
};
