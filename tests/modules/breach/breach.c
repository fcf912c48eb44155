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
	DEED_STATUS = 32, /* makes the status of the response 100 */
	DEED_HEAD_ONLY = 64, /* claims that the request was a HEAD */
	DEED_ZERO = 128, /* zeroes the response, then adds fields */
	DEED_OWN_FIELDS = 256, /* puts fields of the server into the list itself */
	DEED_FIRE_TWICE = 512, /* takes a token and fires it twice */
	DEED_LONG_WAIT = 1024, /* waits for longer than there is time, and fires */
	DEED_REDIRECT_LATE = 2048, /* redirects when the handler has returned */
	DEED_BODY = 4096, /* sets a body */
};

enum body_kind {
	BODY_NONE,
	BODY_EMPTY_SLICE,
	BODY_LONG_SLICE,
	BODY_OF_NOTHING,
	BODY_SEVEN,
	BODY_FAR_BELOW,
	BODY_EXCESS,
	BODY_EXCESS_AT_END,
	BODY_EXCESS_OF_NONE,
	BODY_EXCESS_OF_MEMORY,
	BODY_SHORT,
	BODY_UNSET,
	BODY_GROWS,
	BODY_READY,
	BODY_WAITS_IN_CLOSE,
	BODY_READY_IN_CLOSE,
	BODY_VANISHES,
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
	{ "status", DEED_STATUS },	 { "head_only", DEED_HEAD_ONLY },
	{ "zero", DEED_ZERO },		 { "own_fields", DEED_OWN_FIELDS },
	{ "fire_twice", DEED_FIRE_TWICE }, { "long_wait", DEED_LONG_WAIT },
	{ "redirect_late", DEED_REDIRECT_LATE }, { "body", DEED_BODY },
	{ NULL, 0 },
};

static const struct keyword bodies[] = {
	{ "empty_slice", BODY_EMPTY_SLICE }, { "long_slice", BODY_LONG_SLICE },
	{ "of_nothing", BODY_OF_NOTHING },   { "seven", BODY_SEVEN },
	{ "far_below", BODY_FAR_BELOW },     { "excess", BODY_EXCESS },
	{ "excess_at_end", BODY_EXCESS_AT_END },
	{ "excess_of_none", BODY_EXCESS_OF_NONE },
	{ "excess_of_memory", BODY_EXCESS_OF_MEMORY },
	{ "short", BODY_SHORT },	     { "unset", BODY_UNSET },
	{ "grows", BODY_GROWS },	     { "ready", BODY_READY },
	{ "waits_in_close", BODY_WAITS_IN_CLOSE },
	{ "ready_in_close", BODY_READY_IN_CLOSE },
	{ "vanishes", BODY_VANISHES },	     { NULL, 0 },
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
	struct request *req;
	enum body_kind kind;
	int reads;
};

/* The first slice is good; what comes then is not. */
static int bad_read(struct body *body, size_t max, struct slice *out)
{
	static char bytes[1 << 20];
	struct bad_body *bad = (struct bad_body *)body;

	if (bad->kind == BODY_UNSET && bad->reads > 0)
		return 1;
	*out = (struct slice){ .data = "good.", .len = max < 5 ? max : 5, .fd = -1 };
	if (bad->reads++ == 0)
		return 1;
	out->len = 5;
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
	case BODY_EXCESS_AT_END:
	case BODY_EXCESS_OF_NONE:
		out->len = max < 5 ? max : 5;
		return bad->reads < 10;
	case BODY_GROWS: /* what the client has been told stays */
		body->length = 50;
		return bad->reads <= 10;
	case BODY_READY:
		body_ready(body);
		return -EAGAIN;
	case BODY_VANISHES:
		bad->req->response.body = NULL;
		return bad->reads < 4 ? 1 : -EIO;
	default:
		return 0;
	}
}

static void fire(void *wakeup)
{
	wakeup_fire(wakeup);
}

