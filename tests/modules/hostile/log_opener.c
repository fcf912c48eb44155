/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Attacks by what a worker may ask the helper that opens logs for. The configuration has the path
 * sites/$arg_site.log, so a log that the helper opens lies directly in sites/.
 */
#include "hostile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NUMBERS = 3, MANY = 2000 };

/* As modules/log/paths.h has it: number, root, name. */
static size_t write_question(char *to, uint32_t number, const char *root, const char *name,
			     size_t name_len)
{
	size_t root_len = strlen(root) + 1;

	memcpy(to, &number, sizeof(number));
	memcpy(to + sizeof(number), root, root_len);
	memcpy(to + sizeof(number) + root_len, name, name_len);
	return sizeof(number) + root_len + name_len;
}

/* What came of a question: the test looks for the text that is written. */
static void use_log(struct report *report, const char *name, int fd)
{
	struct stat status = { 0 };
	char byte;

	if (fd < 0)
		return;
	if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) || status.st_nlink != 1)
		note(report, "odd file: ");
	if (pread(fd, &byte, 1, 0) >= 0)
		note(report, "can be read: ");
	if (write(fd, "hostile\n", 8) == 8)
		note(report, "%s\n", name);
	tried(report, "truncate", ftruncate(fd, 0));
	close(fd);
}

static void ask_for(struct report *report, int helper, uint32_t number, const char *root,
		    const char *name, size_t len, int fd)
{
	char text[QUESTION_MAX];

	if (ask_helper(helper, text, write_question(text, number, root, name, len), fd) > 0)
		use_log(report, name, receive_answer(helper));
}

/* Questions that are none: cut off at each length, without an end, empty. */
static void ask_in_pieces(struct report *report, int helper, const char *root)
{
	static const char name[] = "cut.log";
	char text[QUESTION_MAX];
	size_t len = write_question(text, 0, root, name, sizeof(name));

	for (size_t i = 0; i < len; i++) {
		ask_helper(helper, text, i, -1);
		use_log(report, "cut", receive_answer(helper));
	}
	memset(text, 'a', sizeof(text));
	ask_helper(helper, text, sizeof(text), -1);
	use_log(report, "without an end", receive_answer(helper));
}

/* Each name for each path of the configuration, and some that it has not. */
void attack_log_opener(struct report *report)
{
	static const struct {
		const char *name;
		size_t len;
	} names[] = {
#define NAME(text) { text, sizeof(text) }
		NAME("good.log"),
		NAME("../secret/a.log"),
		NAME("../secret.log"),
		NAME("..log"),
		NAME("...log"),
		NAME("../.log"),
		NAME(".."),
		NAME("."),
		NAME(""),
		NAME(".log"),
		NAME("bad"),
		NAME("bad.log/"),
		NAME("/bad.log"),
		NAME("/../secret/a.log"),
		NAME("below/bad.log"),
		NAME("below/../bad.log"),
		NAME("./bad.log"),
		NAME("//bad.log"),
		NAME("bad\n.log"),
		NAME("bad\x7f.log"),
		NAME("bad\t.log"),
		NAME("bad\0.log"),
		NAME("good.log\0.log"),
		NAME("../secret/a\0.log"),
		NAME("link.log"),
		NAME("way.log"),
		NAME("way.log/a.log"),
		NAME("hard.log"),
		NAME("pipe.log"),
		NAME("folder.log"),
		NAME("folder.log/bad.log"),
	};
	static const uint32_t numbers[] = { 0, 1, 2, 1000, UINT32_MAX };
	const char *root = pool_cstr(report->req->pool, report->req->args);
	int helper = find_helper(report);

	if (helper < 0)
		return;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		for (size_t j = 0; j < sizeof(numbers) / sizeof(numbers[0]); j++)
			ask_for(report, helper, numbers[j], root, names[i].name, names[i].len, -1);
	ask_for(report, helper, 0, "", "bad-root.log", 13, -1);
	ask_for(report, helper, 0, "/nowhere", "bad-root.log", 13, -1);
	ask_in_pieces(report, helper, root);
	/* A descriptor that it did not ask for changes nothing. */
	for (int fd = 0; fd < 16; fd++)
		ask_for(report, helper, 0, root, "../secret/a.log", 16, fd);
	ask_for(report, helper, 0, root, "good.log", 9, 0);
}

/* More than it may ask, and nothing is read. */
void attack_log_opener_flood(struct report *report)
{
	char text[QUESTION_MAX];
	int helper = find_helper(report);

	for (int i = 0; helper >= 0 && i < MANY; i++) {
		char name[32];
		size_t len = (size_t)snprintf(name, sizeof(name), "flood-%d.log", i) + 1;

		if (ask_helper(helper, text, write_question(text, 0, "/", name, len), -1) < 0)
			usleep(100);
	}
}
