/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * All writers share one open file and with it the position: nobody writes over
 * another's lines.
 */
#include "process/server/report.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { REPORT_MAX = 256 * 1024 };

static int file = -1;

void report_begin(void)
{
	report_leave();
	file = memfd_create("report", MFD_CLOEXEC);
}

int report_fd(void)
{
	return file;
}

void report_put(struct str text)
{
	while (file >= 0 && text.len) {
		ssize_t n = write(file, text.data, text.len);

		if (n <= 0)
			return;
		text = str_skip(text, (size_t)n);
	}
}

void report_printf(const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	int len = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	report_put(str_head((struct str){ text, (size_t)len }, sizeof(text) - 1));
}

char *report_end(void)
{
	off_t size = file >= 0 ? lseek(file, 0, SEEK_END) : 0;
	size_t len = size < REPORT_MAX ? (size_t)size : REPORT_MAX;
	char *text = size > 0 ? malloc(len + 1) : NULL;

	if (text) {
		ssize_t n = pread(file, text, len, 0);
		text[n > 0 ? n : 0] = '\0';
	}
	report_leave();
	return text;
}

void report_leave(void)
{
	if (file >= 0)
		close(file);
	file = -1;
}
