/* SPDX-License-Identifier: BSD-2-Clause */
/* A directive with a block, and a variable for each line of it: `block { apple red; }`
 * makes $block_apple. */
#include <module.h>

struct block_conf {
	const struct conf_node *lines;
};

static int set_block(struct conf_call *call)
{
	struct block_conf *conf = call->data;
	int result = 0;

	for (const struct conf_node *line = call->node->first; line; line = line->next)
		if (line->nargs != 1)
			result = conf_error(call, &line->name,
					    "one value is wanted\nas in \"%.*s red;\"",
					    STR_ARG(line->name.text));
	conf->lines = call->node->first;
	return result;
}

static bool get_block(struct request *req, struct str rest, const void *data, struct str *out)
{
	const struct block_conf *conf = data;

	(void)req;
	for (const struct conf_node *line = conf->lines; line; line = line->next)
		if (str_eq(line->name.text, rest)) {
			*out = line->args[0].text;
			return true;
		}
	return false;
}

const struct module block_module = {
	.name = "block",
	.summary = "names for values",
	.conf_size = sizeof(struct block_conf),
	.directives = (const struct directive[]) {
		DIRECTIVE_SET("block", IN_ANY_HTTP, set_block, "{ name value; ... }", "Names.",
			      FIELD_AT(struct block_conf, lines), .flags = LIST | RAW_BLOCK),
		{ 0 }
	},
	.variables = (const struct variable[]) {
		{ "block_", get_block, "What the line says.", VARIABLE_PREFIX },
		{ 0 }
	},
};
