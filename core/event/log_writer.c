/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The buffers of log files. A regular file is simply written to. Writing to a pipe or a
 * terminal could stop the loop, so poll(2) is asked first, and at most PIPE_BUF bytes are
 * written at a time: that many a writable pipe takes without waiting.
 */
#include <log_writer.h>

#include <conf.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "event/loop.h"

enum {
	LEAST_BUFFER = 64 * 1024,
	LARGEST_BUFFER = 16 * 1024 * 1024, /* that one line may need */
	TRY_AGAIN_MS = 50, /* a pipe that was full */
};

struct log_writer {
	struct log_file *file;
	size_t buffer; /* as configured; 0: to the end of the turn */
	int64_t flush_ms;
	char *bytes; /* made at the first line */
	size_t size, used;
	bool is_known; /* may_block is known of the file behind the descriptor */
	bool may_block; /* not a regular file */
	bool is_failing; /* the last write went wrong, and was reported */
	uint64_t lost; /* lines */
	struct timer timer;
	struct job at_end; /* of the turn */
	struct log_writer *next, **link; /* among those that have begun */
};

/* Those of this process that have had a line. */
static struct log_writer *begun;

/* The writers of a configuration. */
struct writers {
	struct writer_entry {
		struct log_writer writer;
		struct writer_entry *next;
	} *first;
};

static struct log_writer *all_of(struct conf_call *call, struct log_file *file)
{
	static const char key;
	struct writers *writers = conf_shared(call->conf, &key, sizeof(*writers));

	for (struct writer_entry *entry = writers->first; entry; entry = entry->next)
		if (entry->writer.file == file)
			return &entry->writer;

	struct writer_entry *entry = pool_new(call->pool, struct writer_entry);

	entry->next = writers->first;
	writers->first = entry;
	return &entry->writer;
}

