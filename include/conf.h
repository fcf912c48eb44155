/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Configuration directives as data.
 *
 * A module lists its directives in a table. An entry points at a field of the
 * module's configuration struct; the C type of the field selects the parser
 * and the range check, so table and struct cannot disagree. The entry carries
 * its default as text, its syntax and its documentation: `skua help`, the
 * reference pages and the error messages are made from it.
 *
 * The file is read into a tree of nodes first. Then each block (http, server,
 * location …) gets a struct of each module: shared with the enclosing block
 * where the block sets nothing of the module, otherwise a copy of it that the
 * block's own directives change. So modules need no functions that create and merge
 * structs, as they do in nginx.
 */
#ifndef SKUA_CONF_H
#define SKUA_CONF_H

#include <errno.h>
#include <limits.h>

#include <pool.h>
#include <str.h>

struct conf; /* a configuration that is being read */
struct template;

/* Contexts: the blocks in which a directive may stand. */
enum conf_context {
	IN_MAIN = 1 << 0,
	IN_EVENTS = 1 << 1,
	IN_HTTP = 1 << 2,
	IN_SERVER = 1 << 3,
	IN_LOCATION = 1 << 4,
	IN_IF = 1 << 5, /* `if` in a location */
	IN_SERVER_IF = 1 << 6, /* `if` in a server */
	IN_LIMIT_EXCEPT = 1 << 7,
	IN_ANY_HTTP = IN_HTTP | IN_SERVER | IN_LOCATION,
	IN_ANYWHERE = (1 << 8) - 1,
};

/* Field types that C has no name for. */
struct duration {
	int64_t ms; /* written "30" (seconds), "500ms", "1h 30m" … */
};

struct size {
	int64_t bytes; /* written "512", "8k", "1m", "2g" */
};

struct str_list {
	struct str *items;
	size_t count;
};

/* A list of strings with variables in them, compiled. */
struct template_list {
	const struct template **items;
	size_t count;
};

/* A word that stands for a number, in FIELD_KEYWORD and FIELD_BITS. The last has name NULL. */
struct keyword {
	const char *name;
	int value;
};

enum field_type {
	FIELD_SETTER, /* no field of a known type: .set does it all */
	FIELD_BOOL, /* bool: on | off */
	FIELD_INT, /* int64_t within .min and .max */
	FIELD_KEYWORD, /* int: one of .keywords */
	FIELD_BITS, /* unsigned: some of .keywords, or-ed */
	FIELD_STR, /* struct str: one word */
	FIELD_DURATION, /* struct duration */
	FIELD_SIZE, /* struct size */
	FIELD_TEMPLATE, /* const struct template *: one word with variables */
	FIELD_STRS, /* struct str_list: one or more words */
	FIELD_TEMPLATES, /* struct template_list: one or more words with variables */
};

/* Where something stands, for messages. */
struct conf_place {
	const struct conf_file *file;
	uint32_t line, column; /* from 1; columns count bytes */
	uint32_t len; /* how many bytes to underline */
};

/* One word of the file, unquoted and unescaped. */
struct conf_word {
	struct str text; /* NUL follows */
	struct conf_place place;
	bool quoted; /* written in quotes: never a keyword such as "off" by accident */
};

/*
 * One directive of the file. Nodes and their words are freed after the configuration was checked;
 * the texts of the words live as long as the configuration.
 */
struct conf_node {
	struct conf_word name;
	const struct conf_word *args;
	size_t nargs;
	bool is_block; /* ended by { … } */
	const struct conf_node *first; /* the block's directives */
	const struct conf_node *next; /* in the same block */
};

/*
 * A call of a setter: the directive's node, the block's struct of the module.
 */
struct conf_call {
	struct conf *conf;
	struct pool *pool; /* of the configuration: lives as long as it */
	const struct conf_node *node;
	const struct directive *directive;
	struct conf_scope *scope; /* the block that the directive stands in */
	enum conf_context context; /* what kind of block that is */
	void *data; /* the module's struct of that block */
	bool first; /* it is the first of its name in this block; the others add to it (LIST) */
};

/* 0, or -EINVAL after it has reported with conf_error() what is wrong. */
typedef int directive_set(struct conf_call *call);

enum directive_flag {
	LOCAL = 1 << 0, /* not inherited: a nested block starts with the default */
	LIST = 1 << 1, /* may repeat; the first in a block replaces the inherited ones:
			  its field is zeroed before */
	REPEAT = 1 << 2, /* may repeat; without LIST or REPEAT a second one is an error */
	ORDERED = 1 << 3, /* runs behind those without this flag, in the order of the file (set,
			     if, return). Among them are blocks, which inherit only what stands
			     there already: so it is BLOCK or LOCAL, too */
	BLOCK = 1 << 4, /* is followed by { … }; the setter gets the nodes */
	RAW_BLOCK = 1 << 5, /* a block whose lines are data, not directives (types, map) */
	OBSOLETE = 1 << 6, /* accepted and without effect; doc says what takes its place */
};

