/* SPDX-License-Identifier: BSD-2-Clause */
#include "shared.h"

#include <stdlib.h>

#include "ssi.h"

/*
 * Bytes that a name counts besides its text. There are at most a thousand names, so that lists
 * are short enough to be searched.
 */
enum { OVERHEAD = KEPT_MAX / 1024 };

/* --- texts on the heap ----------------------------------------------------------- */

/* A copy; counted in `kept`. data NULL: there is no room for it. */
static struct str keep(struct shared *shared, struct str text, size_t overhead)
{
	if (text.len + overhead > KEPT_MAX - shared->kept)
		return (struct str){ NULL, 0 };

	char *copy = heap_alloc(text.len + 1);

	str_put(copy, text);
	shared->kept += text.len + overhead;
	return (struct str){ copy, text.len };
}

static void drop(struct shared *shared, struct str text)
{
	shared->kept -= text.len;
	free((char *)text.data);
}

static void free_list(struct named *named)
{
	while (named) {
		struct named *next = named->next;

		free((char *)named->name.data);
		free((char *)named->text.data);
		free(named);
		named = next;
	}
}

/* pool_cleanup() of the request. */
static void finish(void *data)
{
	struct shared *shared = data;

	free_list(shared->variables);
	free_list(shared->blocks);
	free((char *)shared->subject.data);
}

struct shared *shared_of(struct request *req)
{
	while (req->parent)
		req = req->parent;

	struct ssi_context *context = request_context(req, &ssi_module);
	struct shared *shared = &context->shared;

	if (!shared->req) {
		shared->req = req;
		pool_cleanup(req->pool, finish, shared);
	}
	return shared;
}

/* Adds a name with an empty text at the end of a list. NULL: there is no room. */
static struct named *add(struct shared *shared, struct named **list, struct str name)
{
	struct str copy = keep(shared, name, OVERHEAD);

	if (!copy.data)
		return NULL;
	while (*list)
		list = &(*list)->next;
	*list = heap_alloc(sizeof(**list));
	**list = (struct named){ .name = copy };
	return *list;
}

/* --- variables ------------------------------------------------------------------- */

static struct named *find_variable(const struct shared *shared, struct str name)
{
	struct named *found = shared->variables;

	while (found && !str_eq_nocase(found->name, name))
		found = found->next;
	return found;
}

bool shared_set(struct shared *shared, struct str name, struct str value)
{
	struct str copy = keep(shared, value, 0);
	struct named *variable = find_variable(shared, name);

	if (!copy.data)
		return false;
	if (!variable)
		variable = add(shared, &shared->variables, name);
	if (!variable) {
		drop(shared, copy);
		return false;
	}
	drop(shared, variable->text);
	variable->text = copy;
	return true;
}

bool shared_capture(struct shared *shared, struct str subject, const struct text_match *match)
{
	struct str copy = keep(shared, subject, 0);

	if (!copy.data)
		return false;
	drop(shared, shared->subject);
	shared->subject = copy;
	shared->groups_count = match->groups_count;
	for (size_t i = 0; i < match->groups_count; i++) {
		struct str group = match->groups[i];

		shared->groups[i] = group;
		if (group.data)
			shared->groups[i].data = copy.data + (group.data - subject.data);
	}
	for (size_t i = 0; i < match->names_count; i++)
		if (!shared_set(shared, match->names[i].name, match->names[i].text))
			return false;
	return true;
}

bool shared_variable(const struct shared *shared, struct str name, struct str *out)
{
	const struct named *variable;

	if (name.len == 1 && name.data[0] >= '0' && name.data[0] <= '9') {
		size_t group = (size_t)(name.data[0] - '0');

		*out = group < shared->groups_count ? shared->groups[group] : STR("");
		return group < shared->groups_count;
	}
	variable = find_variable(shared, name);
	*out = variable ? variable->text : STR("");
	return variable != NULL;
}

/* --- blocks ---------------------------------------------------------------------- */

struct named *shared_add_block(struct shared *shared, struct str name)
{
	return add(shared, &shared->blocks, name);
}

bool shared_add_to_block(struct shared *shared, struct named *block, struct str text)
{
	if (text.len > KEPT_MAX - shared->kept)
		return false;

	char *larger = realloc((char *)block->text.data, block->text.len + text.len + 1);

	if (!larger)
		return false;
	str_put(larger + block->text.len, text);
	block->text = (struct str){ larger, block->text.len + text.len };
	shared->kept += text.len;
	return true;
}

const struct named *shared_block(const struct shared *shared, struct str name)
{
	const struct named *block = shared->blocks;

	while (block && !str_eq(block->name, name))
		block = block->next;
	return block;
}