/* Writes as much as can be written without waiting; the rest stays. */
static int write_some(struct log_writer *writer, size_t *written)
{
	while (*written < writer->used) {
		size_t len = writer->used - *written;

		if (writer->may_block) {
			struct pollfd ask = { .fd = writer->file->fd, .events = POLLOUT };

			if (poll(&ask, 1, 0) != 1)
				return -EAGAIN;
			if (len > PIPE_BUF)
				len = PIPE_BUF;
		}
		ssize_t n = write(writer->file->fd, writer->bytes + *written, len);

		if (n < 0 && errno != EINTR)
			return -errno;
		*written += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

/* After a write: `error` is 0, or the -errno with which it failed. */
static void report(struct log_writer *writer, int error)
{
	if (error && !writer->is_failing)
		log_write(log_process, LEVEL_ALERT, -error, 0,
			  "lines are lost: writing to \"%.*s\" failed",
			  STR_ARG(writer->file->path));
	if (!error && writer->lost) {
		log_warnx("%llu lines for \"%.*s\" were lost", (unsigned long long)writer->lost,
			  STR_ARG(writer->file->path));
		writer->lost = 0;
	}
	writer->is_failing = error != 0;
}

static uint64_t count_lines(const char *bytes, size_t len)
{
	uint64_t lines = 0;

	for (size_t i = 0; i < len; i++)
		lines += bytes[i] == '\n';
	return lines;
}

static void flush(struct log_writer *writer)
{
	size_t written = 0;
	struct stat status;

	if (!writer->is_known) {
		writer->may_block = fstat(writer->file->fd, &status) < 0 ||
				    !S_ISREG(status.st_mode);
		writer->is_known = true;
	}

	int error = writer->file->fd >= 0 ? write_some(writer, &written) : 0;

	timer_stop(&writer->timer);
	if (error == -EAGAIN) {
		memmove(writer->bytes, writer->bytes + written, writer->used - written);
		writer->used -= written;
		timer_start(&writer->timer, TRY_AGAIN_MS);
		return;
	}
	if (error)
		writer->lost += count_lines(writer->bytes + written, writer->used - written);
	report(writer, error);
	writer->used = 0;
}

static void turn_ends(struct job *job)
{
	flush((struct log_writer *)((char *)job - offsetof(struct log_writer, at_end)));
}

static void held_long_enough(void *data)
{
	flush(data);
}

void log_writer_flush_all(void)
{
	for (struct log_writer *writer = begun; writer; writer = writer->next) {
		flush(writer);
		writer->is_known = false;
	}
}

/* The first line in this process: the memory, and a place at the end of the turn. */
static bool begin(struct log_writer *writer)
{
	writer->size = writer->buffer > LEAST_BUFFER ? writer->buffer : LEAST_BUFFER;
	writer->bytes = malloc(writer->size);
	writer->timer = (struct timer){ .expired = held_long_enough, .data = writer };
	writer->at_end.run = turn_ends;
	if (!writer->bytes)
		return false;
	writer->next = begun;
	writer->link = &begun;
	if (begun)
		begun->link = &writer->next;
	begun = writer;
	return true;
}

static bool add_line(struct log_writer *writer, log_line_put *put, void *data)
{
	char *begin = writer->bytes + writer->used;
	char *limit = writer->bytes + writer->size - 1; /* the newline's place */
	char *end = begin <= limit ? put(begin, limit, data) : NULL;

	if (!end)
		return false;
	*end++ = '\n';
	writer->used = (size_t)(end - writer->bytes);
	return true;
}

/* A buffer of twice the size, if it is the line that is too long. */
static bool grow(struct log_writer *writer)
{
	size_t size = 2 * writer->size;
	char *larger = writer->used || size > LARGEST_BUFFER ? NULL : malloc(size);

	if (!larger)
		return false;
	free(writer->bytes);
	writer->bytes = larger;
	writer->size = size;
	return true;
}

void log_writer_add(struct log_writer *writer, log_line_put *put, void *data)
{
	if (writer->file->fd < 0 || (!writer->bytes && !begin(writer)))
		return;
	if (!add_line(writer, put, data)) {
		flush(writer);
		while (!add_line(writer, put, data))
			if (!grow(writer)) {
				writer->lost++;
				/* A pipe is full. A timer tries again to write what is held. */
				if (writer->used && !writer->is_failing) {
					log_errorx("lines are lost: \"%.*s\" takes no more, nobody "
						   "reads it or too slowly",
						   STR_ARG(writer->file->path));
					writer->is_failing = true;
				}
				return;
			}
	}
	if (writer->buffer && writer->flush_ms && !timer_is_started(&writer->timer))
		timer_start(&writer->timer, writer->flush_ms);
	if (writer->used >= writer->buffer)
		job_queue(&writer->at_end, STAGE_FINISH);
}

/* The configuration ends. */
static void finish(void *data)
{
	struct log_writer *writer = data;

	if (!writer->bytes)
		return;
	flush(writer);
	if (writer->used) {
		writer->lost += count_lines(writer->bytes, writer->used);
		report(writer, 0);
	}
	timer_stop(&writer->timer);
	job_cancel(&writer->at_end);
	*writer->link = writer->next;
	if (writer->next)
		writer->next->link = writer->link;
	free(writer->bytes);
}

struct log_writer *log_writer_create(struct conf_call *call, struct log_file *file, size_t buffer,
				     int64_t flush_ms)
{
	struct log_writer *writer = all_of(call, file);

	if (!writer->file) {
		writer->file = file;
		writer->buffer = buffer;
		writer->flush_ms = flush_ms;
		pool_cleanup(call->pool, finish, writer);
	}
	if (writer->buffer == buffer && writer->flush_ms == flush_ms)
		return writer;
	conf_error(call, NULL,
		   "%.*s is written with other buffer= or flush= elsewhere\nmake them equal",
		   STR_ARG(file->path));
	return NULL;
}
