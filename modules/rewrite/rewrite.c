/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Steps that run in the order of the file. The steps of a server run before the location is
 * searched for, the steps of a location afterwards.
 *
 *     return 301 https://www.example.org$request_uri;
 *     return 200 "Hello, $remote_addr\n";
 *     return 444;     # closes the connection
 *     rewrite ^/users/(\d+)$ /show?user=$1 last;
 *     set $lang en;
 *     if ($http_accept_language ~* ^de) { set $lang de; }
 *     if (-f $document_root/maintenance.html) { return 503; }
 *     break;          # no more steps
 *
 * The steps in a block of `if` run at the place of the block. In a location, the block is also a
 * nested location, whose settings apply if the condition is true (block.h).
 *
 *     rewrite.c       the directives
 *     steps.c         how a request runs through the steps
 *     condition.c     the conditions of `if`
 *     replacement.c   rewrite: the expression and the replacement of the URI
 */
#include "condition.h"
#include "replacement.h"
#include "steps.h"

static verdict rewrite_server(struct request *req, const void *data)
{
	const struct rewrite_conf *conf = data;

	return conf->program && conf->program->context == IN_SERVER ? program_run(req, conf) : PASS;
}

/*
 * If no location matches, the request has the settings of the server, whose steps have run already.
 */
static verdict rewrite_location(struct request *req, const void *data)
{
	const struct rewrite_conf *conf = data;

	return conf->program && conf->program->context != IN_SERVER ? program_run(req, conf) : PASS;
}

/* --- directives --------------------------------------------------------------- */

static int parse_status(struct conf_call *call, const struct conf_word *word, int *out)
{
	uint64_t status;

	if (str_to_u64(word->text, 999, &status) < 0 || status < 200)
		return conf_error(call, word,
				  "\"%.*s\" is not a status\nexpected 200 to 999, or a URL that "
				  "begins with http://, https:// or $scheme",
				  STR_ARG(word->text));
	*out = (int)status;
	return 0;
}

/* Adds a step after those that the block already has. */
static struct step *add_step(struct conf_call *call,
			     verdict (*take)(struct run *run, const struct step *step))
{
	struct rewrite_conf *conf = call->data;
	struct step *step = pool_new(call->pool, struct step);

	if (!conf->program) {
		conf->program = pool_new(call->pool, struct program);
		conf->program->context = call->context;
		conf->program->end = &conf->program->first;
	}
	if (conf->program->returns)
		conf_warn(call, NULL,
			  "\"%s\" is never reached: an earlier \"return\" in this block always "
			  "responds first",
			  call->directive->name);

	*conf->program->end = step;
	conf->program->end = &step->next;
	step->take = take;
	return step;
}

static int set_return(struct conf_call *call)
{
	const struct conf_node *node = call->node;
	struct step *step = add_step(call, take_return);
	const struct conf_word *text = node->nargs == 2 ? &node->args[1] : NULL;

	((struct rewrite_conf *)call->data)->program->returns = true;
	if (!text && is_url(node->args[0].text)) {
		step->status = 302;
		text = &node->args[0];
	} else if (parse_status(call, &node->args[0], &step->status) < 0) {
		return -EINVAL;
	}
	if (!text || (str_empty(text->text) && step->status >= 400))
		return 0;
	step->names_host = str_starts(text->text, STR("//"));
	return conf_parse_template(call, text, &step->text);
}

static int set_break(struct conf_call *call)
{
	add_step(call, take_break);
	return 0;
}

static int set_rewrite(struct conf_call *call)
{
	struct step *step = add_step(call, take_rewrite);

	return replacement_parse(call, &step->replacement);
}

static bool is_uninitialized(struct request *req, struct str rest, const void *data,
			     struct str *out)
{
	const struct rewrite_conf *conf = request_conf(req, &rewrite_module);
	const struct str *name = data;

	(void)rest;
	if (conf->uninitialized_variable_warn)
		request_log(req, LEVEL_WARN, 0, "using uninitialized \"%.*s\" variable",
			    STR_ARG(*name));
	*out = STR("");
	return true;
}

