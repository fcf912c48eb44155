/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The error log. A line is "2026/11/22 19:47:10 [error] PID#TID: *CONN message",
 * as nginx writes it, so that the tools which read that log go on working.
 *
 * log_warn() and its kin write to the log of this process. Where an error is known
 * they end the message with its number and text, " (13: Permission denied)". Inside a
 * request use request_log() (request.h): it knows the log of the location and adds
 * client, server and request.
 */
#ifndef SKUA_LOG_H
#define SKUA_LOG_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#include <str.h>

struct conf_call;
struct log_ring;
struct log_syslog;

enum log_level {
	LEVEL_EMERG, /* the server cannot start or go on */
	LEVEL_ALERT, /* a defect of our own, or a lost process */
	LEVEL_CRIT,
	LEVEL_ERROR, /* a request failed through no fault of the client */
	LEVEL_WARN,
	LEVEL_NOTICE, /* what processes do: start, reload, end */
	LEVEL_INFO, /* what clients do wrong */
	LEVEL_DEBUG,
};

/*
 * One destination with its threshold. An error_log directive makes one; `next`
 * is a further destination of the same block.
 */
struct log {
	int fd; /* opened by the master; -1: nowhere */
	enum log_level level; /* the least important level that is written */
	bool is_json; /* each line is an object of JSON */
	const struct log_syslog *syslog; /* lines are messages for it; NULL: fd is a file */
	struct log_ring *ring; /* lines stay in this memory, whose descriptor is fd; or NULL */
	const struct log *next;
};

/*
 * A file that lines are written to as long as a configuration lives. The master
 * opens it before the workers start and again at the signal USR1; the number of
 * the descriptor stays. -1: not opened (`skua -t`).
 */
struct log_file {
	struct str path; /* full; NUL follows */
	int fd; /* for appending; /dev/stdout and /dev/stderr: the inherited ones */
	const struct log_syslog *syslog; /* each write is a message for it; NULL: it is a file */
};

/*
 * For a directive whose first word names a log file: notes the path (relative ones below
 * the prefix, "" is stderr), or "syslog:…". The same file for the same path. Lives as long as
 * the configuration. NULL after an error in the parameters of syslog was reported.
 */
struct log_file *conf_log_file(struct conf_call *call, struct str path);

/* The log of this process; standard error at level notice until set. */
extern const struct log *log_process;

static inline bool log_enabled(const struct log *log, enum log_level level)
{
	for (; log; log = log->next)
		if (level <= log->level && log->fd >= 0)
			return true;
	return false;
}

/*
 * Writes one line. error: a number of errno(3) or its negative; 0: no error text. conn 0:
 * no connection number. The line is cut at 4 KiB. In values of %s control characters and
 * what is no UTF-8 are written as \xNN, and so is a '"' where the conversion stands between
 * quotes: write "\"%s\"" for what a client has sent, and for names of files. Blocks at most in
 * write(2), reports no failure, and preserves errno.
 */
void log_write(const struct log *log, enum log_level level, int error, uint64_t conn,
	       const char *format, ...) __attribute__((format(printf, 5, 6)));
void log_vwrite(const struct log *log, enum log_level level, int error, uint64_t conn,
		const char *format, va_list args);

/*
 * To the process's log: log_warn() with the text of errno, log_warnc() with that of an
 * error which a function has returned (EIO and -EIO mean the same), log_warnx() without.
 */
#define log_emerg(...)	       log_write(log_process, LEVEL_EMERG, errno, 0, __VA_ARGS__)
#define log_emergc(error, ...) log_write(log_process, LEVEL_EMERG, error, 0, __VA_ARGS__)
#define log_emergx(...)	       log_write(log_process, LEVEL_EMERG, 0, 0, __VA_ARGS__)
#define log_alert(...)	       log_write(log_process, LEVEL_ALERT, errno, 0, __VA_ARGS__)
#define log_alertc(error, ...) log_write(log_process, LEVEL_ALERT, error, 0, __VA_ARGS__)
#define log_alertx(...)	       log_write(log_process, LEVEL_ALERT, 0, 0, __VA_ARGS__)
#define log_crit(...)	       log_write(log_process, LEVEL_CRIT, errno, 0, __VA_ARGS__)
#define log_critc(error, ...)  log_write(log_process, LEVEL_CRIT, error, 0, __VA_ARGS__)
#define log_critx(...)	       log_write(log_process, LEVEL_CRIT, 0, 0, __VA_ARGS__)
#define log_error(...)	       log_write(log_process, LEVEL_ERROR, errno, 0, __VA_ARGS__)
#define log_errorc(error, ...) log_write(log_process, LEVEL_ERROR, error, 0, __VA_ARGS__)
#define log_errorx(...)	       log_write(log_process, LEVEL_ERROR, 0, 0, __VA_ARGS__)
#define log_warn(...)	       log_write(log_process, LEVEL_WARN, errno, 0, __VA_ARGS__)
#define log_warnc(error, ...)  log_write(log_process, LEVEL_WARN, error, 0, __VA_ARGS__)
#define log_warnx(...)	       log_write(log_process, LEVEL_WARN, 0, 0, __VA_ARGS__)
#define log_notice(...)	       log_write(log_process, LEVEL_NOTICE, 0, 0, __VA_ARGS__)
#define log_info(...)	       log_write(log_process, LEVEL_INFO, 0, 0, __VA_ARGS__)
#define log_debug(...)                                                          \
	do {                                                                    \
		if (log_enabled(log_process, LEVEL_DEBUG))                      \
			log_write(log_process, LEVEL_DEBUG, 0, 0, __VA_ARGS__); \
	} while (0)

#include <errno.h>

#endif
