/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Walks along the paths of roots and aliases name by name, as the kernel would, and
 * notes the directories in which somebody may replace a name while the server runs.
 */
#include "process/sandbox/sandbox_rules.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/config.h"
#include "config/template.h"
#include "http/conf/http.h"

enum { LINKS_MAX = 40 }; /* as the kernel, path_resolution(7) */

/* Which directories around a path get rules, beside the path itself. */
enum around { AROUND_NOTHING, AROUND_LINKS, AROUND_NAME_AND_LINKS };

struct rule_walk {
	struct sandbox_rules *rules;
	struct pool *pool;
	enum around around;
	int links;
	char done[PATH_MAX]; /* so far, without links; "" is the root directory */
	size_t done_len;
};

static void add(struct sandbox_rules *rules, struct pool *pool, const char *path)
{
	struct stat status;

	if (!*path || stat(path, &status) < 0)
		return;
	rules->items = pool_grow(pool, rules->items, rules->count, &rules->capacity,
				 sizeof(*rules->items));
	rules->items[rules->count++] = (struct sandbox_rule){
		.path = pool_cstr(pool, str_from(path)),
		.is_directory = S_ISDIR(status.st_mode),
	};
}

/* Appends a name; "." and ".." mean what they mean to the kernel. 0 or -errno. */
static int append(struct rule_walk *walk, const char *name, size_t len)
{
	if (len == 1 && *name == '.')
		return 0;
	if (len == 2 && memcmp(name, "..", 2) == 0) {
		while (walk->done_len && walk->done[--walk->done_len] != '/')
			continue;
		walk->done[walk->done_len] = '\0';
		return 0;
	}
	if (walk->done_len + 1 + len >= sizeof(walk->done))
		return -ENAMETOOLONG;
	walk->done[walk->done_len++] = '/';
	memcpy(walk->done + walk->done_len, name, len);
	walk->done_len += len;
	walk->done[walk->done_len] = '\0';
	return 0;
}

static int follow(struct rule_walk *walk, const char *path);

/*
 * Follows walk->done if it is a symbolic link; the first `holder` bytes of it are the directory
 * that holds it. 0 or -errno.
 */
static int follow_link(struct rule_walk *walk, size_t holder)
{
	char target[PATH_MAX];
	ssize_t len = readlink(walk->done, target, sizeof(target) - 1);

	if (len < 0)
		return errno == EINVAL ? 0 : -errno;
	if (++walk->links > LINKS_MAX)
		return -ELOOP;
	target[len] = '\0';
	walk->done_len = holder;
	walk->done[holder] = '\0';
	if (walk->around != AROUND_NOTHING)
		add(walk->rules, walk->pool, walk->done);
	return follow(walk, target);
}

/*
 * Walks along a path from walk->done, or from the root directory. 0, or -errno: a name cannot
 * be followed, and walk->done is where the walk has ended.
 */
static int follow(struct rule_walk *walk, const char *path)
{
	/* The holder of the last name: of the path itself only if its name may be replaced, of
	   a link's target always. */
	bool notes_holder = walk->around == AROUND_NAME_AND_LINKS ||
			    (walk->around == AROUND_LINKS && walk->links);

	if (*path == '/') {
		walk->done_len = 0;
		walk->done[0] = '\0';
	}
	while (*(path += strspn(path, "/"))) {
		size_t len = strcspn(path, "/");
		size_t holder = walk->done_len;

		if (notes_holder && !path[len + strspn(path + len, "/")])
			add(walk->rules, walk->pool, walk->done);
		int error = append(walk, path, len);
		if (error == 0 && walk->done_len > holder)
			error = follow_link(walk, holder);
		if (error < 0)
			return error;
		path += len;
	}
	return 0;
}

static void add_way(struct sandbox_rules *rules, struct pool *pool, const char *path,
		    enum around around)
{
	struct rule_walk walk = { .rules = rules, .pool = pool, .around = around };

