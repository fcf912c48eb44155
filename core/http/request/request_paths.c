/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the files of a request lie: root or alias, and the URI behind it. Of a root with
 * variables it is noted which part the configuration has written.
 */
#include "config/template.h"
#include "http/field/uri.h"
#include "http/request/request_private.h"

/* A root with variables in it. */
static struct file_root make_root(struct request *req, const struct template *template)
{
	struct str path, begin = template->parts[0].literal;
	unsigned names = template_path_names(req, template, &path);
	struct file_root root = {
		.path = path,
		.fixed_len = str_empty(begin) ? 1 /* the value is the whole path */ :
						directory_len(begin),
		.has_dots = names & PATH_HAS_DOTS,
		.has_dotfile = names & PATH_HAS_DOTFILE,
	};
	if (str_starts(root.path, STR("/")))
		return root;

	/* A root that begins with a variable. Others became absolute when they were read. */
	const struct str parts[] = { req->server->common->prefix, root.path };

	root.fixed_len = directory_len(req->server->common->prefix);
	root.path = pool_concat(req->pool, parts, 2);
	return root;
}

struct file_root request_file_root(struct request *req)
{
	const struct http_conf *conf = req->location->core;
	const struct template *template = conf->alias ? conf->alias : conf->root;

	if (template->is_literal)
		return (struct file_root){ template->literal, template->literal.len };
	return make_root(req, template);
}

struct str request_root(struct request *req)
{
	return request_file_root(req).path;
}

struct str request_path(struct request *req, struct str uri)
{
	const struct http_conf *conf = req->location->core;
	struct str parts[2] = { request_root(req), uri };

	if (conf->alias && !conf->alias_for.data)
		return pool_concat(req->pool, parts, 1);
	if (conf->alias && !str_starts(uri, conf->alias_for))
		return STR("");
	if (conf->alias)
		parts[1] = str_skip(uri, conf->alias_for.len);
	else if (uri.len && uri.data[0] != '/')
		return STR("");
	return pool_concat(req->pool, parts, 2);
}

bool request_resolve(struct request *req, struct str uri, struct str *out)
{
	*out = uri;
	return !str_starts(uri, STR("/")) ||
	       path_resolve(req->pool, uri, req->location->core->merge_slashes, out);
}

struct str request_uri_of(struct request *req, struct str name)
{
	const struct http_conf *conf = req->location->core;

	if (!conf->alias || !conf->alias_for.data)
		return name;
	const struct str parts[] = { conf->alias_for, name };
	return pool_concat(req->pool, parts, 2);
}
