/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Log files whose names have variables in them: access_log logs/$host.log. The part before the
 * first variable, up to its last slash, is the directory, and what follows is the name below it.
 */
#ifndef SKUA_LOG_PATHS_H
#define SKUA_LOG_PATHS_H

#include <module.h>

enum { LOG_NAME_MAX = 1024 }; /* bytes of a name below the directory */

/* A path of the configuration. */
struct log_path {
	struct str text; /* as it is written, for messages */
	struct str directory; /* full; NUL follows */
	const struct template *name; /* below the directory */
	uint32_t number; /* among all of the configuration */
	struct log_path *next;

	/* In a worker. */
	uint64_t lost; /* lines that were dropped and not reported yet */
	int64_t said_ms; /* when the reason was reported last */
	struct timer report; /* says how many lines were lost */
};

/* All paths of a configuration. */
struct log_paths {
	struct log_path *first;
	uint32_t count;
};

/* open_log_file_cache, and the files that are open by it in a worker. */
struct log_cache {
	int64_t max; /* 0: off, each file is closed when its lines are written */
	struct duration inactive, valid;
	int64_t min_uses;
	struct log_files *files; /* NULL: none was opened yet */
};

/* The paths of the configuration that is being read. */
struct log_paths *log_paths_of(struct conf *conf);

/* Notes a path for the directive of the call. NULL after an error was reported. */
struct log_path *log_path_add(struct conf_call *call, const struct conf_word *word);

/*
 * Adds a line, which `put` writes, to the file that the path names for this request. If the
 * file is not open, the helper is asked for it, and the line is written when it has answered.
 * Lines that cannot be written are counted, and the error log says how many there were.
 */
void log_path_write(struct request *req, struct log_path *path, struct log_cache *cache,
		    log_line_put *put, void *data);

/* At the end of the worker: closes all files, and reports the lines that are lost. */
void log_files_finish(struct log_paths *paths);

/* What a question to the helper consists of. A hostile worker may have sent it. */
struct log_question {
	uint32_t number; /* of the path */
	struct str root; /* of the request; NUL follows */
	struct str name; /* below the path's directory; NUL follows */
};

/* Writes the question; returns its length. It has room for LOG_QUESTION_MAX bytes. */
enum { LOG_QUESTION_MAX = 8192 };
size_t log_question_write(char *to, const struct log_question *question);
bool log_question_read(struct str from, struct log_question *question);

/* The process that opens the files. */
extern const struct helper log_opener;

#endif
