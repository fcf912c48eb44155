/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Overwrites the strings of argv and the environment, which lie one behind the
 * other at the top of the stack; prctl(2) has no call for a long title.
 */
#include "process/os/proctitle.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct {
	char *memory; /* where the kernel looks for the command line */
	size_t size; /* 0: no title can be set */
	char *command_line; /* NULL: there was no memory for it */
	char *environment, *arguments; /* copies, which argv and environ point into */
} title;

static void save_command_line(int argc, char **argv)
{
	size_t size = 1;

	for (int i = 0; i < argc; i++)
		size += strlen(argv[i]) + 1;
	title.command_line = calloc(1, size);
	if (!title.command_line)
		return;
	char *to = title.command_line;
	for (int i = 0; i < argc; i++)
		to += sprintf(to, "%s%s", i ? " " : "", argv[i]);
}

/* The end of the strings that lie one behind the other from `end` on. */
static char *end_of_strings(char **strings, char *end)
{
	for (; *strings; strings++)
		if (*strings == end)
			end += strlen(*strings) + 1;
	return end;
}

/* Moves the strings into one piece of memory, which it returns; NULL: there is none. */
static char *move_strings(char **strings)
{
	size_t size = 1;

	for (char **string = strings; *string; string++)
		size += strlen(*string) + 1;
	char *to = malloc(size), *next = to;
	for (; to && *strings; strings++) {
		size_t len = strlen(*strings) + 1;
		*strings = memcpy(next, *strings, len);
		next += len;
	}
	return to;
}

void proctitle_start(int argc, char **argv)
{
	if (argc < 1)
		return;
	save_command_line(argc, argv);
	char *end = end_of_strings(environ, end_of_strings(argv, argv[0]));
	char *begin = argv[0];
	/* The options and messages point into argv, so the strings must live on. */
	title.environment = move_strings(environ);
	title.arguments = title.environment ? move_strings(argv) : NULL;
	if (!title.arguments)
		return;
	title.memory = begin;
	title.size = (size_t)(end - begin);
}

void proctitle_set(const char *format, ...)
{
	va_list args;

	if (title.size < 16)
		return;
	memset(title.memory, 0, title.size);
	int len = snprintf(title.memory, title.size, "skua: ");
	va_start(args, format);
	vsnprintf(title.memory + len, title.size - (size_t)len, format, args);
	va_end(args);
}

const char *proctitle_command_line(void)
{
	return title.command_line ? title.command_line : "skua";
}
