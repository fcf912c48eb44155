/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Gives clients a cookie with a number, so that logs can identify them.
 *
 *     userid on;
 *     userid_expires 365d;
 *     log_format visits "$uid_got$uid_set $request_uri";
 *
 * The value is the Base64 form of four words: the service, the time, a number of the process, and
 * a counter in the process. The first "=" at the end may be replaced with a mark. If the cookie of
 * a client has a different mark, it is sent again.
 */
#include <module.h>

#include <sys/random.h>
#include <time.h>

extern const struct module userid_module;

#define EXPIRES_MAX INT64_MAX

enum mode { USERID_OFF, USERID_LOG, USERID_V1, USERID_ON };

enum { WORDS = 4, TEXT = 22 /* characters of base64 without padding */ };

struct userid_conf {
	int mode; /* enum mode */
	struct str name, path;
	struct str domain, p3p; /* empty: none */
	struct str flags; /* as they are sent: "; secure; httponly" */
	int64_t expires; /* in seconds; 0: at the end of the session; MAX: in 2037 */
	char mark; /* 0: none */
	uint32_t service;
	bool has_service;
};

/* What is known of the client in this request. */
struct userid {
	bool is_known;
	bool was_got, is_set;
	uint32_t words[WORDS]; /* as their bytes stand in the cookie */
	uint32_t got[WORDS]; /* that the client has sent */
};

/* --- numbers ----------------------------------------------------------------------- */

/* Returns a word whose bytes are in network order, on any machine. */
static uint32_t network_order(uint32_t n)
{
	const uint8_t bytes[] = { (uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8),
				  (uint8_t)n };
	uint32_t word;

	memcpy(&word, bytes, sizeof(word));
	return word;
}

/*
 * Without userid_service the first word is random. nginx uses the address of the server, which
 * would reveal the address behind a load balancer to clients.
 */
static void give_number(const struct userid_conf *conf, struct userid *user)
{
	static uint32_t process, service, count;
	uint32_t now = (uint32_t)(clock_wall_ms() / 1000);

	if (count == 0 && (getrandom(&process, sizeof(process), 0) < 0 ||
			   getrandom(&service, sizeof(service), 0) < 0))
		process = now;
	count++;
	if (conf->mode == USERID_V1) {
		user->words[0] = conf->has_service ? conf->service : 0;
		user->words[1] = now;
		user->words[2] = process;
		user->words[3] = 1 + (count << 8);
	} else {
		user->words[0] = network_order(conf->has_service ? conf->service : service);
		user->words[1] = network_order(now);
		user->words[2] = network_order(process);
		user->words[3] = network_order(0x03030302 + (count << 8));
	}
	user->is_set = true;
}

/* --- the cookie --------------------------------------------------------------------- */

/* Finds the first cookie with this name. As in nginx, case is ignored. */
static bool find_cookie(struct request *req, struct str name, struct str *value)
{
	struct str cookies = request_list(req, STR("cookie"));

	while (cookies.len) {
		struct str pair = str_trim(str_split(&cookies, ';'), " \t");
		struct str key = str_split(&pair, '=');

		if (!str_eq_nocase(key, name))
			continue;
		*value = pair;
		return true;
	}
	return false;
}

static void read_cookie(struct request *req, const struct userid_conf *conf, struct userid *user)
{
	struct str cookie, bytes;

	if (!find_cookie(req, conf->name, &cookie))
		return;
	if (cookie.len < TEXT) {
		request_log(req, LEVEL_ERROR, 0, "client sent too short userid cookie \"%.*s\"",
			    STR_ARG(cookie));
		return;
	}
	if (!base64_decode(req->pool, str_head(cookie, TEXT), &bytes) ||
	    bytes.len != sizeof(user->words)) {
		request_log(req, LEVEL_ERROR, 0, "client sent invalid userid cookie \"%.*s\"",
			    STR_ARG(cookie));
		return;
	}
	memcpy(user->words, bytes.data, bytes.len);
	memcpy(user->got, bytes.data, bytes.len);
	user->was_got = true;
	/* If the mark differs, the same number is sent again with the new mark. */
	const char end[] = { conf->mark, '=' };

	if (conf->mark && !str_starts(str_skip(cookie, TEXT), (struct str){ end, sizeof(end) }))
		user->is_set = conf->mode != USERID_LOG;
}

