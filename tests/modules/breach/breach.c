/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A module that breaks the contract of handlers: it returns what it is told to, in the
 * phase it is told to, after it has done what it is told to.
 *
 *     breach ACCESS 200;
 *     breach CONTENT DONE token;
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

struct breach_conf {
	int phase; /* 1 + enum phase; 0: none */
	verdict verdict;
	unsigned deeds;
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

static int set_breach(struct conf_call *call)
{
	struct breach_conf *conf = call->data;
	const struct conf_word *args = call->node->args;

	if (conf_parse_keyword(call, &args[0], phases, &conf->phase) < 0 ||
	    conf_parse_keyword(call, &args[1], verdicts, &conf->verdict) < 0)
		return -1;
	return call->node->nargs > 2 ? conf_parse_bits(call, &args[2], deeds, &conf->deeds) : 0;
}

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

static verdict breach_content(struct request *req, const void *conf)
{
	return breach(req, conf, PHASE_CONTENT);
}

static verdict breach_filter(struct request *req, const void *conf)
{
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
