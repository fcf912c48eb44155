/* SPDX-License-Identifier: BSD-2-Clause */
#include "http/files/opener_path.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "config/config.h"
#include "config/template.h"
#include "file/policy.h"
#include "http/files/files_conf.h"
#include "http/routing/location.h"

/*
 * The part of a root that stands literally in the configuration: the whole path, or the directory
 * before the first variable. If a root begins with a variable, a path of sandbox_allow is used.
 */
struct known_root {
	struct str path;
	bool is_whole; /* this is the whole root, without variables */
	bool is_alias; /* the file's path may continue its last name: "/data/img" and "1.png" */
	bool is_file; /* of conf_lines(): nothing lies below it */
};

static struct known_root known_root(const struct http_location *location)
{
	const struct http_conf *conf = location->core;
	const struct template *template = conf->alias ? conf->alias : conf->root;

	if (template->is_literal)
		return (struct known_root){ template->literal, true, conf->alias != NULL };

	struct str begin = template->parts[0].literal;
	return (struct known_root){ .path = str_head(begin, directory_len(begin)) };
}

static bool is_known(const struct known_root *known)
{
	return known->is_whole || known->path.len > 1;
}

/* Whether the rest of a path is empty, or continues with a name below the known part. */
static bool goes_on(const struct known_root *known, struct str rest)
{
	return str_empty(rest) || str_starts(rest, STR("/")) || str_ends(known->path, STR("/")) ||
	       known->is_alias;
}

static bool find_rest(const struct known_root *known, const struct file_query *query,
		      struct opener_path *to)
{
	to->rest = str_skip(query->path, known->path.len);
	to->root_len = 0;
	if (!known->is_whole && query->root_len > known->path.len)
		to->root_len = query->root_len - known->path.len;
	return str_starts(query->path, known->path) && goes_on(known, to->rest);
}

bool opener_path_make(struct conf *conf, const struct http_location *location,
		      const struct file_query *query, struct opener_path *to)
{
	struct known_root known = known_root(location);
	bool knows = is_known(&known);

	to->base = 0;
	if (knows && find_rest(&known, query, to))
		return true;
	for (const struct conf_path *path = conf_paths(conf); path; path = path->next) {
		to->base++;
		if (knows && !path->is_file)
			continue;
		known.path = path->path;
		if (find_rest(&known, query, to) &&
		    (!path->is_file || str_empty(to->rest)))
			return true;
	}
	return false;
}

/* False: no part of the root is known, or sandbox_allow has no path with this number. */
static bool find_base(struct conf *conf, const struct http_location *location, uint32_t base,
		      struct known_root *known)
{
	const struct conf_path *path = conf_paths(conf);

	*known = known_root(location);
	if (base == 0)
		return is_known(known);
	while (path && --base)
		path = path->next;
	if (!path || (is_known(known) && !path->is_file))
		return false;
	*known = (struct known_root){ .path = path->path, .is_file = path->is_file };
	return true;
}

static bool has_dots(struct str path)
{
	while (path.len) {
		struct str name = str_split(&path, '/');
		if (str_eq(name, STR("..")) || str_eq(name, STR(".")))
			return true;
	}
	return false;
}

/* Whether this name stands literally in the configuration, after a variable of the root. */
static bool is_written(const struct http_conf *conf, struct str name)
{
	const struct template *template = conf->alias ? conf->alias : conf->root;

	for (size_t i = 0; i < template->count; i++) {
		struct str literal = template->parts[i].literal;
		while (literal.len)
			if (str_eq(str_split(&literal, '/'), name))
				return true;
	}
	return false;
}

/* In the first `root_len` bytes, which belong to the root, names that is_written() are allowed. */
static bool has_dotfile(struct str path, size_t root_len, const struct http_conf *conf)
{
	const char *rest = path.data + root_len;

	while (path.len) {
		struct str name = str_split(&path, '/');
		if (is_dotfile(name) && (name.data >= rest || !is_written(conf, name)))
			return true;
	}
	return false;
}

int opener_path_resolve(struct conf *conf, const struct http_location *location,
			const struct opener_path *asked, char *path, struct file_query *query)
{
	const struct files_conf *files = files_conf_of(location->confs);
	struct known_root known;
	struct str rest = asked->rest;

	if (!find_base(conf, location, asked->base, &known) || !goes_on(&known, rest) ||
	    asked->root_len > rest.len || (known.is_whole && asked->root_len) ||
	    (known.is_file && !str_empty(rest)) || memchr(rest.data, '\0', rest.len) ||
	    has_dots(rest))
		return -EACCES;
	if (known.path.len + rest.len >= PATH_MAX)
		return -ENAMETOOLONG;
	*str_put(str_put(path, known.path), rest) = '\0';

	const struct file_root root = { .path = known.path, .fixed_len = known.path.len };
	*query = files_conf_query(NULL, (struct str){ path, known.path.len + rest.len }, &root,
				  files);
	if (known.is_file)
		query->symlinks = SYMLINKS_FOLLOW;
	else if (files->dotfiles == DOTFILES_DENY && asked->root_len == 0)
		file_query_deny_dotfiles(query, &root);
	else if (files->dotfiles == DOTFILES_DENY)
		query->is_hidden = has_dotfile(rest, asked->root_len, location->core);
	if (asked->root_len)
		query->root_len = known.path.len + asked->root_len;
	if (files->links && files->links->from_root && files->links->symlinks != SYMLINKS_FOLLOW)
		file_query_judge_from(query, STR(""), true);
	return file_query_refusal(query) ? -EACCES : 0;
}
