/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Formats lines of the error log and writes each with one write(2), so that
 * lines of several processes in one file don't mix. Contracts: include/log.h.
 */
#include <log.h>

#include <date.h>
#include <errno.h>
#include <json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/log_format.h"
#include "base/log_ring.h"
#include "base/syslog.h"

/* Not more than PIPE_BUF: a pipe takes a line whole or not at all. */
enum { LINE_SIZE = 4096, LAST_FIELD_EXTRA = 32 };

static const char *const level_names[] = {
	[LEVEL_EMERG] = "emerg", [LEVEL_ALERT] = "alert",   [LEVEL_CRIT] = "crit",
	[LEVEL_ERROR] = "error", [LEVEL_WARN] = "warn",	    [LEVEL_NOTICE] = "notice",
	[LEVEL_INFO] = "info",	 [LEVEL_DEBUG] = "debug",
};

static const struct log log_stderr = { .fd = STDERR_FILENO, .level = LEVEL_NOTICE };

const struct log *log_process = &log_stderr;

static size_t put_head(char *to, size_t size, enum log_level level, uint64_t conn)
{
	time_t now = time(NULL);
	struct tm tm;

	localtime_r(&now, &tm);
	size_t len = log_format(to, size, "%04d/%02d/%02d %02d:%02d:%02d [%s] %d#%d: ",
				tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min,
				tm.tm_sec, level_names[level], getpid(), (int)syscall(SYS_gettid));
	if (conn)
		len += log_format(to + len, size - len, "*%llu ", (unsigned long long)conn);
	return len;
}

/*
 * The line as text, with a NUL at its end. Returns its length. Long values do not push the last
 * field, which is short (the request's id), out of the line.
 */
static size_t put_line(char *line, size_t size, enum log_level level, uint64_t conn,
		       const char *message, const struct log_fields *fields)
{
	const struct log_field *last = fields ? &fields->items[fields->count - 1] : NULL;
	size_t kept = last ? last->value.len + LAST_FIELD_EXTRA : 0;
	size_t len = put_head(line, size, level, conn);

	size -= kept;
	len += log_format(line + len, size - len, "%s", message);
	for (size_t i = 0; fields && i < fields->count; i++) {
		const struct log_field *field = &fields->items[i];

		size += field == last ? kept : 0;

		len += log_format(line + len, size - len,
				  field->is_quoted ? ", %s: \"%.*s\"" : ", %s: %.*s",
				  field->name, STR_ARG(field->value));
	}
	return len;
}

/* --- lines for programs ------------------------------------------------------- */

static char *try_member(char *to, const char *limit, const char *name, struct str value)
{
	struct str key = str_from(name);

	if ((size_t)(limit - to) < key.len + sizeof(",\"\":\"\""))
		return NULL;
	to = str_put(str_put(str_put(to, STR(",\"")), key), STR("\":\""));
	to = json_put(to, limit - 1, value);
	if (to)
		*to++ = '"';
	return to;
}

/* A value that is too long is cut, so that the line stays an object of JSON. */
static char *put_member(char *to, const char *limit, const char *name, struct str value)
{
	for (size_t len = value.len; len; len /= 2) {
		char *end = try_member(to, limit, name, str_head(value, len));

		if (end)
			return end;
	}
	return to;
}

static size_t put_json_line(char *line, size_t size, enum log_level level, uint64_t conn,
			    const char *message, const struct log_fields *fields)
{
	char *to = line, *limit = line + size - 2;

	to = date_put_iso8601(str_put(to, STR("{\"time\":\"")), time(NULL));
	to += sprintf(to, "\",\"level\":\"%s\",\"pid\":%d", level_names[level], getpid());
	if (conn)
		to += sprintf(to, ",\"connection\":%llu", (unsigned long long)conn);
	to = put_member(to, limit, "message", str_from(message));
	for (size_t i = 0; fields && i < fields->count; i++)
		to = put_member(to, limit, fields->items[i].name, fields->items[i].value);
	*to++ = '}';
	return (size_t)(to - line);
}

/* A message has no newline, and all of it is one write. */
static void write_message(const struct log *log, enum log_level level, const char *line, size_t len)
{
	char message[SYSLOG_HEAD_MAX + LINE_SIZE];
	size_t head = syslog_put_head(message, log->syslog, (int)level);

	memcpy(message + head, line, len - 1);
	if (write(log->fd, message, head + len - 1) < 0)
		return; /* the message is lost, and there is no other place to report that */
}

/* --- writing -------------------------------------------------------------------- */

void log_message(const struct log *log, enum log_level level, uint64_t conn, const char *message,
		 const struct log_fields *fields)
{
	char text[LINE_SIZE], json[LINE_SIZE];
	size_t text_len = 0, json_len = 0;
	int saved = errno;

	for (; log; log = log->next) {
		char *line = log->is_json ? json : text;
		size_t *len = log->is_json ? &json_len : &text_len;

		if (level > log->level || log->fd < 0)
			continue;
		if (*len == 0) {
			*len = log->is_json ? put_json_line(line, LINE_SIZE, level, conn, message,
							    fields) :
					      put_line(line, LINE_SIZE, level, conn, message,
						       fields);
			line[(*len)++] = '\n'; /* in place of the NUL */
		}
		if (log->ring)
			log_ring_put(log->ring, (struct str){ line, *len - 1 });
		else if (log->syslog)
			write_message(log, level, line, *len);
		else if (write(log->fd, line, *len) < 0)
			continue; /* the disk is full: there is no place to report that */
	}
	errno = saved;
}

void log_vwrite(const struct log *log, enum log_level level, int error, uint64_t conn,
		const char *format, va_list args)
{
	char message[LINE_SIZE];

	if (!log_enabled(log, level))
		return;

	size_t len = log_vformat(message, sizeof(message), format, args);

	if (error)
		log_format(message + len, sizeof(message) - len, " (%d: %s)", abs(error),
			   strerror(abs(error)));
	log_message(log, level, conn, message, NULL);
}

void log_write(const struct log *log, enum log_level level, int error, uint64_t conn,
	       const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_vwrite(log, level, error, conn, format, args);
	va_end(args);
}
