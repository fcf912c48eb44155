/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The blocks http and server, and the names of servers.
 *
 *     http { server { server_name a.example *.b.example ~^(?<user>\w+)\.c\.example$; } }
 */
#include "http/conf/http_conf.h"

#include "http/conf/http.h"
#include "http/conf/listen_conf.h"
#include "http/routing/routing.h"

static void add_name(struct conf_call *call, struct http_server *server,
		     const struct server_name *name)
{
	server->names = pool_grow(call->pool, server->names, server->names_count,
				  &server->names_capacity, sizeof(*server->names));
	server->names[server->names_count++] = *name;
}

int server_block_set(struct conf_call *call)
{
	struct http *http = http_of(call->conf);
	struct http_server *server = pool_new(call->pool, struct http_server);
	struct conf_scope *scope = conf_scope_open(call, IN_SERVER);
	struct http_conf *core = conf_scope_write(call, scope, &http_module);

	server->common = &http->common;
	server->place = call->node->name.place;
	/* The server's own level is a location, too: the one for what no other matches. */
	server->top = location_create(call, scope, LOCATION_SERVER);
	server->top->place = server->place;
	core->server = server;
	http->servers = pool_grow(call->pool, http->servers, http->servers_count,
				  &http->servers_capacity, sizeof(*http->servers));
	http->servers[http->servers_count++] = server;

	int result = conf_scope_apply(call, scope);

	if (server->names_count == 0)
		add_name(call, server, &(struct server_name){ .word = &call->node->name });
	if (listen_complete(call, server) < 0 || listen_use_transports(call, server) < 0)
		result = -EINVAL;
	return result;
}

static bool has_upper(struct str text)
{
	for (size_t i = 0; i < text.len; i++)
		if (ascii_lower(text.data[i]) != text.data[i])
			return true;
	return false;
}

/* As in nginx, an error wherever the name stands. */
static bool is_no_name(struct str name)
{
	return str_eq(name, STR(".")) || (str_starts(name, STR("*")) &&
					  (name.len < 3 || !str_starts(name, STR("*."))));
}

/*
 * An asterisk must be the whole first or last label. It stands for at least one character. A name
 * that is not so matters only if the server's address has other servers (check_names()).
 */
static bool is_well_formed(struct str name)
{
	if (str_starts(name, STR("*.")))
		name = str_skip(name, 2);
	else if (str_starts(name, STR(".")))
		name = str_skip(name, 1);
	else if (str_ends(name, STR(".*")))
		name = str_head(name, name.len - 2);
	else if (name.len == 0)
		return true;
	return name.len > 0 && name.data[0] != '.' && str_chr(name, '*') < 0 &&
	       str_find(name, STR("..")) < 0;
}

static int refuse_name(struct conf_call *call, const struct conf_word *word)
{
	return conf_error(call, word,
			  "invalid server name \"%.*s\"\nexpected \"a.example\", \"*.a.example\", "
			  "\".a.example\", \"www.*\" or \"~expression\"",
			  STR_ARG(word->text));
}

static int parse_name(struct conf_call *call, const struct conf_word *word,
		      struct server_name *out)
{
	struct str text = word->text;

	out->word = word;
	if (text.len > 0 && text.data[0] == '~') {
		if (text.len == 1)
			return conf_error(call, word, "an expression is missing after \"~\"");
		out->text = text;
		/* Hosts are compared in lower case. */
		out->pattern = pattern_compile(call, word, 1, has_upper(text));
		return out->pattern ? 0 : -EINVAL;
	}
	if (str_eq(text, STR("$hostname")))
		text = http_of(call->conf)->common.hostname;
	if (is_no_name(text))
		return refuse_name(call, word);
	out->is_malformed = !is_well_formed(text);
	if (str_chr(text, '/') >= 0 || str_chr(text, ':') >= 0)
		conf_warn(call, word,
			  "the server name \"%.*s\" can never match\na name is a host only, "
			  "without scheme, port or path", STR_ARG(text));
	out->text = pool_lower(call->pool, text);
	return 0;
}

int server_name_set(struct conf_call *call)
{
	struct http_server *server = ((struct http_conf *)call->data)->server;
	int result = 0;

	for (size_t i = 0; i < call->node->nargs; i++) {
		struct server_name name = { 0 };

		if (parse_name(call, &call->node->args[i], &name) < 0)
			result = -1;
		else
			add_name(call, server, &name);
	}
	/* ".a.example" calls itself "a.example". */
	if (server->names_count > 0) {
		struct str first = server->names[0].text;

		server->name = str_starts(first, STR(".")) ? str_skip(first, 1) : first;
	}
	return result;
}

/*
 * ".*", ".a.*": nginx accepts such a name also beside other servers. It would match only a host
 * that has an asterisk in it.
 */
static bool is_for_nobody(struct str name)
{
	return str_starts(name, STR(".")) && str_find(name, STR("..")) < 0 &&
	       str_chr(name, '*') == str_rchr(name, '*');
}

static int check_name(struct conf_call *call, const struct server_name *name)
{
	if (!name->is_malformed)
		return 0;
	if (name->is_one_of_many && !is_for_nobody(name->text))
		return refuse_name(call, name->word);
	conf_warn(call, name->word,
		  "the server name \"%.*s\" can never match\na host has no empty label, and an "
		  "asterisk stands for whole labels, at the front (*.example.org) or at the end "
		  "(www.*)",
		  STR_ARG(name->text));
	return 0;
}

/*
 * As in nginx, a malformed name is an error if its server shares an address with others; otherwise
 * it means nothing.
 */
static int check_names(struct conf_call *call, const struct http *http)
{
	int result = 0;

	for (size_t i = 0; i < http->servers_count; i++)
		for (size_t j = 0; j < http->servers[i]->names_count; j++)
			if (check_name(call, &http->servers[i]->names[j]) < 0)
				result = -EINVAL;
	return result;
}

int http_block_set(struct conf_call *call)
{
	struct conf_scope *scope = conf_scope_open(call, IN_HTTP);
	int result = conf_scope_apply(call, scope);

	listen_distribute(call, http_of(call->conf));
	if (check_names(call, http_of(call->conf)) < 0)
		result = -EINVAL;
	return result < 0 ? result : listen_check_transports(call, http_of(call->conf));
}
