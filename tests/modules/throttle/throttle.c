/* SPDX-License-Identifier: BSD-2-Clause */
/* Lets each request wait before it goes on: `throttle 50ms;` */
#include <module.h>

struct throttle_conf {
	struct duration pause;
};

static verdict throttle_preaccess(struct request *req, const void *data)
{
	const struct throttle_conf *conf = data;

	return request_timed_out(req) ? PASS : request_delay(req, conf->pause.ms);
}

const struct module throttle_module = {
	.name = "throttle",
	.summary = "lets each request wait",
	.conf_size = sizeof(struct throttle_conf),
	.directives = (const struct directive[]) {
		DIRECTIVE("throttle", IN_ANY_HTTP, struct throttle_conf, pause, "time",
			  "How long a request waits before it goes on."),
		{ 0 }
	},
	.on[PHASE_PREACCESS] = throttle_preaccess,
	.if_configured = true,
};
