/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A block of a module's own: its settings hold where a text with variables is neither empty
 * nor "0". The first word is the phase in which it is entered; a third word says how the
 * module breaks the contract.
 *
 *     when REWRITE $arg_a { root other; }
 *     when CONTENT $arg_a { }
 *     when REWRITE $arg_a wait { }
 */
#include <module.h>

extern const struct module when_module;

struct when {
	int phase;
	const struct template *condition;
	bool waits; /* with WAIT */
	bool is_foreign; /* enters the first block of the configuration */
	const struct http_location *block;
	struct when *next; /* of the same location */
};

struct when_conf {
	struct when *list;
};

static const struct http_location *first_block;

static const struct keyword phases[] = {
	{ "POST_READ", PHASE_POST_READ }, { "SERVER_REWRITE", PHASE_SERVER_REWRITE },
	{ "REWRITE", PHASE_REWRITE },	  { "PREACCESS", PHASE_PREACCESS },
	{ "ACCESS", PHASE_ACCESS },	  { "PRECONTENT", PHASE_PRECONTENT },
	{ "CONTENT", PHASE_CONTENT },	  { "FILTER", PHASE_FILTER },
	{ "LOG", PHASE_LOG },		  { 0 }
};

static verdict when_run(struct request *req, const void *data, int phase)
{
	const struct when_conf *conf = data;

	for (const struct when *when = conf->list; when; when = when->next) {
		if (when->phase != phase || !template_is_true(req, when->condition))
			continue;
		request_enter(req, when->is_foreign ? first_block : when->block);
		if (when->waits)
			return request_delay(req, 1);
	}
	return PASS;
}

#define HANDLER(name_, phase_)                                              \
	static verdict when_##name_(struct request *req, const void *data) \
	{                                                                   \
		return when_run(req, data, phase_);                         \
	}

HANDLER(post_read, PHASE_POST_READ)
HANDLER(server_rewrite, PHASE_SERVER_REWRITE)
HANDLER(rewrite, PHASE_REWRITE)
HANDLER(preaccess, PHASE_PREACCESS)
HANDLER(access, PHASE_ACCESS)
HANDLER(precontent, PHASE_PRECONTENT)
HANDLER(content, PHASE_CONTENT)
HANDLER(filter, PHASE_FILTER)
HANDLER(log, PHASE_LOG)

static int set_when(struct conf_call *call)
{
	struct when_conf *conf = call->data;
	const struct conf_node *node = call->node;
	struct when *when = pool_new(call->pool, struct when);

	if (conf_parse_keyword(call, &node->args[0], phases, &when->phase) < 0 ||
	    conf_parse_template(call, &node->args[1], &when->condition) < 0)
		return -EINVAL;
	when->waits = node->nargs == 3 && conf_word_is(&node->args[2], "wait");
	when->is_foreign = node->nargs == 3 && conf_word_is(&node->args[2], "foreign");

	struct when **end = &conf->list;

	while (*end)
		end = &(*end)->next;
	*end = when;

	int error = conf_block_open(call, IN_LOCATION, &when->block);

	if (!first_block)
		first_block = when->block;
	return error;
}

const struct module when_module = {
	.name = "when",
	.summary = "settings for some requests of a location",
	.conf_size = sizeof(struct when_conf),
	.directives = (const struct directive[]) {
		DIRECTIVE_SET("when", IN_HTTP | IN_SERVER | IN_LOCATION, set_when,
			      "phase text [wait | foreign] { ... }",
			      "Settings where the text is neither empty nor 0.",
			      FIELD_AT(struct when_conf, list), .flags = LOCAL | REPEAT | BLOCK,
			      .min_args = 2, .max_args = 3),
		{ 0 }
	},
	.on = {
		[PHASE_POST_READ] = when_post_read,
		[PHASE_SERVER_REWRITE] = when_server_rewrite,
		[PHASE_REWRITE] = when_rewrite,
		[PHASE_PREACCESS] = when_preaccess,
		[PHASE_ACCESS] = when_access,
		[PHASE_PRECONTENT] = when_precontent,
		[PHASE_CONTENT] = when_content,
		[PHASE_FILTER] = when_filter,
		[PHASE_LOG] = when_log,
	},
	.if_configured = true,
};
