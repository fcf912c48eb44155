/* SPDX-License-Identifier: BSD-2-Clause */
#include "process/sandbox/sandbox_rules.h"

#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "config/config.h"
#include "config/template.h"
#include "http/conf/http.h"
#include "process/sandbox/root_values.h"

/* Adds the current target of a path. */
static void add(struct sandbox_rules *rules, struct pool *pool, const char *path)
{
	char real[PATH_MAX];
	struct stat status;

	if (!realpath(path, real) || !real[1] || stat(real, &status) < 0)
		return;
	rules->items = pool_grow(pool, rules->items, rules->count, &rules->capacity,
				 sizeof(*rules->items));
	rules->items[rules->count++] = (struct sandbox_rule){
		.path = pool_cstr(pool, str_from(real)),
		.is_directory = S_ISDIR(status.st_mode),
	};
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

static void ignore(void *data, struct str path)
{
	(void)data;
	(void)path;
}

/*
 * Adds the directory before the first variable of a path. The values of a variable at its beginning
 * were added by root_values_allow(), as far as they are known.
 */
static void add_open_place(struct sandbox_rules *rules, struct pool *pool,
			   const struct template *path)
{
	struct str known = path->count ? path->parts[0].literal : STR("");
	ssize_t slash = str_rchr(known, '/');

	if (slash < 1) {
		if (!root_values_each(path, pool, ignore, NULL))
			add_unknown(rules, pool, path);
	} else {
		add(rules, pool, pool_cstr(pool, str_head(known, (size_t)slash)));
	}
}

static void add_place(struct sandbox_rules *rules, struct pool *pool, const struct http_conf *conf)
{
	const struct template *path = conf->alias ? conf->alias : conf->root;

	if (!path)
		return;
	if (!path->is_literal) {
		add_open_place(rules, pool, path);
		return;
	}
	add(rules, pool, pool_cstr(pool, path->literal));
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
		add(rules, pool, path->path.data);
	sort(rules);
	return rules;
}
