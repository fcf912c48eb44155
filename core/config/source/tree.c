/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Makes a tree of the words of a file and of those it includes. It knows braces,
 * semicolons and `include`, and no other directive. After a mistake it goes on in the most
 * likely way: a directive ends before "}", a block at the end of its file.
 */
#include "config/source/source.h"

#include <errno.h>
#include <glob.h>

#include "config/source/lexer.h"

enum {
	BLOCK_DEPTH_MAX = 100,
	INCLUDE_DEPTH_MAX = 50,
	INCLUDES_MAX = 200000, /* in all; few files are enough, if each includes several others */
};

struct reader {
	struct conf_source *source;
	struct lexer lexer;
	unsigned depth; /* of blocks in this file */

	/* The words of the directive that is being read. */
	struct conf_word *words;
	size_t count, capacity;
	bool begins_line; /* nothing but space stands before the first of them */

	/* The first block whose "}" stands further left than the block begins. */
	struct conf_word suspect;
	bool is_suspect;

	bool stop; /* the rest of the file is not read */
};

/* Nodes are appended at *list->end. */
struct node_list {
	struct conf_node *first, **end;
};

static void read_file(struct conf_source *source, struct conf_file *file, struct node_list *list);

/* The name of an included file in messages: relative as that of the main file. */
static struct str name_beside(struct conf_source *source, struct str path)
{
	struct str main = source->name;

	if (path.data[0] == '/')
		return path;
	main = str_head(main, (size_t)(str_rchr(main, '/') + 1));
	path = pool_concat(source->pool, (const struct str[]){ main, path }, 2);
	path = path_clean(source->pool, path);
	return str_starts(path, STR("./")) ? str_skip(path, 2) : path;
}

static void include_file(struct conf_source *source, const struct conf_word *word, struct str path,
			 struct str name, struct node_list *list)
{
	struct conf_file *file;
	int error = file_read(source, path, name, &file);

	if (error < 0) {
		const char *help = str_ends(path, STR("/mime.types")) ?
					   "remove this line: its types are built in" :
					   "";

		message_add(source, MESSAGE_ERROR, word->place, "cannot read \"%.*s\" (%d: %s)\n%s",
			    STR_ARG(path), -error, strerror(-error), help);
	} else if (file->reading) {
		message_add(source, MESSAGE_ERROR, word->place, "\"%.*s\" includes itself",
			    STR_ARG(name));
	} else if (source->include_depth == INCLUDE_DEPTH_MAX) {
		message_add(source, MESSAGE_ERROR, word->place,
			    "files include each other more than %d levels deep", INCLUDE_DEPTH_MAX);
	} else if (source->includes++ >= INCLUDES_MAX) {
		if (source->includes == INCLUDES_MAX + 1)
			message_add(source, MESSAGE_ERROR, word->place,
				    "more than %d files are included", INCLUDES_MAX);
	} else {
		source->include_depth++;
		read_file(source, file, list);
		source->include_depth--;
	}
}

/* Reads the files that match, in the order of their names. That none matches is no error. */
static void include_glob(struct conf_source *source, const struct conf_word *word,
			 struct str pattern, struct node_list *list)
{
	glob_t found = { 0 };
	bool is_beside = word->text.data[0] != '/';
	size_t skip = is_beside ? (size_t)(str_rchr(source->path, '/') + 1) : 0;
	int error = glob(pattern.data, 0, NULL, &found); /* sorted */

	if (error && error != GLOB_NOMATCH)
		message_add(source, MESSAGE_ERROR, word->place,
			    "cannot search for \"%.*s\" (%d: %s)", STR_ARG(pattern), errno,
			    strerror(errno));
	for (size_t i = 0; !error && i < found.gl_pathc; i++) {
		struct str path = pool_strdup(source->pool, str_from(found.gl_pathv[i]));
		struct str name = is_beside ? name_beside(source, str_skip(path, skip)) : path;

		include_file(source, word, path, name, list);
	}
	globfree(&found);
}

