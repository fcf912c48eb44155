/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The buffers of log files.
 *
 *     log_writer_add()   adds a line to the buffer, and starts what calls flush(): the job
 *                        at_end, at the end of the turn, or the timer, after flush=
 *     flush()            writes what the buffer holds
 *
 * A write to a regular file is not expected to block. A write to a pipe or a terminal could
 * block the loop, so poll(2) is called first, and at most PIPE_BUF bytes are written at a
 * time, which a writable pipe takes without blocking.
 */
#include <log_writer.h>

#include <conf.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/syslog.h"
#include "event/loop.h"

enum {
	LEAST_BUFFER = 64 * 1024,
	LARGEST_BUFFER = 16 * 1024 * 1024, /* that one line may need */
	TRY_AGAIN_MS = 50, /* a pipe that was full */
};

struct log_writer {
	struct log_file *file;
	size_t buffer; /* as configured; 0: lines are held until the end of the turn */
	int64_t flush_ms;
	char *bytes; /* allocated for the first line; NULL before */
	size_t size, used;
	bool is_known; /* may_block is that of the file that is open now */
	bool may_block; /* not a regular file */
	bool is_failing; /* the last write went wrong, and was reported */
	uint64_t lost; /* lines that were dropped and not reported yet */
	struct timer timer;
	struct job at_end; /* flushes at the end of the turn */
	struct log_writer *next, **link; /* in the list of used ones */
};

/* The writers that this process has used; they have a buffer. */
static struct log_writer *used_writers;

/* The writers of a configuration. */
struct writers {
	struct writer_entry {
		struct log_writer writer;
		struct writer_entry *next;
	} *first;
};

/* The writer of a file in this configuration. It is made, zeroed, if there is none yet. */
static struct log_writer *find_or_add(struct conf_call *call, struct log_file *file)
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

/* Each line is a message of its own, without its newline. */
static int write_messages(struct log_writer *writer, size_t *written)
{
	while (*written < writer->used) {
		const char *line = writer->bytes + *written;
		const char *end = memchr(line, '\n', writer->used - *written);

		if (write(writer->file->fd, line, (size_t)(end - line)) < 0 && errno != EINTR)
			return -errno;
		*written = (size_t)(end + 1 - writer->bytes);
	}
	return 0;
}

/* Writes as much as can be written without waiting; the rest stays. */
static int write_some(struct log_writer *writer, size_t *written)
{
	if (writer->file->syslog)
		return write_messages(writer, written);
	while (*written < writer->used) {
		size_t len = writer->used - *written;

		if (writer->may_block) {
			struct pollfd status = { .fd = writer->file->fd, .events = POLLOUT };

			if (poll(&status, 1, 0) != 1)
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
		log_alertc(error, "lines are lost: writing to \"%.*s\" failed",
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

static void on_turn_end(struct job *job)
{
	flush((struct log_writer *)((char *)job - offsetof(struct log_writer, at_end)));
}

static void on_timer(void *data)
{
	flush(data);
}

void log_writer_flush_all(void)
{
	for (struct log_writer *writer = used_writers; writer; writer = writer->next) {
		flush(writer);
		writer->is_known = false;
	}
}

/* For the first line in this process: allocates the buffer. False: there is no memory. */
static bool begin(struct log_writer *writer)
{
	writer->size = writer->buffer > LEAST_BUFFER ? writer->buffer : LEAST_BUFFER;
	writer->bytes = malloc(writer->size);
	writer->timer = (struct timer){ .expired = on_timer, .data = writer };
	writer->at_end.run = on_turn_end;
	if (!writer->bytes)
		return false;
	writer->next = used_writers;
	writer->link = &used_writers;
	if (used_writers)
		used_writers->link = &writer->next;
	used_writers = writer;
	return true;
}

static bool add_line(struct log_writer *writer, log_line_put *put, void *data)
{
	char *begin = writer->bytes + writer->used;
	char *limit = writer->bytes + writer->size - 1; /* the newline's place */
	const struct log_syslog *syslog = writer->file->syslog;
	char *end = NULL;

	if (syslog && limit - begin > SYSLOG_HEAD_MAX)
		begin += syslog_put_head(begin, syslog, syslog->severity);
	if (begin <= limit && (!syslog || begin > writer->bytes + writer->used))
		end = put(begin, limit, data);

	if (!end)
		return false;
	*end++ = '\n';
	writer->used = (size_t)(end - writer->bytes);
	return true;
}

/*
 * Doubles the buffer if it is empty, so that the line alone is too long for it. Returns false
 * if it is not empty, or cannot be larger.
 */
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
				/* A pipe is full. The timer writes later what the buffer holds. */
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

/* Called when the configuration ends. */
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
	struct log_writer *writer = find_or_add(call, file);

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
