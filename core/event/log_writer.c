/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The buffers of log files.
 *
 *     log_writer_add()   adds a line to the buffer, and starts what calls flush(): the job
 *                        at_end, at the end of the turn, or the timer, after flush=
 *     flush()            writes what the buffer holds, or encodes it first (pack()) and writes
 *                        the result
 *
 * A write to a regular file is not expected to block. A write to a pipe or a terminal could
 * block the loop, so poll(2) is called first, and at most PIPE_BUF bytes are written at a
 * time, which a writable pipe takes without blocking.
 *
 * If a write stops within a line or within an encoded buffer, because the disk is full, the
 * rest of it is kept and written first later, so that what follows in the file can be read.
 */
#include <log_writer.h>

#include <coding.h>
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

/* Bytes that are to be written. */
struct chunk {
	char *bytes; /* allocated at the first use; NULL before */
	size_t size, used;
	uint64_t lines; /* that `used` stands for, if the bytes are encoded */
	bool is_begun; /* the bytes before these, of the same line or stream, were written */
};

struct log_writer {
	struct log_file *file;
	struct log_writer_settings settings;
	struct chunk plain; /* lines */
	struct chunk packed; /* the encoded form of lines that were in `plain` */
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

/* --- encoding ------------------------------------------------------------------ */

/* Doubles the chunk. False: there is no memory, or it has its largest size. */
static bool enlarge(struct chunk *chunk)
{
	size_t size = chunk->size ? 2 * chunk->size : LEAST_BUFFER;
	char *larger = size > LARGEST_BUFFER ? NULL : realloc(chunk->bytes, size);

	if (!larger)
		return false;
	chunk->bytes = larger;
	chunk->size = size;
	return true;
}

static uint64_t count_lines(struct str bytes)
{
	uint64_t lines = 0;

	for (size_t i = 0; i < bytes.len; i++)
		lines += bytes.data[i] == '\n';
	return lines;
}

/* Encodes all that `plain` holds as one stream, in `packed`, which is empty. 0 or -errno. */
static int pack(struct log_writer *writer)
{
	const struct coding *coding = writer->settings.coding;
	struct chunk *to = &writer->packed;
	struct str rest = { writer->plain.bytes, writer->plain.used };
	void *stream = coding->begin(writer->settings.level, (int64_t)rest.len);
	int result = stream ? 0 : -ENOMEM;

	to->lines = count_lines(rest);
	while (result == 0) {
		if (to->used == to->size && !enlarge(to)) {
			result = -ENOMEM;
			break;
		}

		char *end = to->bytes + to->used;

		result = coding->encode(stream, CODING_END, &rest, &end, to->bytes + to->size);
		to->used = (size_t)(end - to->bytes);
	}
	if (stream)
		coding->end(stream);
	writer->plain.used = 0;
	if (result > 0)
		return 0;
	writer->lost += to->lines;
	to->used = 0;
	return result;
}

/* --- writing ------------------------------------------------------------------- */

/* Each line is a message of its own, without its newline. */
static int write_messages(struct log_writer *writer, size_t *written)
{
	const struct chunk *from = &writer->plain;

	while (*written < from->used) {
		const char *line = from->bytes + *written;
		const char *end = memchr(line, '\n', from->used - *written);

		if (write(writer->file->fd, line, (size_t)(end - line)) < 0 && errno != EINTR)
			return -errno;
		*written = (size_t)(end + 1 - from->bytes);
	}
	return 0;
}

static int write_bytes(struct log_writer *writer, const struct chunk *from, size_t *written)
{
	while (*written < from->used) {
		size_t len = from->used - *written;

		if (writer->may_block) {
			struct pollfd status = { .fd = writer->file->fd, .events = POLLOUT };

			if (poll(&status, 1, 0) != 1)
				return -EAGAIN;
			if (len > PIPE_BUF)
				len = PIPE_BUF;
		}
		ssize_t n = write(writer->file->fd, from->bytes + *written, len);

		if (n < 0 && errno != EINTR)
			return -errno;
		*written += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

/* Writes as much as can be written without waiting; the rest stays. 0 or -errno. */
static int write_some(struct log_writer *writer, struct chunk *from)
{
	size_t written = 0;
	int error = writer->file->syslog ? write_messages(writer, &written) :
					   write_bytes(writer, from, &written);

	if (written > 0)
		from->is_begun = from == &writer->packed || from->bytes[written - 1] != '\n';
	from->used -= written;
	if (from->used)
		memmove(from->bytes, from->bytes + written, from->used);
	else
		from->is_begun = false;
	return error;
}

static int write_all(struct log_writer *writer)
{
	int error;

	if (!writer->settings.coding)
		return write_some(writer, &writer->plain);
	do {
		error = write_some(writer, &writer->packed);
		if (error == 0 && writer->plain.used)
			error = pack(writer);
	} while (error == 0 && writer->packed.used);
	return error;
}

/* Drops what cannot be written. What was begun stays if `keeps_begun`. */
static void drop(struct log_writer *writer, bool keeps_begun)
{
	struct chunk *plain = &writer->plain, *packed = &writer->packed;
	ssize_t end = str_chr((struct str){ plain->bytes, plain->used }, '\n');
	size_t kept = plain->is_begun && keeps_begun && end >= 0 ? (size_t)end + 1 : 0;

	writer->lost += count_lines((struct str){ plain->bytes + kept, plain->used - kept });
	plain->used = kept;
	plain->is_begun = kept > 0;
	if (!packed->used || (packed->is_begun && keeps_begun))
		return;
	writer->lost += packed->lines;
	packed->used = 0;
	packed->is_begun = false;
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

static void flush(struct log_writer *writer)
{
	struct stat status;

	timer_stop(&writer->timer);
	if (writer->file->fd < 0) {
		writer->plain.used = writer->packed.used = 0;
		return;
	}
	if (!writer->is_known) {
		writer->may_block = fstat(writer->file->fd, &status) < 0 ||
				    !S_ISREG(status.st_mode);
		writer->is_known = true;
	}

	int error = write_all(writer);

	if (error == -EAGAIN) {
		timer_start(&writer->timer, TRY_AGAIN_MS);
		return;
	}
	if (error)
		drop(writer, true);
	report(writer, error);
}

static void on_turn_end(struct job *job)
{
	flush((struct log_writer *)((char *)job - offsetof(struct log_writer, at_end)));
}

static void on_timer(void *data)
{
	flush(data);
}

/* The rest of what was begun is of no use in another file. */
static void end_file(struct log_writer *writer)
{
	flush(writer);
	if (writer->plain.is_begun || writer->packed.is_begun)
		drop(writer, false);
	writer->is_known = false;
}

void log_writer_flush_all(void)
{
	for (struct log_writer *writer = used_writers; writer; writer = writer->next)
		end_file(writer);
}

/* --- opening again --------------------------------------------------------------- */

static struct log_reopen_hook *reopen_hooks;

void log_reopen_hook_add(struct log_reopen_hook *hook)
{
	hook->next = reopen_hooks;
	hook->link = &reopen_hooks;
	if (hook->next)
		hook->next->link = &hook->next;
	reopen_hooks = hook;
}

void log_reopen_hook_remove(struct log_reopen_hook *hook)
{
	*hook->link = hook->next;
	if (hook->next)
		hook->next->link = hook->link;
}

void log_writer_reopen(void)
{
	log_writer_flush_all();
	for (struct log_reopen_hook *hook = reopen_hooks; hook; hook = hook->next)
		hook->reopened(hook->data);
}

/* --- lines --------------------------------------------------------------------- */

/* For the first line in this process: allocates the buffer. False: there is no memory. */
static bool begin(struct log_writer *writer)
{
	size_t buffer = writer->settings.buffer;

	writer->plain.size = buffer > LEAST_BUFFER ? buffer : LEAST_BUFFER;
	writer->plain.bytes = malloc(writer->plain.size);
	writer->timer = (struct timer){ .expired = on_timer, .data = writer };
	writer->at_end.run = on_turn_end;
	if (!writer->plain.bytes)
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
	struct chunk *lines = &writer->plain;
	char *begin = lines->bytes + lines->used;
	char *limit = lines->bytes + lines->size - 1; /* the newline's place */
	const struct log_syslog *syslog = writer->file->syslog;
	char *end = NULL;

	if (syslog && limit - begin > SYSLOG_HEAD_MAX)
		begin += syslog_put_head(begin, syslog, syslog->severity);
	if (begin <= limit && (!syslog || begin > lines->bytes + lines->used))
		end = put(begin, limit, data);

	if (!end)
		return false;
	*end++ = '\n';
	lines->used = (size_t)(end - lines->bytes);
	return true;
}

void log_writer_add(struct log_writer *writer, log_line_put *put, void *data)
{
	if (writer->file->fd < 0 || (!writer->plain.bytes && !begin(writer)))
		return;
	if (!add_line(writer, put, data)) {
		flush(writer);
		/* With an empty buffer, the line alone is too long: then a larger one helps. */
		while (!add_line(writer, put, data))
			if (writer->plain.used || !enlarge(&writer->plain)) {
				writer->lost++;
				/* A pipe is full. The timer writes later what the buffer holds. */
				if (writer->plain.used && !writer->is_failing) {
					log_errorx("lines are lost: \"%.*s\" takes no more, nobody "
						   "reads it or too slowly",
						   STR_ARG(writer->file->path));
					writer->is_failing = true;
				}
				return;
			}
	}
	const struct log_writer_settings *settings = &writer->settings;

	if (settings->buffer && settings->flush_ms && !timer_is_started(&writer->timer))
		timer_start(&writer->timer, settings->flush_ms);
	if (writer->plain.used >= settings->buffer)
		job_queue(&writer->at_end, STAGE_FINISH);
}

/* Called when the configuration ends. */
static void finish(void *data)
{
	struct log_writer *writer = data;

	if (!writer->plain.bytes)
		return;
	flush(writer);
	if (writer->plain.used || writer->packed.used) {
		drop(writer, false);
		report(writer, 0);
	}
	timer_stop(&writer->timer);
	job_cancel(&writer->at_end);
	*writer->link = writer->next;
	if (writer->next)
		writer->next->link = writer->link;
	free(writer->plain.bytes);
	free(writer->packed.bytes);
}

struct log_writer *log_writer_create(struct conf_call *call, struct log_file *file,
				     const struct log_writer_settings *settings)
{
	struct log_writer *writer = find_or_add(call, file);

	if (!writer->file) {
		writer->file = file;
		pool_cleanup(call->pool, finish, writer);
	}
	/* As in nginx: those that say nothing get what others say. */
	if (!settings->buffer)
		return writer;
	if (!writer->settings.buffer)
		writer->settings = *settings;
	if (writer->settings.buffer == settings->buffer &&
	    writer->settings.flush_ms == settings->flush_ms &&
	    writer->settings.coding == settings->coding &&
	    writer->settings.level == settings->level)
		return writer;
	conf_error(call, NULL,
		   "%.*s is written with other buffer=, flush= or gzip= elsewhere\nmake them equal",
		   STR_ARG(file->path));
	return NULL;
}