static int set_set(struct conf_call *call)
{
	const struct conf_word *args = call->node->args;
	const struct template *text;
	struct str name = str_skip(args[0].text, 1);

	if (!str_starts(args[0].text, STR("$")) || str_empty(name))
		return conf_error(call, &args[0],
				  "invalid variable name \"%.*s\"\nit begins with \"$\"",
				  STR_ARG(args[0].text));
	if (conf_parse_template(call, &args[1], &text) < 0)
		return -EINVAL;
	if (name.len == 1 && name.data[0] >= '1' && name.data[0] <= '9') {
		conf_warn(call, &args[0],
			  "this has no effect: \"%.*s\" is what an expression has captured\n"
			  "choose a name that begins with a letter",
			  STR_ARG(args[0].text));
		return 0;
	}

	struct step *step = add_step(call, take_set);

	step->text = text;
	step->variable = variable_settable(call, name);
	if (step->variable)
		return 0;

	struct str *kept = pool_new(call->pool, struct str);

	*kept = pool_strdup(call->pool, name);
	if (variable_define(call, name, is_uninitialized, kept,
			    VARIABLE_FALLBACK | VARIABLE_LISTED) < 0)
		return -EINVAL;
	variable_value_template(call, name, step->text);
	step->variable = variable_slot(call, name);
	return 0;
}

static bool is_step(struct str name)
{
	const struct directive *directive = rewrite_module.directives;

	while (directive->name && !str_eq(name, str_from(directive->name)))
		directive++;
	return directive->name;
}

/* Returns an earlier `if` of the block whose settings are lost when this one applies, or NULL. */
static const struct step *overruled(const struct program *program, const struct step *step)
{
	const struct step *found = NULL;

	for (const struct step *before = program->first; before != step; before = before->next) {
		const struct program *inner = before->block ? program_of(before->block) : NULL;

		if (before->has_settings && !(inner && inner->returns))
			found = before;
	}
	return found;
}

/* Warns about behaviour of `if`, taken over from nginx, that surprises people. */
static void warn_of_traps(struct conf_call *call, const struct step *step)
{
	const struct rewrite_conf *conf = call->data;
	const struct program *inner = program_of(step->block);
	const char *lost = conf_block_loses(call, step->block);

	if (inner && inner->returns)
		return;
	if (lost)
		conf_warn(call, NULL,
			  "\"%s\" of this location does not apply where this condition holds\n"
			  "as in nginx, the block of \"if\" does not inherit it: use \"return\" "
			  "in the block, or a variable defined by map",
			  lost);
	if (overruled(conf->program, step))
		conf_warn(call, NULL,
			  "where this condition holds, the settings in an earlier \"if\" of this "
			  "location do not apply\n"
			  "as in nginx, only the last block whose condition is true applies");
}

static int set_if(struct conf_call *call)
{
	struct step *step = add_step(call, take_if);

	step->is_in_server = call->context == IN_SERVER;
	if (condition_parse(call, &step->condition) < 0)
		return -EINVAL;
	if (condition_tests_file(step->condition))
		((struct rewrite_conf *)call->data)->program->tests_files = true;
	for (const struct conf_node *node = call->node->first; node; node = node->next)
		if (!is_step(node->name.text))
			step->has_settings = true;
	if (conf_block_open(call, step->is_in_server ? IN_SERVER_IF : IN_IF, &step->block) < 0)
		return -EINVAL;
	if (!step->is_in_server)
		warn_of_traps(call, step);
	return 0;
}

#define RETURN_DOC                                                                               \
	"Ends the request with this status, or with a redirect. With 301, 302, 303, 307 and " \
	"308 the second word is the target of the redirect. With other codes it is the body of " \
	"the response; the type of the body is that of the URI's extension, or default_type. A " \
	"URL alone gives a redirect with 302. 444 closes the connection without a response. A " \
	"status above 599, which HTTP does not define, has no error page.\n\n" \
	"    return 301 https://www.example.org$request_uri;"

#define REWRITE_DOC                                                                              \
	"If the expression matches the URI (decoded, without arguments), the replacement " \
	"becomes the new URI, or the target of a redirect. $1 to $9 and named groups in it " \
	"stand for the captures of the expression. The arguments of the request are appended to " \
	"those of the replacement, unless the replacement ends in \"?\".\n\n" \
	"Without a flag, the next directives of the module run with the new URI, and its " \
	"location is searched for after the last of them. With `last`, the location is " \
	"searched for at once. With `break`, the request stays in this location. With " \
	"`redirect` (302) or `permanent` (301), the client is redirected to the replacement. A " \
	"replacement that begins with http://, https:// or $scheme also redirects the client. " \
	"If one request needs more than ten such searches, the response is a 500.\n\n" \
	"    rewrite ^/users/(\\d+)$ /show?user=$1 last;\n" \
	"    rewrite ^/old/(.*)$ /new/$1 permanent;\n\n" \
	"rewrite, set and if may make at most 1 MiB of text for one request. If they make " \
	"more, for example if set extends its own value in a loop of rewrites, the response is " \
	"a 500."