struct directive {
	const char *name;
	unsigned contexts; /* enum conf_context, or-ed */
	unsigned flags; /* enum directive_flag, or-ed */
	enum field_type type;
	size_t offset, size; /* of the field in the module's struct; size 0: there is none */
	const char *initial; /* the default, as it would be written; NULL: none */
	const char *syntax; /* the arguments: "on | off", "time [header_time]" */
	const char *doc; /* what it does, in sentences, and an example; paragraphs by "\n\n" */
	int64_t min, max; /* FIELD_INT, FIELD_SIZE (bytes), FIELD_DURATION (ms); both 0: 0 … max */
	const struct keyword *keywords;
	directive_set *set; /* instead of, or (FIELD_… given) after, the field's parser */
	/*
	 * How many words may follow; max_args 0: as many as min_args. Both 0: one
	 * for a field of one value, one or more for a list, none for a setter.
	 */
	unsigned min_args, max_args;
};

/* The number of words of a directive has no upper limit. */
#define MANY_ARGS UINT_MAX

#define FIELD_TYPE_OF(lvalue) \
	_Generic((lvalue),                             \
		bool: FIELD_BOOL,                      \
		int64_t: FIELD_INT,                    \
		int: FIELD_KEYWORD,                    \
		unsigned: FIELD_BITS,                  \
		struct str: FIELD_STR,                 \
		struct duration: FIELD_DURATION,       \
		struct size: FIELD_SIZE,               \
		const struct template *: FIELD_TEMPLATE, \
		struct str_list: FIELD_STRS,           \
		struct template_list: FIELD_TEMPLATES)

/* An entry whose field's type says how it is parsed. */
#define DIRECTIVE(name_, contexts_, type_, field_, syntax_, doc_, ...)                             \
	{                                                                                          \
		.name = name_, .contexts = contexts_, .type = FIELD_TYPE_OF(((type_ *)0)->field_), \
		.offset = offsetof(type_, field_), .size = sizeof(((type_ *)0)->field_),           \
		.syntax = syntax_, .doc = doc_, __VA_ARGS__                                        \
	}

/*
 * An entry that a setter parses; give .min_args and .max_args. With LOCAL or LIST also
 * FIELD_AT(struct, field): the field that is set to zeroes in a nested block, or before the
 * first directive of a block. All zeroes must be a valid value of it.
 */
#define DIRECTIVE_SET(name_, contexts_, set_, syntax_, doc_, ...)                        \
	{                                                                                \
		.name = name_, .contexts = contexts_, .type = FIELD_SETTER, .set = set_, \
		.syntax = syntax_, .doc = doc_, __VA_ARGS__                              \
	}

#define FIELD_AT(type_, field_) \
	.offset = offsetof(type_, field_), .size = sizeof(((type_ *)0)->field_)

/* Accepted for the sake of existing files, without effect. */
#define DIRECTIVE_OBSOLETE(name_, contexts_, syntax_, doc_)                                \
	{                                                                                  \
		.name = name_, .contexts = contexts_, .type = FIELD_SETTER,                \
		.flags = OBSOLETE | REPEAT, .syntax = syntax_, .doc = doc_, .min_args = 1, \
		.max_args = MANY_ARGS                                                      \
	}

/*
 * Reports an error at a word (NULL: at the directive's name). The message says
 * what is wrong; what follows a newline in it is the remedy and stands behind
 * the caret. File, line, source line and caret are added; control characters are
 * escaped. Returns -EINVAL, so that a setter can `return
 * conf_error(…)`.
 *
 *     conf_error(call, word, "invalid port \"%.*s\"\nexpected 1 to 65535", …);
 *
 *     skua: error: skua.conf:12:16: invalid port "80800"
 *         12 |         listen 80800;
 *            |                ^~~~~ expected 1 to 65535
 */
