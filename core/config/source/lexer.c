/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Splits the bytes of a file into words, by nginx's grammar: words are separated by white space,
 * ";" and "{"; a word that begins with a quote ends at the next one of its kind;
 * a backslash protects what follows and vanishes before a quote or a backslash;
 * "#" begins a comment where a word could begin, and "}" ends a block there; in
 * the middle of a word both are ordinary. "${" does not end a word.
 */
#include "config/source/lexer.h"

#include "config/source/source.h"

void lexer_init(struct lexer *lexer, struct conf_source *source, const struct conf_file *file)
{
	struct str text = file->content;

	if (str_starts(text, STR("\xEF\xBB\xBF")))
		text = str_skip(text, 3);
	*lexer = (struct lexer){
		.source = source,
		.file = file,
		.pos = text.data,
		.end = text.data + text.len,
		.line_start = text.data,
		.line = 1,
	};
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct conf_place place_here(const struct lexer *lexer)
{
	return (struct conf_place){
		.file = lexer->file,
		.line = lexer->line,
		.column = (uint32_t)(lexer->pos - lexer->line_start) + 1,
		.len = 1,
	};
}

static void advance(struct lexer *lexer)
{
	if (*lexer->pos++ == '\n') {
		lexer->line++;
		lexer->line_start = lexer->pos;
	}
}

static void skip_space(struct lexer *lexer)
{
	while (lexer->pos < lexer->end) {
		if (*lexer->pos == '#') {
			const char *eol =
				memchr(lexer->pos, '\n', (size_t)(lexer->end - lexer->pos));

			lexer->pos = eol ? eol : lexer->end;
		} else if (is_space(*lexer->pos)) {
			advance(lexer);
		} else {
			return;
		}
	}
}

/* The byte that a backslash and this byte stand for; 0: they stand for themselves. */
static char escaped(char c)
{
	switch (c) {
	case '"':
	case '\'':
	case '\\':
		return c;
	case 't':
		return '\t';
	case 'r':
		return '\r';
	case 'n':
		return '\n';
	}
	return 0;
}

static struct str unescape(struct pool *pool, struct str raw)
{
	char *copy = pool_alloc(pool, raw.len + 1), *to = copy;

	for (size_t i = 0; i < raw.len; i++) {
		char c = raw.data[i];

		if (c == '\\' && i + 1 < raw.len && escaped(raw.data[i + 1]))
			c = escaped(raw.data[++i]);
		*to++ = c;
	}
	*to = '\0';
	return str_range(copy, to);
}

static void word_end(struct lexer *lexer, struct conf_word *word, const char *begin,
		     const char *end)
{
	word->text = unescape(lexer->source->pool, str_range(begin, end));
}

/* Sets the length of the place so that it reaches to `end`, or to the end of its line. */
static void underline(struct conf_word *word, const char *begin, const char *end)
{
	const char *eol = memchr(begin, '\n', (size_t)(end - begin));

	word->place.len = (uint32_t)((eol ? eol : end) - begin);
}

/*
 * A quote is not closed, or is closed by the quote that was meant to open the next word.
 * Reports it where it begins, and goes on as if it ended with its line, before the
 * semicolon or brace there.
 */
static void unterminated(struct lexer *lexer, const struct lexer *quote, struct conf_word *word)
{
	const char *begin = quote->pos + 1;
	const char *eol = memchr(begin, '\n', (size_t)(lexer->end - begin));
	const char *stop = eol ? eol : lexer->end;

	message_add(lexer->source, MESSAGE_ERROR, word->place,
		    "this quote is not closed\na second %c is missing", *quote->pos);
	while (stop > begin && is_space(stop[-1]))
		stop--;
	if (stop > begin && (stop[-1] == ';' || stop[-1] == '{'))
		stop--;
	*lexer = *quote;
	lexer->pos = stop;
	word_end(lexer, word, begin, stop);
}

static void read_quoted(struct lexer *lexer, struct conf_word *word)
{
	const struct lexer start = *lexer;
	char quote = *lexer->pos;

	word->quoted = true;
	for (lexer->pos++; lexer->pos < lexer->end && *lexer->pos != quote; advance(lexer))
		if (*lexer->pos == '\\' && lexer->pos + 1 < lexer->end)
			advance(lexer);
	if (lexer->pos >= lexer->end) {
		unterminated(lexer, &start, word);
		return;
	}
	const char *close = lexer->pos++;
	char after = lexer->pos < lexer->end ? *lexer->pos : ' ';

	underline(word, start.pos, lexer->pos);
	if (!is_space(after) && !strchr(";{)", after)) {
		if (lexer->line != start.line) {
			word->place.len = 1;
			unterminated(lexer, &start, word);
			return;
		}
		message_add(lexer->source, MESSAGE_ERROR, place_here(lexer),
			    "unexpected character after the closing quote\n"
			    "expected a space, \";\" or \"{\"; a quote inside of quotes is \\%c",
			    quote);
	}
	word_end(lexer, word, start.pos + 1, close);
}

/* Reads up to white space or one of these characters. */
static void read_bare(struct lexer *lexer, struct conf_word *word, const char *stops)
{
	const char *begin = lexer->pos;
	bool dollar = false;

	for (; lexer->pos < lexer->end; advance(lexer)) {
		char c = *lexer->pos;

		if (c == '{' && dollar)
			continue;
		if (is_space(c) || (c && strchr(stops, c)))
			break;
		dollar = c == '$';
		if (c == '\\' && lexer->pos + 1 < lexer->end)
			advance(lexer);
	}
	underline(word, begin, lexer->pos);
	word_end(lexer, word, begin, lexer->pos);
}

void lexer_bare(struct lexer *lexer, struct conf_word *word)
{
	read_bare(lexer, word, ";{");
}

enum token lexer_next_in_line(struct lexer *lexer, struct conf_word *word)
{
	while (lexer->pos < lexer->end && *lexer->pos != '\n' && is_space(*lexer->pos))
		lexer->pos++;
	if (lexer->pos < lexer->end && *lexer->pos == '#') {
		const char *eol = memchr(lexer->pos, '\n', (size_t)(lexer->end - lexer->pos));

		lexer->pos = eol ? eol : lexer->end;
	}
	*word = (struct conf_word){ .text = STR(""), .place = place_here(lexer) };
	if (lexer->pos >= lexer->end)
		return TOKEN_END;
	if (*lexer->pos == '\n') {
		advance(lexer);
		return TOKEN_SEMICOLON;
	}
	if (*lexer->pos == '"' || *lexer->pos == '\'')
		read_quoted(lexer, word);
	else
		read_bare(lexer, word, "");
	return TOKEN_WORD;
}

enum token lexer_next(struct lexer *lexer, struct conf_word *word)
{
	skip_space(lexer);
	*word = (struct conf_word){ .text = STR(""), .place = place_here(lexer) };
	if (lexer->pos >= lexer->end)
		return TOKEN_END;
	switch (*lexer->pos) {
	case ';':
		lexer->pos++;
		return TOKEN_SEMICOLON;
	case '{':
		lexer->pos++;
		return TOKEN_OPEN;
	case '}':
		lexer->pos++;
		return TOKEN_CLOSE;
	case '"':
	case '\'':
		read_quoted(lexer, word);
		return TOKEN_WORD;
	}
	lexer_bare(lexer, word);
	return TOKEN_WORD;
}
