/* SPDX-License-Identifier: BSD-2-Clause */
/* A directive with a block, and a variable for each line of it: `block { apple red; }`
 * makes $block_apple. */
#include <module.h>

/* The texts of words live as long as the configuration, but the nodes that have them do not. */
struct value {
	struct str name, text;
	struct value *next;
};

struct block_conf {
	const struct value *first; /* the last line of the block */
};

static int set_block(struct conf_call *call)
{
	struct block_conf *conf = call->data;
	struct value *first = NULL;
	int result = 0;

	for (const struct conf_node *line = call->node->first; line; line = line->next) {
		struct value *value = pool_new(call->pool, struct value);

		if (line->nargs != 1) {
			result = conf_error(call, &line->name,
					    "one value is wanted\nas in \"%.*s red;\"",
					    STR_ARG(line->name.text));
			continue;
		}
		*value = (struct value){ line->name.text, line->args[0].text, first };
		first = value;
	}
	conf->first = first;
	return result;
}

static bool get_block(struct request *req, struct str rest, const void *data, struct str *out)
{
	const struct block_conf *conf = data;

	(void)req;
	for (const struct value *value = conf->first; value; value = value->next)
		if (str_eq(value->name, rest)) {
			*out = value->text;
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
			      FIELD_AT(struct block_conf, first), .flags = LIST | RAW_BLOCK),
		{ 0 }
	},
	.variables = (const struct variable[]) {
		{ "block_", get_block, "What the line says.", VARIABLE_PREFIX },
		{ 0 }
	},
};