/* `set $uid_reset`: the client gets a new number in place of the one that it has sent. */
static bool is_reset(struct request *req, const struct userid_conf *conf,
		     const struct userid *user)
{
	struct str reset = variable_text(req, STR("uid_reset"));

	if (!user->was_got || conf->mode == USERID_LOG || str_empty(reset) ||
	    str_eq(reset, STR("0")))
		return false;
	if (str_eq(reset, STR("log")))
		request_log(req, LEVEL_NOTICE, 0,
			    "userid cookie \"%.*s=%08X%08X%08X%08X\" was reset",
			    STR_ARG(conf->name), user->got[0], user->got[1], user->got[2],
			    user->got[3]);
	return true;
}

static struct userid *user_of(struct request *req, const struct userid_conf *conf)
{
	struct userid *user = request_context(req, &userid_module);

	if (user->is_known)
		return user;
	user->is_known = true;
	read_cookie(req, conf, user);
	if ((!user->was_got && conf->mode != USERID_LOG) || is_reset(req, conf, user))
		give_number(conf, user);
	return user;
}

/*
 * Returns "; expires=Sun, 29-Nov-26 10:48:46 GMT", the date format of the original cookie
 * specification, which all clients understand.
 */
static struct str expires_text(struct request *req, const struct userid_conf *conf)
{
	static const char *const days[] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
	static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
					      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	struct tm tm;

	if (conf->expires == 0)
		return STR("");
	if (conf->expires == EXPIRES_MAX)
		return STR("; expires=Thu, 31-Dec-37 23:55:55 GMT");

	time_t when = (time_t)(clock_wall_ms() / 1000 + conf->expires);

	if (!gmtime_r(&when, &tm))
		return STR("");
	return pool_printf(req->pool, "; expires=%s, %02d-%s-%0*d %02d:%02d:%02d GMT",
			   days[tm.tm_wday], tm.tm_mday, months[tm.tm_mon],
			   tm.tm_year > 137 ? 4 : 2,
			   tm.tm_year > 137 ? tm.tm_year + 1900 : (tm.tm_year + 1900) % 100,
			   tm.tm_hour, tm.tm_min, tm.tm_sec);
}

static void send_cookie(struct request *req, const struct userid_conf *conf,
			const struct userid *user)
{
	const struct str bytes = { (const char *)user->words, sizeof(user->words) };
	struct str text = pool_strdup(req->pool, base64_encode(req->pool, bytes));
	bool has_domain = !str_empty(conf->domain);

	if (conf->mark)
		((char *)text.data)[TEXT] = conf->mark;

	const struct str parts[] = {
		conf->name,
		STR("="),
		text,
		expires_text(req, conf),
		has_domain ? STR("; domain=") : STR(""),
		conf->domain,
		STR("; path="),
		conf->path,
		conf->flags,
	};

	response_add(req, STR("Set-Cookie"),
		     pool_concat(req->pool, parts, sizeof(parts) / sizeof(parts[0])));
	if (!str_empty(conf->p3p))
		response_add(req, STR("P3P"), conf->p3p);
}

static verdict userid_filter(struct request *req, const void *data)
{
	const struct userid_conf *conf = data;

	if (req->parent || conf->mode == USERID_OFF || conf->mode == USERID_LOG)
		return PASS;

	const struct userid *user = user_of(req, conf);

	if (user->is_set)
		send_cookie(req, conf, user);
	return PASS;
}

/* --- variables ------------------------------------------------------------------------ */

static bool words_text(struct request *req, const struct userid_conf *conf,
		       const uint32_t *words, struct str *out)
{
	*out = pool_printf(req->pool, "%.*s=%08X%08X%08X%08X", STR_ARG(conf->name), words[0],
			   words[1], words[2], words[3]);
	return true;
}

static bool get_uid_got(struct request *req, struct str rest, const void *data, struct str *out)
{
	const struct userid_conf *conf = data;

	(void)rest;
	return conf->mode != USERID_OFF && user_of(req, conf)->was_got &&
	       words_text(req, conf, user_of(req, conf)->got, out);
}

static bool get_uid_set(struct request *req, struct str rest, const void *data, struct str *out)
{
	const struct userid_conf *conf = data;

	(void)rest;
	return conf->mode != USERID_OFF && user_of(req, conf)->is_set &&
	       words_text(req, conf, user_of(req, conf)->words, out);
}

