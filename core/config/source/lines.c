/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files of lines, which directives of modules name: lists of redirects, of users, of
 * networks. A line becomes a node, so that a module reads it as it reads a directive, and
 * conf_error() shows the line and a caret below the word.
 */
#include "config/internal.h"

static struct conf_node *node_of_line(struct conf *conf, const struct conf_word *words,
				      size_t count)
{
	struct conf_node *node = pool_new(conf->pool, struct conf_node);

	node->name = words[0];
	node->args = pool_memdup(conf->pool, words + 1, (count - 1) * sizeof(*words));
	node->nargs = count - 1;
	return node;
}

static struct conf_node *nodes_of_lines(struct conf *conf, struct conf_file *file)
{
	struct conf_node *first = NULL, **end = &first;
	struct conf_word *words = NULL;
	size_t count = 0, capacity = 0;
	struct lexer lexer;
	enum token token;

	lexer_init(&lexer, conf, file);
	do {
		struct conf_word word;

		token = lexer_next_in_line(&lexer, &word);
		if (token == TOKEN_WORD) {
			words = pool_grow(conf->pool, words, count, &capacity, sizeof(*words));
			words[count++] = word;
		} else if (count > 0) {
			*end = node_of_line(conf, words, count);
			end = (struct conf_node **)&(*end)->next;
			count = 0;
		}
	} while (token != TOKEN_END);
	return first;
}

int conf_read_lines(struct conf_call *call, const struct conf_word *word,
		    const struct conf_node **out)
{
	struct conf *conf = call->conf;
	struct str path = conf_relative_to_file(conf, word->text);
	unsigned errors = conf->errors;
	struct conf_file *file;
	int error = file_read(conf, path, word->text, &file);

	*out = NULL;
	if (error < 0)
		return conf_error(call, word, "cannot read \"%.*s\" (%d: %s)", STR_ARG(path),
				  -error, strerror(-error));
	file->is_text = true;
	*out = nodes_of_lines(conf, file);
	return conf->errors == errors ? 0 : -EINVAL;
}
