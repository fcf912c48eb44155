/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Detects requests that come from pages of other sites:
 *
 *     valid_referers none blocked server_names *.example.org ~\.google\.;
 *     if ($invalid_referer) { return 403; }
 */
#include <module.h>

/* How a name is compared with a host. The first kind that matches is preferred. */
enum kind { EXACT, FRONT, TAIL, KINDS }; /* example.org, *.example.org, example.* */

struct valid_name {
	enum kind kind;
	bool also_itself; /* of FRONT: ".example.org" also matches example.org */
	struct str host; /* in lower case, without the asterisk */
	struct str path; /* with which the path must begin; empty: any path */
	struct valid_name *next;
};

struct valid_pattern {
	const struct pattern *pattern;
	struct valid_pattern *next;
};

struct valid {
	const struct conf_scope *scope; /* the block that contains the directive */
	bool none, blocked, server_names;
	struct valid_name *names;
	struct valid_pattern *patterns;
};

struct referer_conf {
	struct valid *valid; /* NULL: all referers are valid */
};

/* As in nginx, a referer with fewer bytes than "http://i.ru" counts as `blocked`. */
enum { SHORTEST = 11 };

/* Returns the position of the first of these characters, or the length of the text. */
static size_t find_any(struct str text, const char *set)
{
	size_t at = 0;

	while (at < text.len && (text.data[at] == '\0' || !strchr(set, text.data[at])))
		at++;
	return at;
}

/*
 * Returns the host of "user@host:port" (RFC 3986 section 3.2). nginx takes everything before the
 * first colon.
 */
static struct str host_of(struct str authority)
{
	struct str rest = str_skip(authority, (size_t)(str_rchr(authority, '@') + 1));

	if (str_starts(rest, STR("[")))
		return str_head(rest, find_any(rest, "]") + 1);
	return str_head(rest, find_any(rest, ":"));
}

static bool name_fits(const struct valid_name *name, struct str host)
{
	if (name->kind == EXACT)
		return str_eq(host, name->host);
	if (name->kind == TAIL)
		return host.len > name->host.len && str_starts(host, name->host) &&
		       host.data[name->host.len] == '.';
	return (name->also_itself && str_eq(host, name->host)) ||
	       (host.len > name->host.len + 1 && str_ends(host, name->host) &&
		host.data[host.len - name->host.len - 1] == '.');
}

/*
 * As in the hashes of nginx, exact names are preferred, then the longest name with an asterisk in
 * front.
 */
static const struct valid_name *find_name(const struct valid *valid, struct str host)
{
	const struct valid_name *best = NULL;

	for (const struct valid_name *name = valid->names; name; name = name->next)
		if (name_fits(name, host) &&
		    (!best || name->kind < best->kind ||
		     (name->kind == best->kind && name->host.len > best->host.len)))
			best = name;
	return best;
}

/*
 * The names of the server, then expressions. If one fails, the search ends, and the server answers
 * the request with 500.
 */
static bool expression_fits(struct request *req, const struct valid *valid, struct str host,
			    struct str text)
{
	enum match match = valid->server_names ? request_is_for(req, host) : MATCH_NO;

	for (const struct valid_pattern *item = valid->patterns; item && match == MATCH_NO;
	     item = item->next)
		match = pattern_test(req, item->pattern, text);
	return match == MATCH_YES;
}

static bool is_valid(struct request *req, const struct valid *valid)
{
	struct str referer = req->known.referer, rest = referer;

	if (!referer.data)
		return valid->none;
	if (str_eq_nocase(str_head(referer, 7), STR("http://")))
		rest = str_skip(referer, 7);
	else if (str_eq_nocase(str_head(referer, 8), STR("https://")))
		rest = str_skip(referer, 8);
	if (rest.len == referer.len || referer.len < SHORTEST)
		return valid->blocked;

	struct str authority = str_head(rest, find_any(rest, "/?#"));
	struct str host = pool_lower(req->pool, host_of(authority));
	const struct valid_name *name = find_name(valid, host);

	if (name)
		return str_starts(str_skip(rest, authority.len), name->path);
	return expression_fits(req, valid, host, rest);
}

static bool get_invalid(struct request *req, struct str rest, const void *data, struct str *out)
{
	const struct valid *valid = ((const struct referer_conf *)data)->valid;

	(void)rest;
	*out = valid && !is_valid(req, valid) ? STR("1") : STR("");
	return true;
}