/* What `set` has given it is kept by the core. */
static bool get_uid_reset(struct request *req, struct str rest, const void *data, struct str *out)
{
	(void)req, (void)rest, (void)data;
	*out = STR("");
	return true;
}

/* --- configuration ---------------------------------------------------------------------- */

static int set_name(struct conf_call *call)
{
	struct userid_conf *conf = call->data;

	if (is_token(conf->name))
		return 0;
	return conf_error(call, &call->node->args[0], "\"%.*s\" is not a name of a cookie",
			  STR_ARG(conf->name));
}

/* Refuses characters that would end the attribute of the cookie, or the line. */
static int check_attribute(struct conf_call *call, struct str text)
{
	for (size_t i = 0; i < text.len; i++)
		if ((uint8_t)text.data[i] <= ' ' || text.data[i] == 0x7f || text.data[i] == ';')
			return conf_error(call, &call->node->args[0],
					  "\"%.*s\" cannot stand in a cookie", STR_ARG(text));
	return 0;
}

static int set_path(struct conf_call *call)
{
	return check_attribute(call, ((struct userid_conf *)call->data)->path);
}

static int set_domain(struct conf_call *call)
{
	struct userid_conf *conf = call->data;

	if (conf_word_is(&call->node->args[0], "none"))
		conf->domain = STR("");
	return check_attribute(call, conf->domain);
}

static int set_p3p(struct conf_call *call)
{
	struct userid_conf *conf = call->data;
	struct conf_word word = conf_fold_lines(call, &call->node->args[0]);

	conf->p3p = conf_word_is(&word, "none") ? STR("") : word.text;
	return 0;
}

static int set_expires(struct conf_call *call)
{
	struct userid_conf *conf = call->data;
	const struct conf_word *word = &call->node->args[0];
	struct duration duration = { 0 };

	conf->expires = 0;
	if (conf_word_is(word, "max"))
		conf->expires = EXPIRES_MAX;
	if (conf_word_is(word, "max") || conf_word_is(word, "off"))
		return 0;
	if (conf_parse_duration(call, word, &duration) < 0)
		return -EINVAL;
	conf->expires = duration.ms / 1000;
	return 0;
}

static int set_mark(struct conf_call *call)
{
	struct userid_conf *conf = call->data;
	const struct conf_word *word = &call->node->args[0];
	char c = word->text.len == 1 ? word->text.data[0] : 0;
	char lower = ascii_lower(c);

	conf->mark = 0;
	if (conf_word_is(word, "off"))
		return 0;
	if (c != '=' && (c < '0' || c > '9') && (lower < 'a' || lower > 'z'))
		return conf_error(call, word, "the mark is one letter, one digit, \"=\" or off");
	conf->mark = c;
	return 0;
}

static int set_flags(struct conf_call *call)
{
	static const char *const known[] = { "secure", "httponly", "samesite=strict",
					     "samesite=lax", "samesite=none" };
	struct userid_conf *conf = call->data;

	conf->flags = STR("");
	for (size_t i = 0; i < call->node->nargs; i++) {
		const struct conf_word *word = &call->node->args[i];
		size_t k = 0;

		if (conf_word_is(word, "off") && call->node->nargs == 1)
			return 0;
		while (k < sizeof(known) / sizeof(known[0]) && !conf_word_is(word, known[k]))
			k++;
		if (k == sizeof(known) / sizeof(known[0]))
			return conf_error(call, word,
					  "unknown flag \"%.*s\"\nexpected secure, httponly, "
					  "samesite=strict, samesite=lax or samesite=none",
					  STR_ARG(word->text));

		const struct str parts[] = { conf->flags, STR("; "), word->text };
		conf->flags = pool_concat(call->pool, parts, 3);
	}
	return 0;
}

static int set_service(struct conf_call *call)
{
	struct userid_conf *conf = call->data;
	int64_t number = 0;

	if (conf_parse_int(call, &call->node->args[0], 0, UINT32_MAX, &number) < 0)
		return -EINVAL;
	conf->service = (uint32_t)number;
	conf->has_service = true;
	return 0;
}

