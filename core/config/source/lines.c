/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files of lines, which directives of modules name: lists of redirects, of users, of
 * networks. A line becomes a node, so that a module reads it as it reads a directive, and
 * conf_error() shows the line and a caret below the word.
 */
#include "config/source/lexer.h"
#include "config/source/source.h"

static struct conf_node *node_of_line(struct conf_source *source, const struct conf_word *words,
				      size_t count)
{
	struct conf_node *node = pool_new(source->nodes, struct conf_node);

	node->name = words[0];
	node->args = pool_memdup(source->nodes, words + 1, (count - 1) * sizeof(*words));
	node->nargs = count - 1;
	return node;
}

struct conf_node *lines_read(struct conf_source *source, struct conf_file *file)
{
	struct conf_node *first = NULL, **end = &first;
	struct conf_word *words = NULL;
	size_t count = 0, capacity = 0;
	struct lexer lexer;
	enum token token;

	lexer_init(&lexer, source, file);
	do {
		struct conf_word word;

		token = lexer_next_in_line(&lexer, &word);
		if (token == TOKEN_WORD) {
			words = pool_grow(source->pool, words, count, &capacity, sizeof(*words));
			words[count++] = word;
		} else if (count > 0) {
			*end = node_of_line(source, words, count);
			end = (struct conf_node **)&(*end)->next;
			count = 0;
		}
	} while (token != TOKEN_END);
	return first;
}
