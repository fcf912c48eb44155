/* SPDX-License-Identifier: BSD-2-Clause */
/* A body filter whose length is not known before its end: `upper on;` gives capitals. */
#include <ctype.h>
#include <module.h>
#include <stdlib.h>

struct upper_conf {
	bool on;
};

static int upper_read(struct body *body, size_t max, struct slice *out)
{
	struct slice in;
	int result = body_read_memory(((struct body_filter *)body)->inner, max < 999 ? max : 999,
				      &in);

	if (result != 1)
		return result;
	char *bytes = malloc(in.len);
	for (size_t i = 0; i < in.len; i++)
		bytes[i] = (char)toupper((unsigned char)in.data[i]);
	*out = (struct slice){ .data = bytes, .len = in.len, .release = free, .owner = bytes };
	slice_release(&in);
	return 1;
}

static verdict upper_filter(struct request *req, const void *data)
{
	static const struct body_ops ops = { .read = upper_read, .close = body_filter_close };
	const struct upper_conf *conf = data;

	if (conf->on && req->response.body)
		body_wrap(req, pool_new(req->pool, struct body_filter), &ops, -1);
	return PASS;
}

const struct module upper_module = {
	.name = "upper",
	.summary = "answers in capitals",
	.conf_size = sizeof(struct upper_conf),
	.directives = (const struct directive[]) {
		DIRECTIVE("upper", IN_ANY_HTTP, struct upper_conf, on, "on | off", "Capitals."),
		{ 0 }
	},
	.on[PHASE_FILTER] = upper_filter,
};