int conf_error(struct conf_call *call, const struct conf_word *word, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * As conf_error(), for what is written as it should be, but this server cannot do: the word is
 * the name of it. What follows the newline in the message is the reason; several messages
 * with the same reason are printed as one, which names all of the words. `skua -t` has
 * another exit status when a file has no other errors.
 */
int conf_not_supported(struct conf_call *call, const struct conf_word *word, const char *format,
		       ...) __attribute__((format(printf, 3, 4)));

/*
 * Whether a line that was refused has this word, also as in zone=word:size. Perhaps it should have
 * declared this name, so a module says nothing if it is missing: one mistake is one message.
 */
bool conf_may_be_declared(const struct conf_call *call, struct str name);

/*
 * For setters: the block of the call forwards requests by the directive of the call, which is
 * not supported. One message tells of all such blocks, when everything else was checked. With
 * is_answered they are responded to all the same, and the message is a warning.
 */
void conf_forwards(struct conf_call *call, bool is_answered);

/* As conf_error(), for what works but is probably a mistake. The file is still good. */
void conf_warn(struct conf_call *call, const struct conf_word *word, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * The parsers of the field types, for setters. 0, or -EINVAL after the error was
 * reported at the word.
 */
int conf_parse_bool(struct conf_call *call, const struct conf_word *word, bool *out);
int conf_parse_int(struct conf_call *call, const struct conf_word *word, int64_t min, int64_t max,
		   int64_t *out);
int conf_parse_duration(struct conf_call *call, const struct conf_word *word, struct duration *out);
int conf_parse_size(struct conf_call *call, const struct conf_word *word, struct size *out);
int conf_parse_keyword(struct conf_call *call, const struct conf_word *word,
		       const struct keyword *keywords, int *out);
int conf_parse_bits(struct conf_call *call, const struct conf_word *word,
		    const struct keyword *keywords, unsigned *out); /* or-ed to *out */
int conf_parse_template(struct conf_call *call, const struct conf_word *word,
			const struct template **out);

/* The same for words that are joined. The name of a variable ends with its word. */
int conf_parse_template_words(struct conf_call *call, const struct conf_word *words, size_t count,
			      const struct template **out);

/*
 * The word without its first `len` bytes, in the same place: messages about it point at the rest.
 */
struct conf_word conf_word_after(const struct conf_word *word, size_t len);

/* Whether the word begins with the name of an option ("size="); *value is then the rest of it. */
bool conf_option(const struct conf_word *word, struct str name, struct conf_word *value);

/*
 * Parses the declaration of a zone, "name:size", as the value of an option is. 0, or -EINVAL after
 * the error was reported. The zone itself is that of zone_declare() in zone.h.
 */
int conf_parse_zone(struct conf_call *call, const struct conf_word *word, struct str *name,
		    struct size *size);

/*
 * For a word that becomes the value of a field line: each line break in it, with the
 * blanks around it, is one space in the result (none at both ends), and a warning
 * says so. A word without one is returned as it is.
 */
struct conf_word conf_fold_lines(struct conf_call *call, const struct conf_word *word);

/* The word at args[i] is exactly `text`, and not quoted. */
bool conf_word_is(const struct conf_word *word, const char *text);

/*
 * Reads a further file, which a directive names by `word`: a list of redirects, of users, of
 * networks. The path begins at the directory of the main configuration file. Each line is a
 * node in *out, linked by `next`: the first of its words is the name, the others are the
 * arguments. Words are separated by blanks, may stand in quotes, and "#" begins a comment
 * where a word could begin; lines without words are left out. conf_error() and conf_warn()
 * at a word of it show its file and its line:
 *
 *     skua: error: redirects.txt:17:5: expected a path that begins with "/"
 *
 * 0, or -EINVAL after the error was reported: the file cannot be read, or a quote is open.
 */
int conf_read_lines(struct conf_call *call, const struct conf_word *word,
		    const struct conf_node **out);

/* What a module makes of the lines of a file. */
struct lines_kind {
	size_t size; /* of the parsed form, which is zeroed before the first line */
	/*
	 * Adds a line to the form, whose memory comes from call->pool. 0, or -EINVAL after it has
	 * reported with conf_error() what is wrong. It is called in the workers, too, when the file
	 * has changed: so it may call conf_error(), conf_warn(), conf_word_is() and the
	 * conf_parse functions except those of templates, and nothing else of this header.
	 */
	int (*line)(struct conf_call *call, const struct conf_node *line, void *form);
};

/*
 * As conf_read_lines(), for a file that may change while the server runs: lines_form() (file.h)
 * gives its current form to a request. Each line is passed to kind->line(). The workers may open
 * this one file, with the sandbox, too, also when another file takes its name. *out belongs to the
 * configuration. 0, or -EINVAL after the errors were reported.
 */
struct lines;
int conf_lines(struct conf_call *call, const struct conf_word *word, const struct lines_kind *kind,
	       struct lines **out);

/*
 * Makes a path of the configuration absolute: conf_full_path() puts the prefix in front,
 * conf_relative_to_file() the directory of the main configuration file. An absolute path is
 * returned as it is. NUL follows.
 */
struct str conf_full_path(struct conf *conf, struct str path);
struct str conf_relative_to_file(struct conf *conf, struct str path);

/*
 * The full path for one that was given to configure (SKUA_HTTP_LOG_PATH …). If it lies below
 * the built-in prefix, it is moved below the prefix that the server was started with (-p).
 */
struct str conf_built_in_path(struct conf *conf, const char *path);

/*
 * Allows workers to open this file (a full path), or what lies below this directory, for
 * reading while they run: the sandbox lets them open nothing else. Not needed for what root
 * and alias name, and for what is opened while the configuration is read. For setters and
 * `check`.
 */
void conf_opens(struct conf_call *call, struct str path);

/*
 * Allows the helper of the call's module to create files below this directory (a full path) and
 * to write to them, if it has HELPER_WRITTEN_FILES (helper.h). For setters and `check`.
 */
void conf_writes(struct conf_call *call, struct str directory);

/*
 * For `check`: whether any request can meet the settings in call->data, which are those of a
 * server or of a block within it. No request meets the settings of an outer block if each
 * server has settings of its own.
 */
bool conf_serves(const struct conf_call *call);

/*
 * A struct of which each configuration has one (named formats, files to open …), in the
 * configuration's pool. It is zeroed at the first call, and found again by the key: the
 * address of any static object.
 */
void *conf_shared(struct conf *conf, const void *key, size_t size);

#endif
