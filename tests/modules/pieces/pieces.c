/* SPDX-License-Identifier: BSD-2-Clause */
/* Gives the next filter at most so many bytes at once: `pieces 1;` */
#include <module.h>

struct pieces {
	struct body_filter filter;
	struct size most; /* as configuration */
};

static int pieces_read(struct body *body, size_t max, struct slice *out)
{
	struct pieces *pieces = (struct pieces *)body;
	size_t most = (size_t)pieces->most.bytes;

	return body_read(pieces->filter.inner, max < most ? max : most, out);
}

static verdict pieces_filter(struct request *req, const void *data)
{
	static const struct body_ops ops = { .read = pieces_read, .close = body_filter_close };
	const struct pieces *conf = data;

	if (conf->most.bytes == 0 || !req->response.body)
		return PASS;
	body_wrap(req, pool_memdup(req->pool, conf, sizeof(*conf)), &ops,
		  req->response.body->length);
	return PASS;
}

const struct module pieces_module = {
	.name = "pieces",
	.summary = "gives bodies out in small pieces",
	.conf_size = sizeof(struct pieces),
	.directives = (const struct directive[]){ DIRECTIVE("pieces", IN_ANY_HTTP, struct pieces,
							    most, "size", "At most at once."),
						  { 0 } },
	.on[PHASE_FILTER] = pieces_filter,
};
