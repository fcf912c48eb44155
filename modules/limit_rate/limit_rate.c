/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Limits how fast a response is sent:
 *
 *     location /download/ {
 *         limit_rate_after 1m;
 *         limit_rate       $rate;
 *     }
 *
 * The body of the response is wrapped in a body whose read() returns -EAGAIN until a timer
 * expires. As in nginx, the bytes of the first second are sent at once.
 */
#include <module.h>

extern const struct module limit_rate_module;

enum { PIECES_A_SECOND = 10, PIECE_MAX = 64 * 1024, PIECE_MIN = 512, LOOK_MS = 100 };

struct limit_rate_conf {
	const struct template *rate, *after; /* bytes a second, and bytes; NULL: 0 */
};

/* The context of a request, kept over redirects: what `set $limit_rate` says. */
struct limit_rate {
	bool is_set;
	int64_t rate;
};

struct limited_body {
	struct body_filter filter;
	struct request *req;
	int64_t rate, ahead; /* bytes a second; bytes that may be sent at once */
	int64_t sent, began_ms;
	int64_t next_ms; /* when the pause ends */
	bool has_probed; /* a byte was sent to find out whether the client is gone */
	struct timer timer;
};

/*
 * Returns how many bytes may be sent now. A negative number says how many bytes were sent too
 * early.
 */
static int64_t allowance(const struct limited_body *limited)
{
	int64_t ms = clock_ms() - limited->began_ms;
	int64_t seconds = ms / 1000;

	return limited->ahead - limited->sent + limited->rate * seconds +
	       limited->rate * (ms % 1000) / 1000;
}

