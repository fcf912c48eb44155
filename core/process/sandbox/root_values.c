/* SPDX-License-Identifier: BSD-2-Clause */
#include "process/sandbox/root_values.h"

#include <module.h>

#include "config/config.h"
#include "file/policy.h"
#include "http/conf/http.h"

enum {
	DEPTH_MAX = 8, /* values that begin with variables whose values do … */
	STEPS_MAX = 4096, /* for one root */
};

struct search {
	struct pool *pool;
	void (*found)(void *data, struct str path);
	void *data;
	unsigned steps;
};

/* What follows a value: the parts of the template that it stands in, from `part` on. */
struct rest {
	const struct template *template;
	size_t part;
	const struct rest *next; /* of the template in whose value that one stands; NULL: none */
};

/* The path begins with `begin`. False: it is no place that can be allowed. */
static bool add(struct search *search, struct str begin, const struct rest *rest)
{
	struct str path = begin;
	bool is_whole = true;

	for (; rest && is_whole; rest = rest->next)
		for (size_t i = rest->part; i < rest->template->count && is_whole; i++) {
			const struct template_part *part = &rest->template->parts[i];
			const struct str parts[] = { path, part->literal };

			path = pool_concat(search->pool, parts, 2);
			is_whole = !part->slot;
		}
	if (!is_whole)
		path = str_head(path, directory_len(path));
	if (path.len > 1)
		search->found(search->data, path);
	return path.len > 1;
}

static bool look_at(struct search *search, const struct template *template,
		    const struct rest *rest, int depth)
{
	/* Values may begin with each other, so the search could take too long. */
	if (++search->steps > STEPS_MAX)
		return false;
	/* An unset variable is empty: then the root is no place that anybody wants. */
	if (template->is_literal)
		return str_empty(template->literal) || add(search, template->literal, rest);

	const struct template_part *first = &template->parts[0];
	const struct rest all = { template, 0, rest }, others = { template, 1, rest };
	bool is_known = true;

	if (directory_len(first->literal) > 1)
		return add(search, STR(""), &all);
	if (!str_empty(first->literal) || !first->slot->choices || first->slot->is_open ||
	    depth == DEPTH_MAX)
		return false;
	for (const struct variable_choice *choice = first->slot->choices; choice;
	     choice = choice->next)
		is_known &= look_at(search, choice->value, &others, depth + 1);
	return is_known;
}

bool root_values_each(const struct template *root, struct pool *pool,
		      void (*found)(void *data, struct str path), void *data)
{
	struct search search = { .pool = pool, .found = found, .data = data };

	return look_at(&search, root, NULL, 0);
}

/* --- all roots -------------------------------------------------------------------------- */

static void allow(void *data, struct str path)
{
	struct conf_call *call = data;
	struct str full = conf_full_path(call->conf, path);

	for (const struct conf_path *known = conf_paths(call->conf); known; known = known->next)
		if (str_eq(known->path, full))
			return;
	conf_opens(call, full);
}

void root_values_allow(struct conf_call *call)
{
	const struct http_conf *last = NULL;

	for (struct conf_scope *scope = conf_main(call->conf); scope; scope = scope->next) {
		const struct http_conf *own = scope_data(scope, &http_module);

		if (scope->context & (IN_MAIN | IN_EVENTS | IN_HTTP) || own == last)
			continue;
		last = own;

		const struct template *root = own->alias ? own->alias : own->root;

		/* The directory before the first variable is known anyway. */
		if (root && !root->is_literal && str_empty(root->parts[0].literal))
			root_values_each(root, call->pool, allow, call);
	}
}
