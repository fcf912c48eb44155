/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The commands. Which are there, what their parameters are, and where they may stand is in tables;
 * what they do is what nginx does.
 */
#include <stdlib.h>

#include "encode.h"
#include "expand.h"
#include "page.h"

enum { PARAMETERS = 5 }; /* that a command has at most */

/* A command while it is executed. */
struct call {
	struct page *page;
	const struct kind *kind;
	struct str values[PARAMETERS]; /* in the order of the table; data NULL: not given */
	struct pool *pool; /* ends with the call */
};

struct kind {
	const char *name;
	const char *(*run)(struct call *call); /* NULL, or what is wrong */
	const char *parameters[PARAMETERS + 1];
	unsigned mandatory; /* how many of the first ones must be given */
	enum condition needs; /* where in an `if` it may stand at the latest; or NO_CONDITION */
	bool ends_block;
};

/* What a document with a malformed or refused command shows, unless config has set another text. */
static const struct str default_errmsg =
	STR_INIT("[an error occurred while processing the directive]");

static const char *value_of(struct call *call, struct str text, bool is_path, struct str *out)
{
	return expand(call->page->req, call->page->shared, call->pool, text, is_path, out);
}

/* --- config, set, echo ----------------------------------------------------------- */

static const char *run_config(struct call *call)
{
	struct page *page = call->page;
	struct ssi_context *context = request_context(page->req, &ssi_module);

	if (call->values[0].data) {
		free(page->errmsg);
		page->errmsg = heap_alloc(call->values[0].len + 1);
		page->errmsg_len = call->values[0].len;
		str_put(page->errmsg, call->values[0]);
	}
	/* The same again takes no more memory. */
	if (call->values[1].data &&
	    !(context->timefmt.data && str_eq(context->timefmt, call->values[1])))
		context->timefmt = pool_strdup(page->req->pool, call->values[1]);
	return NULL;
}

static const char *run_set(struct call *call)
{
	struct str value;
	const char *problem = value_of(call, call->values[1], false, &value);

	if (problem)
		return problem;
	return shared_set(call->page->shared, call->values[0], value) ?
		       NULL :
		       "variables and blocks have become too large";
}

/* As in nginx, an unknown encoding is logged, and the last one stays. */
static void set_encoding(struct page *page, struct str name)
{
	if (str_eq(name, STR("none")))
		page->encoding = ENCODE_NOT;
	else if (str_eq(name, STR("url")))
		page->encoding = ENCODE_URL;
	else if (str_eq(name, STR("entity")))
		page->encoding = ENCODE_ENTITIES;
	else
		request_log(page->req, LEVEL_ERROR, 0,
			    "unknown encoding \"%.*s\" in the command echo of SSI", STR_ARG(name));
}

static const char *run_echo(struct call *call)
{
	struct page *page = call->page;
	struct str value;

	if (!ssi_variable(page->req, page->shared, call->values[0], &value))
		value = call->values[1].data ? call->values[1] : STR("(none)");
	if (str_empty(value))
		return NULL;
	if (call->values[2].data)
		set_encoding(page, call->values[2]);
	if (page->encoding == ENCODE_URL)
		encode_url(page, value);
	else if (page->encoding == ENCODE_ENTITIES)
		encode_entities(page, value);
	else
		page_add(page, value);
	return NULL;
}

/* --- if, elif, else, endif -------------------------------------------------------- */

/* The left side of an expression, which nginx turns into lower case, and what follows it. */
static struct str take_left(struct call *call, struct str *text)
{
	char *lower = pool_cstr(call->pool, *text);
	size_t len = 0;

	for (; len < text->len; len++) {
		char c = lower[len] = ascii_lower(text->data[len]);

		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && !strchr("${}_\"'", c))
			break;
		if (c == '\0')
			break;
	}
	*text = str_skip(*text, len);
	return (struct str){ lower, len };
}

static struct str skip_blanks(struct str text)
{
	while (str_starts(text, STR(" ")))
		text = str_skip(text, 1);
	return text;
}

/* Matches against "/expression/"; the captures become $0 to $9 and the named variables. */
static const char *match_expression(struct call *call, struct str left, struct str right,
				    bool *out)
{
	struct text_match match;
	enum match result;

	result = pattern_match_text(call->page->req, call->pool, right, left, &match);
	if (result == MATCH_FAILED)
		return "its expression was given up";
	*out = result == MATCH_YES;
	if (*out && !shared_capture(call->page->shared, left, &match))
		return "variables and blocks have become too large";
	return NULL;
}

