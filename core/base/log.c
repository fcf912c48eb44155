/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Formats lines of the error log and writes each with one write(2), so that
 * lines of several processes in one file don't mix. Contracts: include/log.h.
 */
#include <log.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/log_format.h"

/* Not more than PIPE_BUF: a pipe takes a line whole or not at all. */
enum { LINE_SIZE = 4096 };

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

void log_vwrite(const struct log *log, enum log_level level, int error, uint64_t conn,
		const char *format, va_list args)
{
	if (!log_enabled(log, level))
		return;

	int saved = errno;
	char line[LINE_SIZE];
	size_t len = put_head(line, sizeof(line), level, conn);

	len += log_vformat(line + len, sizeof(line) - len, format, args);
	if (error)
		len += log_format(line + len, sizeof(line) - len, " (%d: %s)", abs(error),
				  strerror(abs(error)));
	line[len++] = '\n'; /* in place of the NUL */
	for (; log; log = log->next)
		if (level <= log->level && log->fd >= 0 && write(log->fd, line, len) < 0)
			continue; /* the disk is full: there is no place to report that */
	errno = saved;
}

void log_write(const struct log *log, enum log_level level, int error, uint64_t conn,
	       const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_vwrite(log, level, error, conn, format, args);
	va_end(args);
}