static void include(struct reader *reader, struct node_list *list)
{
	struct conf_source *source = reader->source;
	const struct conf_word *word = &reader->words[1];

	if (reader->count != 2) {
		message_add(source, MESSAGE_ERROR, reader->words[0].place,
			    "\"include\" takes 1 argument, not %zu\nsyntax: include file | mask;",
			    reader->count - 1);
		return;
	}
	if (str_empty(word->text)) {
		message_add(source, MESSAGE_ERROR, word->place, "the name of the file is empty");
		return;
	}

	struct str path = path_beside_main(source, word->text);

	if (strpbrk(path.data, "*?["))
		include_glob(source, word, path, list);
	else
		include_file(source, word, path, name_beside(source, word->text), list);
}

static struct conf_node *append_node(struct reader *reader, struct node_list *list)
{
	struct pool *pool = reader->source->nodes;
	struct conf_node *node = pool_new(pool, struct conf_node);

	node->name = reader->words[0];
	node->nargs = reader->count - 1;
	if (node->nargs)
		node->args =
			pool_memdup(pool, reader->words + 1, node->nargs * sizeof(*reader->words));
	*list->end = node;
	list->end = (struct conf_node **)&node->next;
	return node;
}

/* Ends the directive that the words so far are, which has no block. */
static void end_directive(struct reader *reader, struct node_list *list)
{
	const struct conf_word *name = &reader->words[0];

	if (str_eq(name->text, STR("include")))
		include(reader, list);
	else
		append_node(reader, list);
	reader->count = 0;
}

/* Whether only white space stands before the place, which is on the lexer's line. */
static bool begins_line(const struct lexer *lexer, struct conf_place place)
{
	if (place.line != lexer->line)
		return false;
	for (uint32_t i = 0; i + 1 < place.column; i++)
		if (lexer->line_start[i] != ' ' && lexer->line_start[i] != '\t')
			return false;
	return true;
}

static void add_word(struct reader *reader, struct conf_word word)
{
	reader->words = pool_grow(reader->source->pool, reader->words, reader->count,
				  &reader->capacity, sizeof(*reader->words));
	if (reader->count == 0)
		reader->begins_line = begins_line(&reader->lexer, word.place);
	reader->words[reader->count++] = word;
}

static void missing_semicolon(struct reader *reader, const char *before)
{
	const struct conf_word *last = &reader->words[reader->count - 1];

	message_add(reader->source, MESSAGE_ERROR, place_behind(last), "missing \";\" before %s",
		    before);
}

static void unclosed_block(struct reader *reader, const struct conf_word *opener)
{
	const struct conf_word *word = reader->is_suspect ? &reader->suspect : opener;

	if (!reader->source->unbalanced)
		message_add(reader->source, MESSAGE_ERROR, word->place,
			    "the block of \"%.*s\" is not closed\na \"}\" is missing",
			    STR_ARG(word->text));
	reader->source->unbalanced = true;
}

/* The length of "2}", "2,}" or "2,4}" at the front of the text; 0: it is none of them. */
static size_t quantifier_len(struct str text)
{
	size_t len = 0;

	while (len < text.len && ((text.data[len] >= '0' && text.data[len] <= '9') ||
				  (len > 0 && text.data[len] == ',')))
		len++;
	return len > 0 && len < text.len && text.data[len] == '}' ? len + 1 : 0;
}

/*
 * In "^/[a-f]{2}/" without quotes the brace ends the word, as in nginx, and begins
 * a block that was not meant. Reports that and joins the parts to one word.
 */
static bool join_quantifier(struct reader *reader, struct conf_place brace)
{
	struct lexer *lexer = &reader->lexer;
	struct conf_word *word = &reader->words[reader->count - 1], rest;
	struct str ahead = str_range(lexer->pos, lexer->end);
	const char *open = lexer->pos - 1;

	if (reader->count < 2 || brace.line != word->place.line ||
	    brace.column != word->place.column + word->place.len || !quantifier_len(ahead))
		return false;
	message_add(reader->source, MESSAGE_ERROR, brace,
		    "\"{\" begins a block\nan expression with \"{\" in it must stand in quotes");
	lexer->pos += quantifier_len(ahead) - 1;
	lexer_bare(lexer, &rest);
	word->text = pool_concat(reader->source->pool,
				 (const struct str[]){ word->text, str_range(open, lexer->pos) },
				 2);
	word->place.len += (uint32_t)(lexer->pos - open);
	return true;
}

