/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A module that breaks the contract: it returns what it is told to, in the phase it is told
 * to, after it has done what it is told to; it makes bodies that do not keep their word, and
 * adds fields that it should not.
 *
 *     breach ACCESS 200;
 *     breach CONTENT DONE token;
 *     breach_body empty_slice;
 *     breach_field Content-Length 7;
 */
#include <module.h>

extern const struct module breach_module;

enum deed {
	DEED_TOKEN = 1, /* asks for a token of request_wait() and fires it */
	DEED_SECOND_TOKEN = 2, /* for one more */
	DEED_REDIRECT = 4, /* redirects to /secret/ */
	DEED_RESPOND = 8, /* fills in a response with status 200 */
	DEED_INFORM = 16, /* with status 100 */
};

enum body_kind {
	BODY_NONE,
	BODY_EMPTY_SLICE,
	BODY_LONG_SLICE,
	BODY_OF_NOTHING,
	BODY_SEVEN,
	BODY_FAR_BELOW,
	BODY_EXCESS,
	BODY_SHORT,
};

struct breach_conf {
	int phase; /* 1 + enum phase; 0: none */
	verdict verdict;
	unsigned deeds;
	int body;
	struct str field, value;
};

static const struct keyword phases[] = {
	{ "POST_READ", 1 + PHASE_POST_READ }, { "SERVER_REWRITE", 1 + PHASE_SERVER_REWRITE },
	{ "REWRITE", 1 + PHASE_REWRITE },     { "PREACCESS", 1 + PHASE_PREACCESS },
	{ "ACCESS", 1 + PHASE_ACCESS },	      { "PRECONTENT", 1 + PHASE_PRECONTENT },
	{ "CONTENT", 1 + PHASE_CONTENT },     { "FILTER", 1 + PHASE_FILTER },
	{ "LOG", 1 + PHASE_LOG },	      { NULL, 0 },
};

static const struct keyword verdicts[] = {
	{ "PASS", PASS }, { "ALLOW", ALLOW },	  { "DONE", DONE },
	{ "WAIT", WAIT }, { "RESTART", RESTART }, { "CLOSE", CLOSE },
	{ "-1", -1 },	  { "6", 6 },		  { "200", 200 },
	{ "302", 302 },	  { "403", 403 },	  { "404", 404 },
	{ "600", 600 },	  { NULL, 0 },
};

static const struct keyword deeds[] = {
	{ "token", DEED_TOKEN },	 { "second_token", DEED_SECOND_TOKEN },
	{ "redirect", DEED_REDIRECT },	 { "respond", DEED_RESPOND },
	{ "inform", DEED_INFORM },	 { "respond_token", DEED_RESPOND | DEED_TOKEN },
	{ "respond_redirect", DEED_RESPOND | DEED_REDIRECT },
	{ NULL, 0 },
};

static const struct keyword bodies[] = {
	{ "empty_slice", BODY_EMPTY_SLICE }, { "long_slice", BODY_LONG_SLICE },
	{ "of_nothing", BODY_OF_NOTHING },   { "seven", BODY_SEVEN },
	{ "far_below", BODY_FAR_BELOW },     { "excess", BODY_EXCESS },
	{ "short", BODY_SHORT },	     { NULL, 0 },
};

static int set_field(struct conf_call *call)
{
	struct breach_conf *conf = call->data;

	conf->field = call->node->args[0].text;
	conf->value = call->node->args[1].text;
	return 0;
}

static int set_breach(struct conf_call *call)
{
	struct breach_conf *conf = call->data;
	const struct conf_word *args = call->node->args;

	if (conf_parse_keyword(call, &args[0], phases, &conf->phase) < 0 ||
	    conf_parse_keyword(call, &args[1], verdicts, &conf->verdict) < 0)
		return -EINVAL;
	return call->node->nargs > 2 ? conf_parse_bits(call, &args[2], deeds, &conf->deeds) : 0;
}

/* --- bodies ------------------------------------------------------------------- */

struct bad_body {
	struct body body;
	enum body_kind kind;
	int reads;
};

/* The first slice is good; what comes then is not. */
static int bad_read(struct body *body, size_t max, struct slice *out)
{
	static char bytes[1 << 20];
	struct bad_body *bad = (struct bad_body *)body;

	*out = (struct slice){ .data = "good.", .len = 5, .fd = -1 };
	if (bad->reads++ == 0)
		return 1;
	switch (bad->kind) {
	case BODY_EMPTY_SLICE:
		out->len = 0;
		return 1;
	case BODY_LONG_SLICE:
		*out = (struct slice){ .data = bytes, .len = max + 1, .fd = -1 };
		return 1;
	case BODY_OF_NOTHING:
		*out = (struct slice){ .len = 5, .fd = -1 };
		return 1;
	case BODY_SEVEN:
		return 7;
	case BODY_FAR_BELOW:
		return -100000;
	case BODY_EXCESS:
		return bad->reads < 10;
	default:
		return 0;
	}
}

