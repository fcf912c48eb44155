/* SPDX-License-Identifier: BSD-2-Clause */
#include "process/os/fork.h"

#include <assert.h>
#include <stddef.h>

static struct {
	void (*functions[16])(void);
	size_t count;
} cleanups;

void fork_cleanup_add(void (*clean_up)(void))
{
	for (size_t i = 0; i < cleanups.count; i++)
		if (cleanups.functions[i] == clean_up)
			return;
	assert(cleanups.count < sizeof(cleanups.functions) / sizeof(cleanups.functions[0]));
	cleanups.functions[cleanups.count++] = clean_up;
}

void fork_cleanup_run(void)
{
	for (size_t i = 0; i < cleanups.count; i++)
		cleanups.functions[i]();
}