	if (follow(&walk, path) == 0)
		add(rules, pool, walk.done);
}

static void add_unknown(struct sandbox_rules *rules, struct pool *pool,
			const struct template *path)
{
	for (size_t i = 0; i < rules->unknown_count; i++)
		if (str_eq(str_from(rules->unknown[i]), path->source))
			return;
	rules->unknown = pool_grow(pool, rules->unknown, rules->unknown_count,
				   &rules->unknown_capacity, sizeof(*rules->unknown));
	rules->unknown[rules->unknown_count++] = pool_cstr(pool, path->source);
}

/* Adds the directory that a path has for all values of its variables. */
static void add_open_place(struct sandbox_rules *rules, struct pool *pool,
			   const struct template *path)
{
	struct str known = path->count ? path->parts[0].literal : STR("");
	ssize_t slash = str_rchr(known, '/');

	if (slash < 1)
		add_unknown(rules, pool, path);
	else
		add_way(rules, pool, pool_cstr(pool, str_head(known, (size_t)slash)),
			AROUND_LINKS);
}

static void add_place(struct sandbox_rules *rules, struct pool *pool, const struct http_conf *conf)
{
	const struct template *path = conf->alias ? conf->alias : conf->root;
	/* The default root is not replaced while the server runs; often it does not even exist. */
	bool is_default = !conf->root_scope || conf->root_scope->context == IN_MAIN;

	if (!path)
		return;
	if (!path->is_literal) {
		add_open_place(rules, pool, path);
		return;
	}
	if (strspn(path->literal.data, "/") == path->literal.len)
		add_unknown(rules, pool, path);
	else
		add_way(rules, pool, pool_cstr(pool, path->literal),
			is_default ? AROUND_LINKS : AROUND_NAME_AND_LINKS);
}

/* A slash sorts before all other bytes, so that the paths below a directory follow it. */
static int compare(const void *a, const void *b)
{
	const char *x = ((const struct sandbox_rule *)a)->path;
	const char *y = ((const struct sandbox_rule *)b)->path;

	while (*x && *x == *y)
		x++, y++;
	int left = *x == '/' ? 1 : (unsigned char)*x, right = *y == '/' ? 1 : (unsigned char)*y;
	return left - right;
}

static bool lies_in(const char *path, const char *directory)
{
	size_t len = strlen(directory);

	return strncmp(path, directory, len) == 0 && (path[len] == '/' || path[len] == '\0');
}

static void sort(struct sandbox_rules *rules)
{
	size_t kept = 0;

	if (rules->count)
		qsort(rules->items, rules->count, sizeof(*rules->items), compare);
	for (size_t i = 0; i < rules->count; i++)
		if (kept == 0 || !lies_in(rules->items[i].path, rules->items[kept - 1].path))
			rules->items[kept++] = rules->items[i];
	rules->count = kept;
}

struct sandbox_rules *sandbox_rules_make(struct conf *conf, struct pool *pool)
{
	struct sandbox_rules *rules = pool_new(pool, struct sandbox_rules);
	const struct http_conf *last = NULL;

	for (struct conf_scope *scope = conf_main(conf); scope; scope = scope->next) {
		const struct http_conf *own = scope_data(scope, &http_module);

		/* Only servers, and blocks in them, respond to requests. */
		if (scope->context & (IN_MAIN | IN_EVENTS | IN_HTTP) || own == last)
			continue;
		add_place(rules, pool, own);
		last = own;
	}
	for (const struct conf_path *path = conf_paths(conf); path; path = path->next)
		add_way(rules, pool, path->path.data, AROUND_NOTHING);
	sort(rules);
	return rules;
}

bool sandbox_rules_cover(const struct sandbox_rules *rules, const char *path)
{
	for (size_t i = 0; i < rules->count; i++)
		if (lies_in(path, rules->items[i].path))
			return true;
	return false;
}