static const char *compare(struct call *call, struct str left, struct str rest, bool *out)
{
	bool is_negated = str_starts(rest, STR("!=")), is_expression;
	const char *problem;
	struct str right;

	if (!is_negated && !str_starts(rest, STR("=")))
		return "its condition is not valid";
	rest = skip_blanks(str_skip(rest, is_negated ? 2 : 1));
	is_expression = rest.len > 1 && rest.data[0] == '/';
	if (is_expression && !str_ends(rest, STR("/")))
		return "the \"/\" behind its expression is missing";
	if (is_expression)
		rest = (struct str){ rest.data + 1, rest.len - 2 };
	else if (rest.len > 1 && str_starts(rest, STR("\\/")))
		rest = str_skip(rest, 1);
	problem = value_of(call, rest, false, &right);
	if (problem)
		return problem;
	*out = str_eq(left, right);
	problem = is_expression ? match_expression(call, left, right, out) : NULL;
	*out = *out != is_negated;
	return problem;
}

static const char *run_if(struct call *call)
{
	struct page *page = call->page;
	struct str rest = call->values[0], left;
	bool is_true = false;
	const char *problem;

	if (page->condition != NO_CONDITION && call->kind->needs == NO_CONDITION)
		return "it stands within another \"if\"";
	if (page->is_decided) {
		page->is_hidden = true;
		return NULL;
	}
	left = take_left(call, &rest);
	problem = value_of(call, left, false, &left);
	rest = skip_blanks(rest);
	if (!problem && str_empty(rest))
		is_true = !str_empty(left);
	else if (!problem)
		problem = compare(call, left, rest, &is_true);
	if (problem)
		return problem;
	page->is_hidden = !is_true;
	page->is_decided = is_true;
	page->condition = IN_IF_BRANCH;
	return NULL;
}

static const char *run_else(struct call *call)
{
	call->page->is_hidden = call->page->is_decided;
	call->page->condition = IN_ELSE_BRANCH;
	return NULL;
}

static const char *run_endif(struct call *call)
{
	call->page->is_hidden = call->page->is_decided = false;
	call->page->condition = NO_CONDITION;
	return NULL;
}

/* --- block, endblock ------------------------------------------------------------- */

static const char *run_block(struct call *call)
{
	struct page *page = call->page;

	page->is_hidden = page->in_block = true;
	page->block = shared_add_block(page->shared, call->values[0]);
	return page->block ? NULL : "variables and blocks have become too large";
}

static const char *run_endblock(struct call *call)
{
	call->page->is_hidden = call->page->in_block = false;
	call->page->block = NULL;
	return NULL;
}

static bool add_to_block(struct page *page, struct str text)
{
	return shared_add_to_block(page->shared, page->block, text);
}

/* A command in a block is a part of its text. */
static void keep_in_block(struct page *page, const struct command *command)
{
	bool is_kept = page->block && add_to_block(page, STR("<!--#")) &&
		       add_to_block(page, command->name);

	for (size_t i = 0; i < command->count && is_kept; i++)
		is_kept = add_to_block(page, STR(" ")) &&
			  add_to_block(page, command->parameters[i].name) &&
			  add_to_block(page, STR("=\"")) &&
			  add_to_block(page, command->parameters[i].value) &&
			  add_to_block(page, STR("\""));
	if (!is_kept || !add_to_block(page, STR(" -->")))
		page->block = NULL;
}

/* --- include --------------------------------------------------------------------- */

static bool is_unsafe(struct str path)
{
	if (str_empty(path) || str_chr(path, '\0') >= 0)
		return true;
	while (!str_empty(path))
		if (str_eq(str_split(&path, '/'), STR("..")))
			return true;
	return false;
}

/*
 * Makes the URI and the arguments of a subrequest from the value of a parameter, which is
 * percent-encoded like a URI.
 */
static const char *target_of(struct call *call, struct str text, struct include_options *options)
{
	struct str path, args;
	const char *problem = value_of(call, text, true, &args);

	if (problem)
		return problem;
	path = str_split(&args, '?');
	if (!uri_decode(call->pool, path, &options->uri) || is_unsafe(options->uri))
		return "its URI is not safe";
	options->args = args;
	return NULL;
}

enum { VIRTUAL, FILE_NAME, WAITS, SETS, STUB };

static const char *check_include(const struct str *values, bool *waits)
{
	bool has_virtual = values[VIRTUAL].data, has_file = values[FILE_NAME].data;

	if (has_virtual && has_file)
		return "it has both \"virtual\" and \"file\"";
	if (!has_virtual && !has_file)
		return "it has neither \"virtual\" nor \"file\"";
	if (values[SETS].data && values[STUB].data)
		return "\"set\" and \"stub\" cannot be used together";
	if (has_file && values[WAITS].data)
		return "\"wait\" cannot be used with \"file\"";
	*waits = has_file || values[SETS].data;
	if (!values[WAITS].data)
		return NULL;
	if (str_eq_nocase(values[WAITS], STR("yes")))
		*waits = true;
	else if (!str_eq_nocase(values[WAITS], STR("no")))
		return "the value of \"wait\" is not valid";
	return NULL;
}

