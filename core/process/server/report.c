/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * All processes share one open file description, and with it the position, so that they do
 * not overwrite each other's lines.
 */
#include "process/server/report.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "net/listener.h"
#include "process/server/generation.h"

enum { REPORT_MAX = 256 * 1024 };

static struct {
	int file; /* a memfd; -1: no report is under way */
} report = { .file = -1 };

void report_begin(void)
{
	report_leave();
	report.file = memfd_create("report", MFD_CLOEXEC);
}

int report_fd(void)
{
	return report.file;
}

void report_put(struct str text)
{
	while (report.file >= 0 && text.len) {
		ssize_t n = write(report.file, text.data, text.len);

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
	off_t size = report.file >= 0 ? lseek(report.file, 0, SEEK_END) : 0;
	size_t len = size < REPORT_MAX ? (size_t)size : REPORT_MAX;
	char *text = size > 0 ? malloc(len + 1) : NULL;

	if (text) {
		ssize_t n = pread(report.file, text, len, 0);
		text[n > 0 ? n : 0] = '\0';
	}
	report_leave();
	return text;
}

static bool has(const struct listeners *listeners, const struct listener *wanted)
{
	for (size_t i = 0; i < listeners->count; i++)
		if (listener_same(&listeners->items[i], wanted))
			return true;
	return false;
}

/* Reports the listeners in `some` that are not in `others`. */
static void report_missing(const char *what, const struct listeners *some,
			   const struct listeners *others)
{
	for (size_t i = 0; i < some->count; i++)
		if (!has(others, &some->items[i]))
			report_printf("%s %.*s\n", what, STR_ARG(some->items[i].text));
}

void report_changes(const struct generation *old, const struct generation *new)
{
	report_printf("generation %u serves, with %u worker%s", new->number, new->workers,
		      new->workers == 1 ? "" : "s");
	if (new->workers != old->workers)
		report_printf(" (generation %u had %u)", old->number, old->workers);
	report_put(STR("\n"));
	report_missing("listens now:", new->listeners, old->listeners);
	report_missing("listens no longer:", old->listeners, new->listeners);
}

void report_leave(void)
{
	if (report.file >= 0)
		close(report.file);
	report.file = -1;
}
