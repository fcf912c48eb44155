/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes many lines to a log file. The lines are gathered, and written together at the end of
 * the loop's turn; with a buffer, when it is full or its oldest line is old enough. Each write
 * consists of whole lines.
 */
#ifndef SKUA_LOG_WRITER_H
#define SKUA_LOG_WRITER_H

#include <stdint.h>

#include <log.h>
#include <str.h>

struct coding;
struct conf_call;
struct log_writer;

/* How a file is written. All zeroes: lines are written at the end of the turn. */
struct log_writer_settings {
	size_t buffer; /* bytes that are held back; 0: only to the end of the turn */
	int64_t flush_ms; /* how long lines are held back at most; 0: for as long as it takes */
	const struct coding *coding; /* encodes each buffer as a stream of its own; NULL: none */
	int level; /* of the coding */
};

/*
 * The writer of a file: one for each, lives as long as the configuration. Callers without a
 * buffer share the buffer of others. NULL after reporting that another caller has given the same
 * file a buffer with other settings.
 */
struct log_writer *log_writer_create(struct conf_call *call, struct log_file *file,
				     const struct log_writer_settings *settings);

/*
 * Writes a line to `to`, not beyond `limit`. Returns its end, or NULL if there is too
 * little room.
 */
typedef char *log_line_put(char *to, const char *limit, void *data);

/*
 * Adds a line: calls `put`, which writes the line without its newline into the buffer, and
 * calls it again if it had too little room. If a full pipe takes nothing more, lines are
 * dropped, so that the loop does not block; they are counted, and reported when the pipe
 * takes lines again.
 */
void log_writer_add(struct log_writer *writer, log_line_put *put, void *data);

/*
 * Writes what the buffers of all writers of this process hold. To be called before the process
 * ends.
 */
void log_writer_flush_all(void);

/* The same, before the descriptors are replaced by those of reopened files. Calls the hooks. */
void log_writer_reopen(void);

/*
 * For a module that has log files beside those of log_writer_create(): reopened(data) is called
 * when the log files are opened again. The hook lies in the caller's memory, until it is removed.
 */
struct log_reopen_hook {
	void (*reopened)(void *data);
	void *data;
	struct log_reopen_hook *next, **link;
};

void log_reopen_hook_add(struct log_reopen_hook *hook);
void log_reopen_hook_remove(struct log_reopen_hook *hook);

#endif
