/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The text of a configuration: its files, the directives in them as a tree of nodes, and the
 * messages about mistakes. Nothing here knows what a directive means; `include` is the only
 * one that is obeyed.
 */
#ifndef SKUA_CONFIG_SOURCE_SOURCE_H
#define SKUA_CONFIG_SOURCE_SOURCE_H

#include <conf.h>
#include <hash.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

/* A file that was read, or a text that takes the place of one (-g, defaults). */
struct conf_file {
	struct str name; /* in messages */
	struct str path; /* absolute; NUL follows */
	struct str content;
	unsigned index; /* in the order of reading */
	bool is_text; /* not a file of directives: -T leaves it out */
	bool reading; /* it is being read just now: it must not include itself */
};

enum message_kind {
	MESSAGE_ERROR,
	MESSAGE_WARNING,
	MESSAGE_NOT_SUPPORTED, /* an error that is no mistake */
};

enum { MESSAGES_KEPT = 100000 }; /* further ones are counted only */

struct conf_message {
	enum message_kind kind;
	struct conf_place place; /* file NULL: no place */
	unsigned number; /* in the order of finding */
	struct str text, hint;
	struct str subject; /* what is not supported; empty in others */

	/* Messages that are printed with this one. */
	struct conf_message *next_same, *last_same;
	unsigned same; /* how many follow */
	bool is_joined; /* it is one of those */
};

/* Set pool, path, name and messages_to, and the pool of files_by_path, to begin. */
struct conf_source {
	struct pool *pool; /* for all that is read, but nodes */
	struct pool *nodes; /* for the nodes and their arrays of words, whose texts are in `pool` */
	struct str path; /* of the main file, absolute */
	struct str name; /* of the main file in messages */
	FILE *messages_to; /* NULL: messages are counted only */
	bool is_json; /* they are printed for programs: objects with commas between them */

	struct conf_file **files;
	size_t file_count, file_capacity;
	struct hash_table files_by_path;
	unsigned include_depth, includes;
	bool unbalanced; /* braces do not match: blocks may not be what they seem */
	size_t stray_brace; /* 1 + index of the message about a "}" too many; 0: none */

	struct conf_message *messages;
	size_t message_count, message_capacity;
	unsigned errors, warnings;
	unsigned not_supported; /* among the errors */
	size_t printed;
	bool is_printed; /* messages_print() was called: later messages are printed at once */
};

/* --- files.c ------------------------------------------------------------- */

/* Adds a text that takes the place of a file. Both are borrowed. */
struct conf_file *file_of_text(struct conf_source *source, struct str name, struct str text);

/* Reads a file, once for each path; `name` is for messages. 0 and *out, or -errno. */
int file_read(struct conf_source *source, struct str path, struct str name,
	      struct conf_file **out);

/*
 * The path without names "." in it: "/a/./b" becomes "/a/b". Names ".." stay, since a
 * symbolic link may stand before them. The result is in the pool and has a NUL after it.
 */
struct str path_clean(struct pool *pool, struct str path);

/*
 * A path that is relative to the directory (with a slash at its end), cleaned; an absolute
 * path is returned as it is.
 */
struct str path_below(struct pool *pool, struct str directory, struct str path);

/* A path that is relative to the directory of the main file, made absolute. */
struct str path_beside_main(struct conf_source *source, struct str path);

/* --- tree.c, lines.c ----------------------------------------------------- */

/* The nodes of a file and of what it includes; NULL: there are none. Reports mistakes. */
struct conf_node *tree_read(struct conf_source *source, struct conf_file *file);

/* A node for each line of a file of lines, as conf_read_lines() (conf.h) describes them. */
struct conf_node *lines_read(struct conf_source *source, struct conf_file *file);

/* --- printable.c --------------------------------------------------------- */

/* The text with \xNN for the bytes that a terminal would obey or not understand. */
struct str printable(struct pool *pool, struct str text);

/* The bytes of the character at the front of s; 0: they are not valid UTF-8, or a control. */
size_t printable_len(struct str s);

/* --- message.c, print.c -------------------------------------------------- */

/*
 * Adds a message, which messages_print() prints. What follows the first newline of the format
 * is the hint. place.file NULL: the message is about the whole configuration.
 */
void message_add(struct conf_source *source, enum message_kind kind, struct conf_place place,
		 const char *format, ...) __attribute__((format(printf, 4, 5)));
void message_vadd(struct conf_source *source, enum message_kind kind, struct conf_place place,
		  const char *format, va_list args);

/* The same for what is not supported: the word is the name of it. */
void message_not_supported(struct conf_source *source, const struct conf_word *word,
			   const char *format, va_list args);

/* The place just behind a word, where something is missing. */
struct conf_place place_behind(const struct conf_word *word);

/* Takes back all messages but the first `count`. */
void messages_forget(struct conf_source *source, size_t count);

/* Takes back the message with this index, since another one explains the mistake better. */
void message_drop(struct conf_source *source, size_t index);

/* Prints the messages in the order of the files; each later one is printed at once. */
void messages_print(struct conf_source *source);

/* Prints one message. */
void message_print(struct conf_source *source, const struct conf_message *message);

#endif
