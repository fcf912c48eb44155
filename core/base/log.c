/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Formats lines of the error log and writes each with one write(2), so that
 * lines of several processes in one file don't mix. Contracts: include/log.h.
 */
#include <log.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { LINE_SIZE = 2048 };

static const char *const level_names[] = {
	[LEVEL_EMERG] = "emerg", [LEVEL_ALERT] = "alert",   [LEVEL_CRIT] = "crit",
	[LEVEL_ERROR] = "error", [LEVEL_WARN] = "warn",	    [LEVEL_NOTICE] = "notice",
	[LEVEL_INFO] = "info",	 [LEVEL_DEBUG] = "debug",
};

static const struct log log_stderr = { .fd = STDERR_FILENO, .level = LEVEL_NOTICE };

const struct log *log_process = &log_stderr;

/* What does not fit is cut off; `end` stays inside the line. */
struct line {
	char text[LINE_SIZE];
	size_t len;
};

static void __attribute__((format(printf, 2, 0)))
append_args(struct line *line, const char *format, va_list args)
{
	size_t room = LINE_SIZE - 1 - line->len; /* one byte stays for the newline */
	int len = vsnprintf(line->text + line->len, room, format, args);

	if (len > 0)
		line->len += (size_t)len < room ? (size_t)len : room - 1;
}

static void __attribute__((format(printf, 2, 3)))
append(struct line *line, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	append_args(line, format, args);
	va_end(args);
}

/* Control bytes come from clients and could forge lines or move a terminal's cursor. */
static void append_escaped(struct line *line, const char *text)
{
	for (; *text && line->len < LINE_SIZE - 6; text++) {
		unsigned char c = (unsigned char)*text;

		if (c < 0x20 || c == 0x7f)
			append(line, "\\x%02X", c);
		else
			line->text[line->len++] = (char)c;
	}
}

static void append_head(struct line *line, enum log_level level, uint64_t conn)
{
	time_t now = time(NULL);
	struct tm tm;

	localtime_r(&now, &tm);
	append(line, "%04d/%02d/%02d %02d:%02d:%02d [%s] %d#%d: ", tm.tm_year + 1900,
	       tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, level_names[level],
	       getpid(), (int)syscall(SYS_gettid));
	if (conn)
		append(line, "*%llu ", (unsigned long long)conn);
}

void log_vwrite(const struct log *log, enum log_level level, int errnum, uint64_t conn,
		const char *format, va_list args)
{
	if (!log_enabled(log, level))
		return;

	int saved = errno;
	char message[LINE_SIZE];
	struct line line = { .len = 0 };

	vsnprintf(message, sizeof(message), format, args);
	append_head(&line, level, conn);
	append_escaped(&line, message);
	if (errnum)
		append(&line, " (%d: %s)", errnum, strerrordesc_np(errnum));
	line.text[line.len++] = '\n';
	for (; log; log = log->next)
		if (level <= log->level && log->fd >= 0 &&
		    write(log->fd, line.text, line.len) < 0)
			continue; /* a full disk: there is nowhere left to say so */
	errno = saved;
}

void log_write(const struct log *log, enum log_level level, int errnum, uint64_t conn,
	       const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_vwrite(log, level, errnum, conn, format, args);
	va_end(args);
}
