/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The words of a file, one after the other.
 */
#ifndef SKUA_CONFIG_SOURCE_LEXER_H
#define SKUA_CONFIG_SOURCE_LEXER_H

#include <conf.h>

struct conf_source;

enum token {
	TOKEN_WORD,
	TOKEN_SEMICOLON,
	TOKEN_OPEN, /* { */
	TOKEN_CLOSE, /* } */
	TOKEN_END, /* of the file */
};

struct lexer {
	struct conf_source *source;
	const struct conf_file *file;
	const char *pos, *end;
	const char *line_start;
	uint32_t line;
};

/* Begins at the first byte of the file, behind a byte order mark. */
void lexer_init(struct lexer *lexer, struct conf_source *source, const struct conf_file *file);

/*
 * The next token. *word is the word, or the place of the other tokens. A mistake in a quoted
 * word is reported, and the word ends where it most likely should.
 */
enum token lexer_next(struct lexer *lexer, struct conf_word *word);

/* The word that goes on at the next byte, whatever that is, up to a space, ";" or "{". */
void lexer_bare(struct lexer *lexer, struct conf_word *word);

/*
 * As lexer_next(), for a file of lines: TOKEN_SEMICOLON is the end of a line, and ";", "{" and
 * "}" are ordinary characters.
 */
enum token lexer_next_in_line(struct lexer *lexer, struct conf_word *word);

#endif