static int64_t smaller(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/*
 * Returns how many bytes have to be allowed before more is sent, since a turn of the event loop for
 * each byte is expensive.
 */
static int64_t piece_of(const struct limited_body *limited)
{
	int64_t length = limited->filter.body.length;
	int64_t piece = smaller(limited->rate / PIECES_A_SECOND, PIECE_MAX);

	if (piece < PIECE_MIN)
		piece = smaller(limited->rate, PIECE_MIN);
	return length < 0 ? piece : smaller(piece, length - limited->sent);
}

/*
 * A client that has sent its end may read on, or may be gone. Only sending shows which: the reset
 * that answers it ends the request, which limit_conn would count until the end of a long pause.
 */
static bool has_to_probe(const struct limited_body *limited)
{
	return !limited->has_probed && request_client_closed(limited->req);
}

static void wait_on(struct limited_body *limited)
{
	timer_start(&limited->timer, smaller(limited->next_ms - clock_ms(), LOOK_MS));
}

static int limited_read(struct body *body, size_t max, struct slice *out)
{
	struct limited_body *limited = (struct limited_body *)body;
	int64_t allowed = allowance(limited), piece = piece_of(limited);

	if (allowed < piece && !has_to_probe(limited)) {
		limited->next_ms = clock_ms() + (piece - allowed) * 1000 / limited->rate + 1;
		wait_on(limited);
		return -EAGAIN;
	}
	if (allowed < piece) {
		limited->has_probed = true;
		allowed = allowed < 1 ? 1 : allowed;
	}

	int result = body_read(limited->filter.inner,
			       (uint64_t)allowed < max ? (size_t)allowed : max, out);

	if (result == 1)
		limited->sent += (int64_t)out->len;
	return result;
}

static void limited_close(struct body *body)
{
	timer_stop(&((struct limited_body *)body)->timer);
	body_filter_close(body);
}

static void on_time(void *data)
{
	struct limited_body *limited = data;

	if (clock_ms() >= limited->next_ms || has_to_probe(limited))
		body_ready(data);
	else
		wait_on(limited);
}

static const struct body_ops limited_ops = { .read = limited_read, .close = limited_close };

enum { DECIMAL = 10, BYTES_MAX_BITS = 40 };

/* Parses "100", "100k", "2m" or "1g". An empty text is 0. False: the text is not a size. */
static bool parse_size(struct str text, int64_t *out)
{
	static const char units[] = "kmg";
	const uint64_t most = UINT64_C(1) << BYTES_MAX_BITS;
	const char *unit = text.len ? strchr(units, ascii_lower(text.data[text.len - 1])) : NULL;
	unsigned shift = unit && *unit ? 10 * (unsigned)(unit - units + 1) : 0;
	uint64_t number = 0;

	text.len -= shift > 0;
	if (text.len && str_to_u64(text, most >> shift, &number) < 0)
		return false;
	*out = (int64_t)(number << shift);
	return text.len > 0 || shift == 0;
}

static int64_t size_of(struct request *req, const struct template *template, const char *directive)
{
	struct str text = template ? template_text(req, template) : STR("");
	int64_t size = 0;

	if (!parse_size(text, &size))
		request_log(req, LEVEL_ERROR, 0, "%s: invalid size \"%.*s\", there is no limit",
			    directive, STR_ARG(text));
	return size;
}

static verdict limit_rate_filter(struct request *req, const void *data)
{
	const struct limit_rate_conf *conf = data;
	struct body *body = req->response.body;

	if (req->parent || !body)
		return PASS;

	const struct limit_rate *context = request_context(req, &limit_rate_module);
	int64_t rate = context->is_set ? context->rate : size_of(req, conf->rate, "limit_rate");

	if (rate == 0)
		return PASS;

	struct limited_body *limited = pool_new(req->pool, struct limited_body);

	limited->req = req;
	limited->rate = rate;
	limited->ahead = rate + size_of(req, conf->after, "limit_rate_after");
	limited->began_ms = clock_ms();
	limited->timer = (struct timer){ .expired = on_time, .data = limited };
	body_wrap(req, &limited->filter, &limited_ops, body->length);
	return PASS;
}

static bool get_rate(struct request *req, struct str rest, const void *data, struct str *out)
{
	const struct limit_rate_conf *conf = data;
	const struct limit_rate *context = request_context(req, &limit_rate_module);
	char *text = pool_alloc(req->pool, 20);
	int64_t rate = context->rate;

	(void)rest;
	if (!context->is_set && conf->rate)
		parse_size(template_text(req, conf->rate), &rate);
	*out = str_range(text, str_put_u64(text, (uint64_t)rate));
	return true;
}

/* As in nginx, a value that is no size is reported, and changes nothing. */
static void set_rate(struct request *req, struct str value)
{
	struct limit_rate *context = request_context(req, &limit_rate_module);
	int64_t rate;

	if (!parse_size(value, &rate)) {
		request_log(req, LEVEL_ERROR, 0, "invalid $limit_rate \"%.*s\"", STR_ARG(value));
		return;
	}
	context->is_set = true;
	context->rate = rate;
}

/* Without variables, an invalid size is reported when the configuration is read. */
static int check_size(struct conf_call *call)
{
	const struct conf_word *word = &call->node->args[0];
	int64_t size;

	if (str_chr(word->text, '$') >= 0 ||
	    (!str_empty(word->text) && parse_size(word->text, &size)))
		return 0;
	return conf_error(call, word, "invalid size \"%.*s\"\nexpected one like 500, 100k or 2m",
			  STR_ARG(word->text));
}

const struct module limit_rate_module = {
	.name = "limit_rate",
	.summary = "limits how fast responses are sent",
	.conf_size = sizeof(struct limit_rate_conf),
	.context_size = sizeof(struct limit_rate),
	.context_is_kept = true,
	.directives = (const struct directive[]) {
		DIRECTIVE("limit_rate", IN_ANY_HTTP | IN_IF, struct limit_rate_conf, rate, "rate",
			  "The rate at which each response is sent, in bytes per second. With 0 "
			  "or an empty value there is no limit. The rate may contain variables. "
			  "A client with two connections gets twice the rate.\n\n"
			  "    limit_rate 500k;",
			  .initial = "0", .set = check_size),
		DIRECTIVE("limit_rate_after", IN_ANY_HTTP | IN_IF, struct limit_rate_conf, after,
			  "size",
			  "The number of bytes at the beginning of a response that are sent as "
			  "fast as possible, before limit_rate applies. The size may contain "
			  "variables.\n\n"
			  "    limit_rate_after 10m;\n"
			  "    limit_rate       1m;",
			  .initial = "0", .set = check_size),
		{ 0 }
	},
	.variables = (const struct variable[]) {
		{ "limit_rate", get_rate,
		  "The rate of limit_rate in bytes per second, or 0 without a limit. `set` "
		  "replaces that of the directive, in a location without it, too.\n\n"
		  "    if ($arg_slow) { set $limit_rate 4k; }",
		  VARIABLE_PLAIN | VARIABLE_VOLATILE, set_rate },
		{ 0 }
	},
	.on[PHASE_FILTER] = limit_rate_filter,
	.filter_role = FILTER_HEAD,
	.if_configured = true,
};