static void bad_close(struct body *body)
{
	(void)body;
}

static const struct body_ops bad_ops = { .read = bad_read, .close = bad_close };

static verdict respond_badly(struct request *req, enum body_kind kind)
{
	struct bad_body *bad = pool_new(req->pool, struct bad_body);
	bool has_length = kind == BODY_EXCESS || kind == BODY_SHORT;

	bad->body = (struct body){ .ops = &bad_ops, .length = has_length ? 7 : -1 };
	bad->kind = kind;
	req->response.status = 200;
	req->response.body = &bad->body;
	return DONE;
}

/* --- handlers ----------------------------------------------------------------- */

/* The token is fired on the next turn of the loop: the walk must be over with it by then. */
static void ask_for_token(struct request *req)
{
	wakeup_fire(request_wait(req, NULL, NULL));
}

static verdict breach(struct request *req, const void *data, enum phase phase)
{
	const struct breach_conf *conf = data;

	if (conf->phase != 1 + (int)phase)
		return PASS;
	if (conf->deeds & (DEED_TOKEN | DEED_SECOND_TOKEN))
		ask_for_token(req);
	if (conf->deeds & DEED_SECOND_TOKEN)
		ask_for_token(req);
	if (conf->deeds & DEED_REDIRECT)
		request_redirect(req, STR("/secret/"), STR(""));
	if (conf->deeds & DEED_RESPOND)
		respond_text(req, 200, STR("secret"));
	if (conf->deeds & DEED_INFORM)
		respond_text(req, 100, STR("secret"));
	return conf->verdict;
}

static verdict breach_post_read(struct request *req, const void *conf)
{
	return breach(req, conf, PHASE_POST_READ);
}

static verdict breach_server_rewrite(struct request *req, const void *conf)
{
	return breach(req, conf, PHASE_SERVER_REWRITE);
}

static verdict breach_rewrite(struct request *req, const void *conf)
{
	return breach(req, conf, PHASE_REWRITE);
}

static verdict breach_preaccess(struct request *req, const void *conf)
{
	return breach(req, conf, PHASE_PREACCESS);
}

static verdict breach_access(struct request *req, const void *conf)
{
	return breach(req, conf, PHASE_ACCESS);
}

static verdict breach_precontent(struct request *req, const void *conf)
{
	return breach(req, conf, PHASE_PRECONTENT);
}

static verdict breach_content(struct request *req, const void *data)
{
	const struct breach_conf *conf = data;

	if (conf->body != BODY_NONE)
		return respond_badly(req, conf->body);
	return breach(req, conf, PHASE_CONTENT);
}

static verdict breach_filter(struct request *req, const void *data)
{
	const struct breach_conf *conf = data;

	if (!str_empty(conf->field))
		response_add(req, conf->field, conf->value);
	return breach(req, conf, PHASE_FILTER);
}

static verdict breach_log(struct request *req, const void *conf)
{
	return breach(req, conf, PHASE_LOG);
}

const struct module breach_module = {
	.name = "breach",
	.summary = "breaks the contract of handlers",
	.conf_size = sizeof(struct breach_conf),
	.directives = (const struct directive[]) {
		DIRECTIVE_SET("breach", IN_SERVER | IN_LOCATION, set_breach,
			      "PHASE verdict [deed]", "Returns that verdict in that phase.",
			      .min_args = 2, .max_args = 3),
		DIRECTIVE("breach_body", IN_LOCATION, struct breach_conf, body, "kind",
			  "Responds with such a body.", .keywords = bodies),
		DIRECTIVE_SET("breach_field", IN_LOCATION, set_field, "name value",
			      "Adds that field to responses.", .min_args = 2),
		{ 0 }
	},
	.on = {
		[PHASE_POST_READ] = breach_post_read,
		[PHASE_SERVER_REWRITE] = breach_server_rewrite,
		[PHASE_REWRITE] = breach_rewrite,
		[PHASE_PREACCESS] = breach_preaccess,
		[PHASE_ACCESS] = breach_access,
		[PHASE_PRECONTENT] = breach_precontent,
		[PHASE_CONTENT] = breach_content,
		[PHASE_FILTER] = breach_filter,
		[PHASE_LOG] = breach_log,
	},
};
