/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Locations by URI. The exact and the prefix locations of a level are a radix
 * tree: each node continues the name of its parent by some bytes, so that one
 * walk along the URI finds the longest prefix, however many there are.
 * Expressions are a list, named locations a hash. A nested level is a tree of
 * its own, with full names, hanging on its location.
 */
#include "http/routing/routing.h"

#include <hash.h>

struct node {
	struct str bytes; /* how the name goes on here; empty in the root only */
	const struct http_location *exact, *prefix; /* that end here */
	struct node **children; /* begin with different bytes */
	char *firsts; /* the first byte of each child */
	size_t count, capacity;
};

struct regex_location {
	const struct http_location *location;
	struct regex_location *next;
};

struct location_tree {
	struct pool *pool;
	struct node root;
	struct regex_location *regexes, **last_regex;
	struct hash_table named;
};

struct location_tree *location_tree_create(struct pool *pool)
{
	struct location_tree *tree = pool_new(pool, struct location_tree);

	tree->pool = pool;
	tree->named.pool = pool;
	tree->last_regex = &tree->regexes;
	return tree;
}

/* The slot of the child that begins with this byte, or NULL. */
static struct node **node_child(const struct node *node, char first)
{
	const char *found = node->count ? memchr(node->firsts, first, node->count) : NULL;

	return found ? &node->children[found - node->firsts] : NULL;
}

static void node_adopt(struct pool *pool, struct node *node, struct node *child)
{
	size_t capacity = node->capacity;

	node->children = pool_grow(pool, node->children, node->count, &capacity, sizeof(child));
	node->firsts = pool_grow(pool, node->firsts, node->count, &node->capacity, 1);
	node->children[node->count] = child;
	node->firsts[node->count++] = child->bytes.data[0];
}

static struct node *node_create(struct pool *pool, struct str bytes)
{
	struct node *node = pool_new(pool, struct node);

	node->bytes = bytes;
	return node;
}

/* Puts a node between the child and its parent, after the child's first `len` bytes. */
static struct node *node_split(struct pool *pool, struct node **slot, size_t len)
{
	struct node *child = *slot;
	struct node *middle = node_create(pool, str_head(child->bytes, len));

	child->bytes = str_skip(child->bytes, len);
	node_adopt(pool, middle, child);
	return *slot = middle;
}

/* The node at which this name ends. It is made if there is none yet. */
static struct node *node_of(struct location_tree *tree, struct str name)
{
	struct node *node = &tree->root;

	while (name.len > 0) {
		struct node **slot = node_child(node, name.data[0]);

		if (!slot) {
			struct node *leaf = node_create(tree->pool, name);

			node_adopt(tree->pool, node, leaf);
			return leaf;
		}

		struct str bytes = (*slot)->bytes;
		size_t len = 0; /* of what both have in common */

		while (len < bytes.len && len < name.len && bytes.data[len] == name.data[len])
			len++;
		node = len < bytes.len ? node_split(tree->pool, slot, len) : *slot;
		name = str_skip(name, len);
	}
	return node;
}

const struct http_location *location_tree_add(struct location_tree *tree,
					      struct http_location *location)
{
	const struct http_location *before;

	if (location->kind == LOCATION_REGEX) {
		struct regex_location *regex = pool_new(tree->pool, struct regex_location);

		regex->location = location;
		*tree->last_regex = regex;
		tree->last_regex = &regex->next;
		return NULL;
	}
	if (location->kind == LOCATION_NAMED) {
		before = hash_get(&tree->named, location->name);
		if (!before)
			hash_put(&tree->named, location->name, location);
		return before;
	}

	struct node *node = node_of(tree, location->name);
	const struct http_location **place = location->kind == LOCATION_EXACT ? &node->exact :
										&node->prefix;

	before = *place;
	if (!before)
		*place = location;
	return before;
}

/* The exact location, otherwise the longest prefix, otherwise NULL. */
static const struct http_location *find_static(const struct location_tree *tree, struct str uri)
{
	const struct node *node = &tree->root;
	const struct http_location *longest = node->prefix;

	while (uri.len > 0) {
		struct node **slot = node_child(node, uri.data[0]);

		if (!slot || !str_starts(uri, (*slot)->bytes))
			return longest;
		node = *slot;
		uri = str_skip(uri, node->bytes.len);
		if (node->prefix)
			longest = node->prefix;
	}
	return node->exact ? node->exact : longest;
}

/*
 * Searches inside a location. *final is set if the result was found by its exact name or by an
 * expression: then it also counts on the enclosing levels. NULL: the match of an expression
 * was given up; *final is set then, too.
 */
static const struct http_location *find_inside(const struct http_location *outer, struct str uri,
					       struct captures *captures, bool *final)
{
	const struct location_tree *tree = outer->nested;

	*final = false;
	if (!tree)
		return outer;

	const struct http_location *found = find_static(tree, uri);
	bool try_regexes = !found || found->kind != LOCATION_FINAL;

	if (found && found->kind == LOCATION_EXACT) {
		*final = true;
		return found;
	}
	if (found)
		found = find_inside(found, uri, captures, final);
	if (*final)
		return found;
	for (const struct regex_location *regex = try_regexes ? tree->regexes : NULL; regex;
	     regex = regex->next) {
		enum match match = pattern_try(regex->location->pattern, uri, captures);

		if (match == MATCH_NO)
			continue;
		found = match == MATCH_YES ? find_inside(regex->location, uri, captures, final) :
					     NULL;
		*final = true;
		return found;
	}
	return found ? found : outer;
}

const struct http_location *location_find(const struct http_server *server, struct str uri,
					  struct captures *captures)
{
	bool final;

	return find_inside(server->top, uri, captures, &final);
}

const struct http_location *location_find_named(const struct http_server *server, struct str name)
{
	return server->top->nested ? hash_get(&server->top->nested->named, name) : NULL;
}