/* The token is fired when the request is gone. */
static void bad_close(struct body *body)
{
	struct bad_body *bad = (struct bad_body *)body;

	if (bad->kind == BODY_READY_IN_CLOSE)
		body_ready(body);
	if (bad->kind != BODY_WAITS_IN_CLOSE)
		return;

	static struct timer timer;

	timer.expired = fire;
	timer.data = body_wait(bad->req, body);
	timer_start(&timer, 1);
}

static const struct body_ops bad_ops = { .read = bad_read, .close = bad_close };

/* "at_end": a slice ends where the length does, and more follow. */
static int64_t length_of(enum body_kind kind)
{
	switch (kind) {
	case BODY_EXCESS:
	case BODY_SHORT:
	case BODY_GROWS:
		return 7;
	case BODY_EXCESS_AT_END:
	case BODY_EXCESS_OF_MEMORY:
		return 5;
	case BODY_EXCESS_OF_NONE:
		return 0;
	default:
		return -1;
	}
}

static verdict respond_badly(struct request *req, enum body_kind kind)
{
	struct bad_body *bad = pool_new(req->pool, struct bad_body);

	bad->body = (struct body){ .ops = &bad_ops, .length = length_of(kind) };
	bad->kind = kind;
	bad->req = req;
	req->response.status = 200;
	req->response.body = &bad->body;
	if (kind == BODY_EXCESS_OF_MEMORY) {
		req->response.body = body_from_memory(req, STR("good.good."));
		req->response.body->length = length_of(kind);
	}
	return DONE;
}

/* --- handlers ----------------------------------------------------------------- */

/* The token is fired on the next turn of the loop: the walk must be over with it by then. */
static void ask_for_token(struct request *req)
{
	wakeup_fire(request_wait(req, NULL, NULL));
}

static void zero_response(struct request *req)
{
	req->response = (struct response){ .status = 200, .last_modified = -1 };
	response_add(req, STR("X-One"), STR("1"));
	response_add(req, STR("X-Two"), STR("2"));
}

static void put_own_fields(struct request *req)
{
	static struct header trailer = { STR_INIT("Content-Length"), STR_INIT("7"), NULL };
	static struct header chunked = { STR_INIT("Transfer-Encoding"), STR_INIT("chunked"), NULL };

	req->response.headers = &chunked;
	req->response.trailers = &trailer;
}

static void fire_twice(struct request *req)
{
	struct wakeup *wakeup = request_wait(req, NULL, NULL);

	wakeup_fire(wakeup);
	wakeup_fire(wakeup);
}

static void redirect(void *req)
{
	request_redirect(req, STR("/secret/"), STR(""));
}

static void redirect_late(struct request *req)
{
	static struct timer timer;

	timer = (struct timer){ .expired = redirect, .data = req };
	timer_start(&timer, 1);
	request_delay(req, 30);
}

static bool has_been(struct request *req)
{
	bool *been = request_context(req, &breach_module);
	bool before = *been;

	*been = true;
	return before;
}

/* The deeds of those that wait; the second call passes. */
static verdict wait_badly(struct request *req, unsigned which)
{
	if (has_been(req))
		return PASS;
	if (which & DEED_FIRE_TWICE)
		fire_twice(req);
	if (which & DEED_LONG_WAIT)
		return request_delay(req, INT64_MAX);
	if (which & DEED_REDIRECT_LATE)
		redirect_late(req);
	return WAIT;
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
	if (conf->deeds & DEED_STATUS)
		req->response.status = 100;
	if (conf->deeds & DEED_HEAD_ONLY)
		req->head_only = true;
	if (conf->deeds & DEED_ZERO)
		zero_response(req);
	if (conf->deeds & DEED_OWN_FIELDS)
		put_own_fields(req);
	if (conf->deeds & DEED_BODY)
		req->response.body = body_from_memory(req, STR("secret"));
	if (conf->deeds & (DEED_FIRE_TWICE | DEED_LONG_WAIT | DEED_REDIRECT_LATE))
		return wait_badly(req, conf->deeds);
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
	.context_size = sizeof(bool),
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
