/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A worker gone mad: `scribble BYTE;` fills its counters, which others read, with this
 * byte, as far as it can write there, then answers.
 */
#include <module.h>
#include <string.h>
#include <unistd.h>

struct scribble_conf {
	int64_t byte;
};

/* No header for modules offers it: a worker that writes where it must not has no manners. */
extern void *stats_mine;

static verdict scribble_content(struct request *req, const void *data)
{
	const struct scribble_conf *conf = data;

	if (!conf->byte)
		return PASS;
	memset(stats_mine, (int)conf->byte, (size_t)sysconf(_SC_PAGESIZE));
	return respond_text(req, 200, STR("done"));
}

const struct module scribble_module = {
	.name = "scribble",
	.summary = "writes over its counters, which others read",
	.conf_size = sizeof(struct scribble_conf),
	.directives = (const struct directive[]) {
		DIRECTIVE("scribble", IN_LOCATION, struct scribble_conf, byte, "byte",
			"Fills the counters with it.", .min = 0, .max = 255),
		{ 0 }
	},
	.on[PHASE_CONTENT] = scribble_content,
};
