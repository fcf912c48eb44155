/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the README tells a newcomer to type is typed here, word for word but for the
 * port, in an empty folder, and does what it says.
 */
#include "harness/client.h"
#include "harness/memory.h"
#include "harness/scratch.h"
#include "harness/test.h"

#include <libgen.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TEXT = 8192 };

/* The indented lines between this heading and the next, a block for each paragraph of them. */
struct blocks {
	char text[4][TEXT];
	int count;
};

static void add_line(struct blocks *blocks, const char *line, bool begins)
{
	ck_assert_int_le(blocks->count + begins, 4);
	blocks->count += begins;
	strncat(blocks->text[blocks->count - 1], line, TEXT / 2);
}

static struct blocks *blocks_of(const char *heading)
{
	struct blocks *blocks = memory_alloc(sizeof(*blocks));
	FILE *file = fopen("README.md", "r");
	bool inside = false, in_block = false;
	char line[512];

	ck_assert_msg(file != NULL, "run this in the top folder");
	memset(blocks, 0, sizeof(*blocks));
	while (fgets(line, sizeof(line), file)) {
		if (strncmp(line, "## ", 3) == 0)
			inside = strncmp(line + 3, heading, strlen(heading)) == 0;
		bool is_code = strncmp(line, "    ", 4) == 0;
		if (inside && is_code)
			add_line(blocks, line + 4, !in_block);
		in_block = is_code;
	}
	fclose(file);
	ck_assert_msg(blocks->count > 0, "nothing to type below \"%s\"", heading);
	return blocks;
}

/* What a shell in the folder prints for these words. Each command in them has to work. */
static const char *type(const char *dir, const char *words)
{
	char *program = memory_printf("%s", getenv("SKUA") ? getenv("SKUA") : "build/skua");
	char *output = memory_alloc(TEXT);
	char *path = realpath(dirname(program), NULL);
	FILE *script = fopen(memory_printf("%s.sh", dir), "w");

	fprintf(script, "set -e\ncd %s\nPATH=%s:$PATH\n%s\n", dir, path, words);
	fclose(script);
	free(path);
	FILE *pipe = popen(memory_printf("timeout 60 sh %s.sh 2>&1 </dev/null", dir), "r");
	ck_assert_ptr_nonnull(pipe);
	output[fread(output, 1, TEXT - 1, pipe)] = '\0';
	int status = pclose(pipe);
	unlink(memory_printf("%s.sh", dir));
	ck_assert_msg(status == 0, "%s: status %d: %s", words, status, output);
	return output;
}

static const char *with_port(const char *text, int port)
{
	char *out = memory_alloc(TEXT);
	const char *found;

	for (*out = '\0'; (found = strstr(text, "8080")); text = found + 4)
		sprintf(out + strlen(out), "%.*s%d", (int)(found - text), text, port);
	return strcat(out, text);
}

static pid_t pid_of(const char *dir)
{
	FILE *file = fopen(memory_printf("%s/logs/skua.pid", dir), "r");
	int pid = 0;

	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(fscanf(file, "%d", &pid), 1);
	fclose(file);
	return pid;
}

/* A process that ends the server when this one has ended, as it does in a test that fails. */
static pid_t watch_over(pid_t pid)
{
	pid_t parent = getpid(), guard = fork();

	ck_assert_int_ge(guard, 0);
	if (guard > 0)
		return guard;
	close(STDOUT_FILENO);
	close(STDERR_FILENO);
	while (getppid() == parent)
		usleep(100000);
	kill(pid, SIGTERM);
	_exit(0);
}

static void check_site(const char *dir, int port)
{
	struct server server = { .dir = dir, .ports = { port }, .name = "skua" };

	ck_assert_str_eq(get(&server, "/").body, "It works.\n");
	ck_assert_int_eq(get(&server, "/none").status, 404);
	ck_assert_str_eq(get(&server, "/none").body, "Not here.\n");
}

START_TEST(a_site_in_ten_lines)
{
	const struct blocks *blocks = blocks_of("A site in ten lines");
	const char *dir = scratch_create(), *last = "";
	int port = port_reserve();
	pid_t pid = 0, guard = 0;

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	ck_assert_int_eq(blocks->count, 2);
	ck_assert_str_eq(type(dir, with_port(blocks->text[0], port)), "");
	char *rest, *text = memory_printf("%s", with_port(blocks->text[1], port));
	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		last = line;
		if (strncmp(line, "curl", 4) == 0) {
			ck_assert_int_ne(pid, 0);
			check_site(dir, port);
			line = memory_printf("! command -v curl >/dev/null || %s", line);
		}
		const char *output = type(dir, line);
		ck_assert_msg(!strstr(output, "error") && !strstr(output, "warning"), "%s", output);
		if (!pid && access(memory_printf("%s/logs/skua.pid", dir), F_OK) == 0) {
			pid = pid_of(dir);
			guard = watch_over(pid);
		}
	}
	ck_assert_msg(strstr(last, "-s quit") != NULL, "the last line is: %s", last);
	int status;
	struct deadline wait = { 0 };
	while (waitpid(pid, &status, WNOHANG) == 0)
		deadline_wait(&wait, "the server has ended");
	kill(guard, SIGKILL);
	ck_assert_int_eq(status, 0);
	scratch_remove(dir);
}
END_TEST

TESTS("README", a_site_in_ten_lines)
