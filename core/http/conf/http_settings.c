/* SPDX-License-Identifier: BSD-2-Clause */
/* Setters of directives of the core whose arguments are more than one plain value. */
#include "http/conf/http_conf.h"

#include <config.h>

#include "config/template.h"
#include "http/conf/http.h"

/*
 * Puts the prefix in front of a relative path. One that begins with a variable is left as it
 * is, since its value may be an absolute path.
 */
static struct str full_path(struct conf_call *call, struct str path)
{
	bool begins_with_variable = path.len && path.data[0] == '$';

	return begins_with_variable ? path : conf_full_path(call->conf, path);
}

/* $document_root is made of root: it cannot be a part of it. */
static int refuse_own_variables(struct conf_call *call, const struct template *path)
{
	for (size_t i = 0; i < path->count; i++) {
		const struct variable_slot *slot = path->parts[i].slot;

		if (slot && (str_eq(slot->name, STR("document_root")) ||
			     str_eq(slot->name, STR("realpath_root"))))
			return conf_error(call, &call->node->args[0],
					  "the variable $%.*s cannot be used in the \"%s\" "
					  "directive: its value comes from there",
					  STR_ARG(slot->name), call->directive->name);
	}
	return 0;
}

/* root and alias exclude each other in a block. */
static int claim_root(struct conf_call *call, struct http_conf *conf)
{
	if (conf->root_scope == call->scope)
		return conf_error(call, NULL,
				  "\"root\" and \"alias\" stand in the same block\n"
				  "keep one of them");
	conf->root_scope = call->scope;
	return 0;
}

int root_set(struct conf_call *call)
{
	struct http_conf *conf = call->data;
	struct conf_word word = call->node->args[0];

	word.text = full_path(call, word.text);
	if (str_ends(word.text, STR("/.")))
		word.text.len--;
	/* The URI begins with a slash. */
	if (str_ends(word.text, STR("/")) && word.text.len > 1)
		word.text.len--;

	const struct template *root;

	if (conf_parse_template(call, &word, &root) < 0 || refuse_own_variables(call, root) < 0 ||
	    claim_root(call, conf) < 0)
		return -EINVAL;
	conf->root = root;
	conf->alias = NULL;
	return 0;
}

int alias_set(struct conf_call *call)
{
	struct http_conf *conf = call->data;
	const struct http_location *location = conf->location;
	struct conf_word word = call->node->args[0];

	if (location->kind == LOCATION_NAMED)
		return conf_error(call, NULL,
				  "\"alias\" cannot stand in a named location\nuse root: there is "
				  "no part of the URI that an alias could stand for");

	word.text = full_path(call, word.text);

	const struct template *alias;

	if (conf_parse_template(call, &word, &alias) < 0 || refuse_own_variables(call, alias) < 0 ||
	    claim_root(call, conf) < 0)
		return -EINVAL;
	conf->alias = alias;
	conf->alias_for = location->kind == LOCATION_REGEX ? (struct str){ NULL, 0 } :
							     location->name;
	return 0;
}

int internal_set(struct conf_call *call)
{
	((struct http_conf *)call->data)->internal = true;
	return 0;
}

int keepalive_timeout_set(struct conf_call *call)
{
	struct http_conf *conf = call->data;
	const struct conf_node *node = call->node;

	conf->keepalive_header.ms = 0;
	if (conf_parse_duration(call, &node->args[0], &conf->keepalive_timeout) < 0)
		return -EINVAL;
	if (node->nargs == 2)
		return conf_parse_duration(call, &node->args[1], &conf->keepalive_header);
	return 0;
}

/* configure looks for the library that decodes the fields of HTTP/2. */
#ifdef HAVE_NGHTTP2
enum { HAS_HTTP2 = true };
#else
enum { HAS_HTTP2 = false };
#endif

int http2_check(struct conf_call *call, const struct conf_word *word)
{
	if (HAS_HTTP2)
		return 0;
	return conf_not_supported(
		call, word,
		"HTTP/2 is not supported: the program was built without it\n"
		"configure builds it in if libnghttp2 is there, unless it is called "
		"with --without-http2");
}

int http2_set(struct conf_call *call)
{
	const struct http_conf *conf = call->data;

	return conf->http2 ? http2_check(call, &call->node->args[0]) : 0;
}

enum {
	LARGE_BUFFER_MIN = 112, /* nginx: connection_pool_size, which is at least this */
	LARGE_BUFFER_MAX = 1 << 20,
	LARGE_BUFFERS_MAX = 1024,
};

int large_client_header_buffers_set(struct conf_call *call)
{
	struct http_conf *conf = call->data;
	const struct conf_word *args = call->node->args;

	if (conf_parse_int(call, &args[0], 1, LARGE_BUFFERS_MAX, &conf->large_buffers_count) < 0 ||
	    conf_parse_size(call, &args[1], &conf->large_buffers_size) < 0)
		return -EINVAL;
	if (conf->large_buffers_size.bytes < LARGE_BUFFER_MIN ||
	    conf->large_buffers_size.bytes > LARGE_BUFFER_MAX)
		return conf_error(call, &args[1],
				  "a buffer of \"%.*s\" cannot be used\nexpected %d to 1m",
				  STR_ARG(args[1].text), LARGE_BUFFER_MIN);
	return 0;
}

int server_tokens_set(struct conf_call *call)
{
	static const struct {
		const char *text;
		int tokens;
	} words[] = { { "off", TOKENS_OFF }, { "on", TOKENS_ON }, { "build", TOKENS_BUILD } };
	struct http_conf *conf = call->data;
	const struct conf_word *word = &call->node->args[0];

	conf->server_text = NULL;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (!word->quoted && str_eq_nocase(word->text, str_from(words[i].text))) {
			conf->server_tokens = words[i].tokens;
			return 0;
		}

	struct conf_word text = conf_fold_lines(call, word);
	return conf_parse_template(call, &text, &conf->server_text);
}