/* The variable exists from now on, as in nginx: empty until the response is there. */
static const char *prepare_variable(struct call *call, struct str name)
{
	struct str value;

	if (shared_variable(call->page->shared, name, &value) ||
	    shared_set(call->page->shared, name, STR("")))
		return NULL;
	return "variables and blocks have become too large";
}

static const char *run_include(struct call *call)
{
	struct include_options options = { .variable = call->values[SETS] };
	struct page *page = call->page;
	const struct str *values = call->values;
	bool waits = false;
	const char *problem = check_include(values, &waits);

	if (!problem)
		problem = target_of(call,
				    values[VIRTUAL].data ? values[VIRTUAL] : values[FILE_NAME],
				    &options);
	if (!problem && values[STUB].data) {
		const struct named *block = shared_block(page->shared, values[STUB]);

		if (!block)
			return "there is no block with the name of its stub";
		options.stub = block->text.data ? block->text : STR("");
	}
	if (!problem && values[SETS].data)
		problem = prepare_variable(call, values[SETS]);
	if (problem)
		return problem;

	struct include *include = include_start(page, &options);

	if (!include)
		return "the subrequest was not started";
	page_add_include(page, include);
	page->must_wait = waits;
	return NULL;
}

/* --- which there are -------------------------------------------------------------- */

static const struct kind kinds[] = {
	{ "include", run_include, { "virtual", "file", "wait", "set", "stub" } },
	{ "echo", run_echo, { "var", "default", "encoding" }, .mandatory = 1 },
	{ "config", run_config, { "errmsg", "timefmt" } },
	{ "set", run_set, { "var", "value" }, .mandatory = 2 },
	{ "if", run_if, { "expr" }, .mandatory = 1 },
	{ "elif", run_if, { "expr" }, .mandatory = 1, .needs = IN_IF_BRANCH },
	{ "else", run_else, .needs = IN_IF_BRANCH },
	{ "endif", run_endif, .needs = IN_ELSE_BRANCH },
	{ "block", run_block, { "name" }, .mandatory = 1 },
	{ "endblock", run_endblock, .ends_block = true },
};

static const struct kind *find_kind(struct str name)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (str_eq(name, str_from(kinds[i].name)))
			return &kinds[i];
	return NULL;
}

/* Puts the values in the order of the table. NULL, or what is wrong. */
static const char *take_parameters(struct call *call, const struct command *command)
{
	const char *const *names = call->kind->parameters;

	if (command->count > PARAMETERS_MAX)
		return "it has too many parameters";
	for (size_t i = 0; i < command->count; i++) {
		const struct parameter *parameter = &command->parameters[i];
		size_t place = 0;

		while (names[place] && !str_eq(parameter->name, str_from(names[place])))
			place++;
		if (!names[place])
			return "it has a parameter that it cannot have";
		if (call->values[place].data)
			return "it has a parameter twice";
		call->values[place] = parameter->value;
	}
	for (unsigned i = 0; i < call->kind->mandatory; i++)
		if (!call->values[i].data)
			return "a parameter is missing";
	return NULL;
}

/* NULL, or what is wrong. */
static const char *run(struct call *call, const struct command *command)
{
	struct page *page = call->page;
	const struct kind *kind = find_kind(command->name);
	const char *problem;

	if (!kind)
		return page->is_hidden ? NULL : "there is no such command";
	if (page->is_hidden && !kind->ends_block) {
		if (page->in_block) {
			keep_in_block(page, command);
			return NULL;
		}
		if (kind->needs == NO_CONDITION)
			return NULL;
	}
	if (kind->needs != NO_CONDITION &&
	    (page->condition == NO_CONDITION || page->condition > kind->needs))
		return "it does not belong here";
	call->kind = kind;
	problem = take_parameters(call, command);
	return problem ? problem : kind->run(call);
}

void command_run(struct page *page, enum scanned scanned)
{
	const struct command *command = &page->scan.command;
	const char *problem = page->scan.problem;
	struct str errmsg = { page->errmsg, page->errmsg_len };

	if (scanned == SCAN_COMMAND) {
		struct call call = { .page = page, .pool = pool_create(0) };

		problem = run(&call, command);
		pool_destroy(call.pool);
	}
	if (!problem)
		return;
	request_log(page->req, LEVEL_ERROR, 0, "the command \"%.*s\" of SSI is refused: %s",
		    STR_ARG(command->name), problem);
	if (!page->conf->silent_errors)
		page_add(page, page->errmsg ? errmsg : default_errmsg);
}