#define SET_DOC                                                                                  \
	"Sets the variable to a value, which may contain variables. The variable is empty " \
	"until it is set. Of the built-in variables, $args, $limit_rate, $uid_reset, " \
	"$invalid_referer, $modern_browser, $ancient_browser and $msie can be set. return, " \
	"rewrite, set, if and break run in the order of the file. Those of the server run " \
	"before the location is searched for, those of the location afterwards.\n\n" \
	"    set $site $host;"

#define IF_DOC                                                                                   \
	"Applies the block if the condition is true. The condition is one of these. ($name): " \
	"the value is neither empty nor \"0\". ($name = text), ($name != text): the value is " \
	"equal, or not equal, to the text. ($name ~ expression): the expression matches the " \
	"value; ~* ignores case, and !~ and !~* are the negations. The captures of the " \
	"expression can be used in the block. (-f path): there is a file at this path; -d " \
	"tests for a directory, -e for either of them, -x for an executable file or directory, " \
	"and !-f and so on are the negations. The path may lie outside of all roots, and the " \
	"workers need no permission to read it.\n\n" \
	"    if (-f $document_root/maintenance.html) { return 503; }\n\n" \
	"return, rewrite, set and break in the block run at the place of the block. In a " \
	"location, the block may also contain settings (root, add_header, expires, error_page, " \
	"access_log …). It inherits all other settings of the location except try_files. If " \
	"several conditions are true, only the settings of the last block apply. All of this " \
	"is as in nginx. `skua -t` warns about blocks that probably do not do what was " \
	"intended."

#define BREAK_DOC                                                                                \
	"Stops return, rewrite, set and if of this server or location, also if it stands in " \
	"the block of an if. The request stays in this location, even if an earlier rewrite " \
	"has changed its URI.\n\n" \
	"    if ($arg_plain) { break; }"

#define REWRITE_LOG_DOC                                                                          \
	"With on, the error log says, at level notice, which expressions of rewrite and if " \
	"match, and which URI replaces another. The setting of the server or location applies, " \
	"not one in the block of an if.\n\n" \
	"    rewrite_log on;"

#define WARN_DOC                                                                                 \
	"With on, the error log gets a warning when a variable is used before `set` has given " \
	"it a value. In this case the value is empty.\n\n" \
	"    uninitialized_variable_warn off;"

enum { IN_STEPS = IN_SERVER | IN_SERVER_IF | IN_LOCATION | IN_IF };

/* A directive that adds a step to its block. */
#define STEP(name_, contexts_, set_, syntax_, doc_, ...)                             \
	DIRECTIVE_SET(name_, contexts_, set_, syntax_, doc_,                         \
		      FIELD_AT(struct rewrite_conf, program), __VA_ARGS__)

const struct module rewrite_module = {
	.name = "rewrite",
	.summary = "rewrites URIs, redirects, and has conditions: rewrite, return, set, if, break",
	.conf_size = sizeof(struct rewrite_conf),
	.context_size = sizeof(struct rewriting),
	.directives = (const struct directive[]) {
		STEP("return", IN_STEPS, set_return, "code [text] | code URL | URL", RETURN_DOC,
		     .flags = LOCAL | REPEAT | ORDERED, .min_args = 1, .max_args = 2),
		STEP("rewrite", IN_STEPS, set_rewrite,
		     "expression replacement [last | break | redirect | permanent]", REWRITE_DOC,
		     .flags = LOCAL | REPEAT | ORDERED, .min_args = 2, .max_args = 3),
		STEP("set", IN_STEPS, set_set, "$variable value", SET_DOC,
		     .flags = LOCAL | REPEAT | ORDERED, .min_args = 2),
		STEP("break", IN_STEPS, set_break, "", BREAK_DOC,
		     .flags = LOCAL | REPEAT | ORDERED),
		STEP("if", IN_SERVER | IN_LOCATION, set_if, "(condition) { ... }", IF_DOC,
		     .flags = LOCAL | REPEAT | ORDERED | BLOCK, .min_args = 1,
		     .max_args = MANY_ARGS),
		DIRECTIVE("rewrite_log", IN_HTTP | IN_STEPS, struct rewrite_conf, rewrite_log,
			  "on | off", REWRITE_LOG_DOC, .initial = "off"),
		DIRECTIVE("uninitialized_variable_warn", IN_HTTP | IN_STEPS, struct rewrite_conf,
			  uninitialized_variable_warn, "on | off", WARN_DOC, .initial = "on"),
		{ 0 }
	},
	.on[PHASE_SERVER_REWRITE] = rewrite_server,
	.on[PHASE_REWRITE] = rewrite_location,
	.if_configured = true,
};
