/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * printf() for messages of a log. The format is the program's, the values may come from a
 * client. A value cannot end the line or the quotes that it stands in, so a client cannot
 * forge a line or a part of one.
 */
#ifndef SKUA_BASE_LOG_FORMAT_H
#define SKUA_BASE_LOG_FORMAT_H

#include <log.h>
#include <stdarg.h>
#include <stddef.h>

/* The most bytes that a value between quotes takes; "..." stands for what was cut off. */
#define LOG_VALUE_MAX 1000

/*
 * Writes at most size - 1 bytes and a NUL; returns how many bytes were written
 * without it. The conversions are those of printf(3) but %n, %a and wide characters;
 * %s ignores a width.
 *
 * Bytes of %s and %c are written as \xNN if they are control characters (C1 as well) or not
 * valid UTF-8. A '"' is written as \x22 if the conversion stands between quotes in the format:
 * "\"%s\"". A value outside of quotes keeps its '"', so that a message can be made of other
 * messages. A format must therefore put quotes around each value that a client has sent.
 */
size_t log_format(char *to, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
size_t log_vformat(char *to, size_t size, const char *format, va_list args)
	__attribute__((format(printf, 3, 0)));

/*
 * What a line of the error log says beside its message: "…, client: 192.0.2.1, request:
 * "GET / HTTP/1.1"", or further members of the object.
 */
struct log_field {
	const char *name;
	struct str value;
	bool is_quoted;
};

struct log_fields {
	const struct log_field *items;
	size_t count; /* at least 1; the value of the last one has at most 100 bytes */
};

/*
 * Writes a line with a message that log_format() has made, and fields (NULL: none). A line is
 * cut at 4 KiB; one of JSON has shorter values then. Preserves errno.
 */
void log_message(const struct log *log, enum log_level level, uint64_t conn, const char *message,
		 const struct log_fields *fields);

#endif
