/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Gives each file of a corpus to a fuzz target, without a fuzzer: main() of the
 * programs replay_NAME. The corpus is tests/fuzz/corpus/NAME, or what is named on
 * the command line, files or folders. A finding ends the program; the input it
 * had is named before it, so that it can be told from the last line.
 *
 * The summary is worded as Check's for tests/run; each file counts as a test.
 */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned replayed, unreadable;

static uint8_t *read_file(FILE *file, size_t size)
{
	/* At least one byte, and not one more than there is: a read past it is found. */
	uint8_t *data = malloc(size ? size : 1);

	if (data && fread(data, 1, size, file) == size)
		return data;
	free(data);
	return NULL;
}

static void replay_file(const char *path, size_t size)
{
	FILE *file = fopen(path, "rb");
	uint8_t *data = file ? read_file(file, size) : NULL;

	replayed++;
	if (data) {
		printf("%s\n", path);
		fflush(stdout);
		LLVMFuzzerTestOneInput(data, size);
	} else {
		printf("%s: cannot be read: %s\n", path, strerror(errno));
		unreadable++;
	}
	free(data);
	if (file)
		fclose(file);
}

static void replay(const char *path);

static void replay_folder(const char *path)
{
	struct dirent **entries;
	int count = scandir(path, &entries, NULL, alphasort);

	for (int i = 0; i < count; i++) {
		char *name;

		if (entries[i]->d_name[0] != '.') {
			if (asprintf(&name, "%s/%s", path, entries[i]->d_name) < 0)
				abort();
			replay(name);
			free(name);
		}
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
}

static void replay(const char *path)
{
	struct stat info;

	if (stat(path, &info) < 0) {
		printf("%s: %s\n", path, strerror(errno));
		replayed++;
		unreadable++;
	} else if (S_ISDIR(info.st_mode)) {
		replay_folder(path);
	} else {
		replay_file(path, (size_t)info.st_size);
	}
}

int main(int argc, char *argv[])
{
	const char *name = strrchr(argv[0], '_');
	char folder[256];

	if (argc < 2 && name) {
		snprintf(folder, sizeof(folder), "tests/fuzz/corpus/%s", name + 1);
		replay(folder);
	}
	for (int i = 1; i < argc; i++)
		replay(argv[i]);
	if (replayed == 0)
		replayed = unreadable = 1;
	printf("%u%%: Checks: %u, Failures: 0, Errors: %u\n",
	       100 * (replayed - unreadable) / replayed, replayed, unreadable);
	return unreadable ? EXIT_FAILURE : EXIT_SUCCESS;
}
