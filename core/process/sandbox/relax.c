/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What was built in is found by a function that only it brings along, so that
 * it does not matter by which options and which compiler.
 */
#include "process/sandbox/relax.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

void __asan_init(void) __attribute__((weak));
void __msan_init(void) __attribute__((weak));
void __tsan_init(void) __attribute__((weak));
void __gcov_init(void *) __attribute__((weak)); /* gcc */
void __gcov_dump(void) __attribute__((weak)); /* clang */

static bool has_sanitizer(void)
{
	return __asan_init || __msan_init || __tsan_init;
}

static bool has_counters(void)
{
	return __gcov_init || __gcov_dump;
}

/* It puts a library of its own into every program that it runs. */
static bool runs_in_valgrind(void)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[4096];
	bool found = false;

	while (maps && !found && fgets(line, sizeof(line), maps))
		found = strstr(line, "/vgpreload_") != NULL;
	if (maps)
		fclose(maps);
	return found;
}

const char *relax_reason(void)
{
	static enum { NOT_ASKED, NO, YES } in_valgrind;

	if (has_sanitizer())
		return "a sanitizer";
	if (has_counters())
		return "coverage";
	if (in_valgrind == NOT_ASKED)
		in_valgrind = runs_in_valgrind() ? YES : NO;
	return in_valgrind == YES ? "valgrind" : NULL;
}