/* --- the configuration --------------------------------------------------------------- */

static int add_pattern(struct conf_call *call, const struct conf_word *word, struct valid *valid)
{
	struct valid_pattern *item = pool_new(call->pool, struct valid_pattern);

	item->pattern = pattern_compile(call, word, 1, true);
	item->next = valid->patterns;
	valid->patterns = item;
	return item->pattern ? 0 : -EINVAL;
}

static int add_name(struct conf_call *call, const struct conf_word *word, struct valid *valid)
{
	struct valid_name *name = pool_new(call->pool, struct valid_name);
	size_t host_len = find_any(word->text, "/");

	name->path = str_skip(word->text, host_len);
	name->host = pool_lower(call->pool, str_head(word->text, host_len));
	if (str_starts(name->host, STR("*.")) || str_starts(name->host, STR("."))) {
		name->kind = FRONT;
		name->also_itself = name->host.data[0] == '.';
		name->host = str_skip(name->host, name->also_itself ? 1 : 2);
	} else if (str_ends(name->host, STR(".*"))) {
		name->kind = TAIL;
		name->host.len -= 2;
	}
	if (str_empty(name->host) || str_chr(name->host, '*') >= 0)
		return conf_error(call, word,
				  "invalid host name or wildcard \"%.*s\"\n"
				  "one asterisk may stand at the front (*.example.org) or at the "
				  "end (example.*)", STR_ARG(word->text));
	name->next = valid->names;
	valid->names = name;
	return 0;
}

static int add_word(struct conf_call *call, const struct conf_word *word, struct valid *valid)
{
	if (conf_word_is(word, "none"))
		valid->none = true;
	else if (conf_word_is(word, "blocked"))
		valid->blocked = true;
	else if (conf_word_is(word, "server_names"))
		valid->server_names = true;
	else if (str_starts(word->text, STR("~")))
		return add_pattern(call, word, valid);
	else
		return add_name(call, word, valid);
	return 0;
}

static int add_valid(struct conf_call *call)
{
	struct referer_conf *conf = call->data;

	if (!conf->valid || conf->valid->scope != call->scope) {
		conf->valid = pool_new(call->pool, struct valid);
		conf->valid->scope = call->scope;
	}
	for (size_t i = 0; i < call->node->nargs; i++)
		if (add_word(call, &call->node->args[i], conf->valid) < 0)
			return -EINVAL;
	return 0;
}

const struct module referer_module = {
	.name = "referer",
	.summary = "detects requests that come from pages of other sites",
	.conf_size = sizeof(struct referer_conf),
	.directives = (const struct directive[]) {
		DIRECTIVE_SET("valid_referers", IN_SERVER | IN_LOCATION, add_valid,
			      "none | blocked | server_names | name | ~expression ...",
			      "Says which values of the field Referer are valid; for these "
			      "$invalid_referer is empty. none: the request has no such field. "
			      "blocked: the value does not begin with http:// or https://. "
			      "server_names: the host is one of the names of the server. Other "
			      "words are host names. They may begin or end with an asterisk, and "
			      "the beginning of a path may follow. An expression is matched "
			      "against the part after the scheme, ignoring case. The port is "
			      "ignored.\n\n"
			      "    valid_referers none blocked server_names *.example.org\n"
			      "                   example.net/gallery/ ~\\.google\\.;\n"
			      "    if ($invalid_referer) { return 403; }",
			      .flags = REPEAT, .min_args = 1, .max_args = MANY_ARGS),
		DIRECTIVE_OBSOLETE("referer_hash_max_size", IN_SERVER | IN_LOCATION, "size",
				   "Tables grow by themselves."),
		DIRECTIVE_OBSOLETE("referer_hash_bucket_size", IN_SERVER | IN_LOCATION, "size",
				   "Tables grow by themselves."),
		{ 0 }
	},
	.variables = (const struct variable[]) {
		{ "invalid_referer", get_invalid,
		  "Empty if the field Referer of the request is valid by valid_referers, "
		  "otherwise 1.\n\n"
		  "    if ($invalid_referer) { return 403; }",
		  VARIABLE_PLAIN | VARIABLE_SETTABLE },
		{ 0 }
	},
};