static void read_nodes(struct reader *reader, struct node_list *list,
		       const struct conf_word *opener, bool indented);

/* Reads the block of the directive that the words before the "{" are. */
static void read_block(struct reader *reader, struct node_list *list, struct conf_place brace)
{
	if (reader->count == 0) {
		message_add(reader->source, MESSAGE_ERROR, brace,
			    "unexpected \"{\"\nthe name of a directive belongs before it");
		add_word(reader, (struct conf_word){ .text = STR(""), .place = brace });
		reader->source->unbalanced = true;
	}
	if (join_quantifier(reader, brace))
		return;
	if (reader->depth == BLOCK_DEPTH_MAX) {
		message_add(reader->source, MESSAGE_ERROR, brace,
			    "blocks are nested more than %d levels deep", BLOCK_DEPTH_MAX);
		reader->stop = true;
		return;
	}

	struct conf_node *node = append_node(reader, list);
	struct node_list inner = { .end = &inner.first };

	node->is_block = true;
	reader->count = 0;
	reader->depth++;
	read_nodes(reader, &inner, &node->name, reader->begins_line);
	reader->depth--;
	node->first = inner.first;
}

/* Handles a "}". True: the block of the opener ends here. */
static bool close_block(struct reader *reader, const struct conf_word *opener,
			struct conf_place brace, bool indented)
{
	if (!opener) {
		if (!reader->source->unbalanced) {
			message_add(reader->source, MESSAGE_ERROR, brace,
				    "unexpected \"}\"\nno block is open here");
			reader->source->stray_brace = reader->source->message_count;
		}
		reader->source->unbalanced = true;
		return false;
	}
	if (!reader->is_suspect && indented && brace.column < opener->place.column &&
	    begins_line(&reader->lexer, brace)) {
		reader->suspect = *opener;
		reader->is_suspect = true;
	}
	return true;
}

/*
 * Reads directives up to the end of the opener's block, or of the file when it is
 * NULL. `indented`: the opener is the first word on its line, so that its column
 * can tell which block lacks its "}".
 */
static void read_nodes(struct reader *reader, struct node_list *list,
		       const struct conf_word *opener, bool indented)
{
	while (!reader->stop) {
		struct conf_word word;
		enum token token = lexer_next(&reader->lexer, &word);

		switch (token) {
		case TOKEN_WORD:
			add_word(reader, word);
			break;
		case TOKEN_SEMICOLON:
			if (reader->count)
				end_directive(reader, list);
			else
				message_add(reader->source, MESSAGE_ERROR, word.place,
					    "unexpected \";\"\nno directive stands before it");
			break;
		case TOKEN_OPEN:
			read_block(reader, list, word.place);
			break;
		case TOKEN_CLOSE:
			if (reader->count) {
				missing_semicolon(reader, "\"}\"");
				end_directive(reader, list);
			}
			if (close_block(reader, opener, word.place, indented))
				return;
			break;
		case TOKEN_END:
			if (reader->count) {
				missing_semicolon(reader, "the end of the file");
				end_directive(reader, list);
			}
			if (opener)
				unclosed_block(reader, opener);
			return;
		}
	}
}

static struct conf_place place_of(const struct conf_file *file, size_t offset)
{
	struct conf_place place = { .file = file, .line = 1, .column = 1, .len = 1 };

	for (size_t i = 0; i < offset; i++) {
		place.column++;
		if (file->content.data[i] == '\n') {
			place.line++;
			place.column = 1;
		}
	}
	return place;
}

static void read_file(struct conf_source *source, struct conf_file *file, struct node_list *list)
{
	struct reader reader = { .source = source };
	ssize_t nul = str_chr(file->content, '\0');

	if (nul >= 0) {
		message_add(source, MESSAGE_ERROR, place_of(file, (size_t)nul),
			    "this is not a text file: a NUL byte is in it");
		return;
	}
	file->reading = true;
	lexer_init(&reader.lexer, source, file);
	read_nodes(&reader, list, NULL, false);
	file->reading = false;
}

struct conf_node *tree_read(struct conf_source *source, struct conf_file *file)
{
	struct node_list list = { .end = &list.first };

	read_file(source, file, &list);
	return list.first;
}