#define USERID_DOC                                                                              \
	"Gives clients a cookie with a number, so that logs can identify them. $uid_got is the " \
	"number that a client has sent, and $uid_set is the number that it gets with this " \
	"response. With log, the cookie is only read. v1 is as on, with numbers in the format " \
	"of the first version of mod_uid of Apache.\n\n" \
	"    userid on;\n\n" \
	"In many countries, people must agree before they get such a cookie."

const struct module userid_module = {
	.name = "userid",
	.summary = "gives clients a cookie, so that logs can identify them",
	.conf_size = sizeof(struct userid_conf),
	.context_size = sizeof(struct userid),
	.directives = (const struct directive[]) {
		DIRECTIVE("userid", IN_ANY_HTTP, struct userid_conf, mode, "on | v1 | log | off",
			  USERID_DOC, .initial = "off",
			  .keywords = (const struct keyword[]) {
				  { "off", USERID_OFF }, { "log", USERID_LOG },
				  { "v1", USERID_V1 },   { "on", USERID_ON },
				  { 0 }
			  }),
		DIRECTIVE("userid_name", IN_ANY_HTTP, struct userid_conf, name, "name",
			  "The name of the cookie.\n\n    userid_name visitor;",
			  .initial = "uid", .set = set_name),
		DIRECTIVE("userid_domain", IN_ANY_HTTP, struct userid_conf, domain, "name | none",
			  "The domain of the cookie. With none, clients send it to this host "
			  "only.\n\n"
			  "    userid_domain example.org;",
			  .initial = "none", .set = set_domain),
		DIRECTIVE("userid_path", IN_ANY_HTTP, struct userid_conf, path, "path",
			  "The path of the cookie.\n\n"
			  "    userid_path /shop/;",
			  .initial = "/", .set = set_path),
		DIRECTIVE_SET("userid_expires", IN_ANY_HTTP, set_expires, "time | max | off",
			      "How long clients keep the cookie. With off, they keep it until "
			      "the session ends; with max, until 2037.\n\n"
			      "    userid_expires 365d;",
			      .initial = "off", .min_args = 1),
		DIRECTIVE_SET("userid_mark", IN_ANY_HTTP, set_mark, "letter | digit | = | off",
			      "A mark in the cookie. If the cookie of a client has a different "
			      "mark, the client gets a new cookie with the same number, and with "
			      "the current attributes (userid_expires and others).\n\n"
			      "    userid_mark a;",
			      .initial = "off", .min_args = 1),
		DIRECTIVE_SET("userid_flags", IN_ANY_HTTP, set_flags, "flag ... | off",
			      "Attributes of the cookie: secure, httponly, samesite=strict, "
			      "samesite=lax, samesite=none.\n\n"
			      "    userid_flags secure httponly samesite=lax;",
			      .initial = "off", .min_args = 1, .max_args = MANY_ARGS),
		DIRECTIVE_SET("userid_p3p", IN_ANY_HTTP, set_p3p, "text | none",
			      "The field P3P, which is sent with the cookie.\n\n"
			      "    userid_p3p 'CP=\"CUR ADM OUR NOR STA NID\"';",
			      .initial = "none", .min_args = 1),
		DIRECTIVE_SET("userid_service", IN_ANY_HTTP, set_service, "number",
			      "The first part of the numbers, which distinguishes several "
			      "servers. Without this directive each worker uses a random first "
			      "part, and with v1 it is 0.\n\n"
			      "    userid_service 7;",
			      .min_args = 1),
		{ 0 }
	},
	.variables = (const struct variable[]) {
		{ "uid_got", get_uid_got,
		  "The name of the userid cookie and the number that the "
		  "client has sent.\n\n"
		  "    log_format visitors \"$uid_got $uid_set $request\";" },
		{ "uid_set", get_uid_set,
		  "The name of the userid cookie and the number that the "
		  "client gets with this response.\n\n"
		  "    log_format visitors \"$uid_got $uid_set $request\";" },
		{ "uid_reset", get_uid_reset,
		  "Empty until it is set. With a value other than 0, a client that has sent a "
		  "number gets a new one; with log, the error log also says which one it had.\n\n"
		  "    if ($arg_forget) { set $uid_reset log; }",
		  VARIABLE_VOLATILE | VARIABLE_SETTABLE },
		{ 0 }
	},
	.on[PHASE_FILTER] = userid_filter,
	.filter_role = FILTER_HEAD,
	.if_configured = true,
};
