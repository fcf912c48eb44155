/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Servers by name. Exact names are one look-up in a hash. Wildcards are kept
 * without their asterisk ("*.a.example" as "a.example", "www.*" as "www") in two
 * further hashes, which are asked label by label, longest first; no more labels
 * are tried than the longest wildcard has, whatever a client sends as a host.
 */
#include "http/routing/routing.h"

#include <hash.h>

struct vhost_pattern {
	const struct pattern *pattern;
	const struct http_server *server;
	struct vhost_pattern *next;
};

/* Wildcards of one side. */
struct wildcards {
	struct hash_table table;
	unsigned labels; /* of the longest one */
};

struct vhosts {
	struct pool *pool;
	const struct http_server *fallback;
	bool has_names;
	struct hash_table exact;
	struct wildcards front, tail;
	struct vhost_pattern *patterns, **last_pattern;
};

struct vhosts *vhosts_create(struct pool *pool)
{
	struct vhosts *vhosts = pool_new(pool, struct vhosts);

	vhosts->pool = pool;
	vhosts->exact.pool = vhosts->front.table.pool = vhosts->tail.table.pool = pool;
	vhosts->last_pattern = &vhosts->patterns;
	return vhosts;
}

void vhosts_set_default(struct vhosts *vhosts, const struct http_server *server)
{
	vhosts->fallback = server;
}

const struct http_server *vhosts_default(const struct vhosts *vhosts)
{
	return vhosts->fallback;
}

/* Returns the server that has this name already, and keeps it; or NULL. */
static const struct http_server *claim(struct hash_table *table, struct str name,
				       const struct http_server *server)
{
	const struct http_server *before = hash_get(table, name);

	if (!before)
		hash_put(table, name, (void *)server);
	return before;
}

static const struct http_server *claim_wildcard(struct wildcards *wildcards, struct str name,
						const struct http_server *server)
{
	unsigned labels = 1;

	for (size_t i = 0; i < name.len; i++)
		labels += name.data[i] == '.';
	if (labels > wildcards->labels)
		wildcards->labels = labels;
	return claim(&wildcards->table, name, server);
}

/* ".a.example" is "a.example" and "*.a.example" in one. */
static const struct http_server *claim_both(struct vhosts *vhosts, struct str name,
					    const struct http_server *server)
{
	const struct http_server *before = hash_get(&vhosts->exact, name);

	if (!before)
		before = claim_wildcard(&vhosts->front, name, server);
	if (!before)
		claim(&vhosts->exact, name, server);
	return before;
}

const struct http_server *vhosts_add(struct vhosts *vhosts, const struct server_name *name,
				     const struct http_server *server)
{
	struct str text = name->text;

	vhosts->has_names = true;
	if (name->pattern) {
		struct vhost_pattern *entry = pool_new(vhosts->pool, struct vhost_pattern);

		*entry = (struct vhost_pattern){ name->pattern, server, NULL };
		*vhosts->last_pattern = entry;
		vhosts->last_pattern = &entry->next;
		return NULL;
	}
	if (str_starts(text, STR("*.")))
		return claim_wildcard(&vhosts->front, str_skip(text, 2), server);
	if (str_starts(text, STR(".")))
		return claim_both(vhosts, str_skip(text, 1), server);
	if (str_ends(text, STR(".*")))
		return claim_wildcard(&vhosts->tail, str_head(text, text.len - 2), server);
	return claim(&vhosts->exact, text, server);
}

/* Suffixes that follow a dot, the longest first. */
static const struct http_server *find_front(const struct wildcards *wildcards, struct str host)
{
	size_t begin = host.len;

	for (unsigned labels = 0; begin > 0 && labels < wildcards->labels; labels++) {
		ssize_t dot = str_rchr(str_head(host, begin), '.');

		if (dot < 0)
			break;
		begin = (size_t)dot;
	}
	while (begin < host.len) {
		struct str suffix = str_skip(host, begin + 1);
		const struct http_server *server = hash_get(&wildcards->table, suffix);

		/* Something must stand in place of the asterisk. */
		if (server && begin > 0)
			return server;

		ssize_t dot = str_chr(suffix, '.');
		begin = dot < 0 ? host.len : begin + 1 + (size_t)dot;
	}
	return NULL;
}

/* Prefixes that a dot follows, the longest first. */
static const struct http_server *find_tail(const struct wildcards *wildcards, struct str host)
{
	size_t end = 0;

	for (unsigned labels = 0; labels < wildcards->labels; labels++) {
		size_t begin = end > 0 ? end + 1 : 0;
		ssize_t dot = str_chr(str_skip(host, begin), '.');

		if (dot < 0 || begin > host.len)
			break;
		end = begin + (size_t)dot;
	}
	while (end > 0) {
		const struct http_server *server = hash_get(&wildcards->table, str_head(host, end));

		if (server && end + 1 < host.len)
			return server;

		ssize_t dot = str_rchr(str_head(host, end), '.');
		end = dot < 0 ? 0 : (size_t)dot;
	}
	return NULL;
}

const struct http_server *vhosts_find(const struct vhosts *vhosts, struct str host,
				      struct captures *captures)
{
	if (!vhosts->has_names)
		return vhosts->fallback;

	const struct http_server *server = hash_get(&vhosts->exact, host);

	if (!server && vhosts->front.labels)
		server = find_front(&vhosts->front, host);
	if (!server && vhosts->tail.labels)
		server = find_tail(&vhosts->tail, host);
	if (server)
		return server;
	for (const struct vhost_pattern *entry = host.len ? vhosts->patterns : NULL; entry;
	     entry = entry->next) {
		enum match match = pattern_try(entry->pattern, host, captures);

		if (match != MATCH_NO)
			return match == MATCH_YES ? entry->server : NULL;
	}
	return vhosts->fallback;
}
