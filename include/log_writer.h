/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lines to a log file, many of them. They are gathered and leave by one write
 * at the end of the loop's turn, or when a buffer that was asked for is full or
 * old enough. A write has whole lines only.
 */
#ifndef SKUA_LOG_WRITER_H
#define SKUA_LOG_WRITER_H

#include <stdint.h>

#include <log.h>
#include <str.h>

struct conf_call;
struct log_writer;

/*
 * The writer of a file: one for each, lives as long as the configuration.
 * `buffer` bytes are held back, but not longer than flush_ms (0: for as long as
 * it takes); buffer 0: only to the end of the turn. NULL after reporting that
 * the same file has a writer with other settings.
 */
struct log_writer *log_writer_create(struct conf_call *call, struct log_file *file, size_t buffer,
				     int64_t flush_ms);

/*
 * Puts a line to `to`, not beyond `limit`, and returns its end; NULL when there is
 * too little room.
 */
typedef char *log_line_put(char *to, const char *limit, void *data);

/*
 * Adds the line that `put` writes in place (a newline is added); it is called again
 * after room was made. A file that takes nothing more (a full pipe) loses lines
 * rather than stop the loop; what was lost is counted and reported once it goes on.
 */
void log_writer_add(struct log_writer *writer, log_line_put *put, void *data);

/*
 * Writes what is held back, in all writers of this process: before it ends, and
 * before other files are put behind the descriptors.
 */
void log_writer_flush_all(void);

#endif
