/* SPDX-License-Identifier: BSD-2-Clause */
#include "harness/scratch.h"

#include <dirent.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/memory.h"

/* Longer logs are shown by their end. */
enum { SHOWN = 16 * 1024 };

static char all[64]; /* of this program; "" before scratch_begin() and without memory */

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *where)
{
	(void)info, (void)kind, (void)where;
	return remove(path);
}

void scratch_remove(const char *path)
{
	nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

void scratch_begin(void)
{
	strcpy(all, "/tmp/skua-test-XXXXXX");
	if (!mkdtemp(all) || chmod(all, 0755) < 0) {
		perror(all);
		exit(EXIT_FAILURE);
	}
}

const char *scratch_create(void)
{
	char *path = memory_printf("%s/XXXXXX", all);

	if (!mkdtemp(path) || chmod(path, 0755) < 0) {
		perror("a folder for the test");
		exit(EXIT_FAILURE);
	}
	return path;
}

static void show(const char *path)
{
	static char text[SHOWN];
	FILE *file = fopen(path, "r");

	if (!file)
		return;
	if (fseek(file, -SHOWN, SEEK_END) < 0)
		rewind(file);
	size_t len = fread(text, 1, sizeof(text), file);
	fclose(file);
	if (len > 0)
		printf("--- %s\n%.*s\n", strrchr(path, '/') + 1, (int)len, text);
}

static int show_one(const char *path, const struct stat *info, int kind, struct FTW *where)
{
	const char *name = path + where->base;
	size_t len = strlen(name);

	(void)info;
	if (kind == FTW_F && len > 4 && strcmp(name + len - 4, ".log") == 0)
		show(path);
	return 0;
}

void scratch_finish(void)
{
	if (!all[0])
		return;
	nftw(all, show_one, 16, FTW_PHYS);
	if (getenv("TEST_KEEP"))
		printf("kept: %s\n", all);
	else
		scratch_remove(all);
	fflush(stdout);
}
