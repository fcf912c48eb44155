/* SPDX-License-Identifier: BSD-2-Clause */
/* Attacks by what a worker may ask the opener for. */
#include "hostile.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* As core/process/ipc/ has it. */
struct question {
	uint16_t version, type;
	uint32_t number, len, fds_count;
	uint32_t location, base, root_len, kind;
	uint64_t offset, stamp[8];
	char path[300];
};

enum { OPEN = 18, LOCATIONS = 12, BASES = 8, HEAD = 16 + 16 + 9 * 8, KINDS = 6, MANY = 2000 };

static bool known[DESCRIPTORS]; /* the sockets to others before there was a helper */

/* A file that the request names: what the worker's own sandbox lets it open. */
void attack_read(struct report *report)
{
	int fd = open(pool_cstr(report->req->pool, report->req->args), O_RDONLY);

	tried(report, "open", fd);
	if (fd >= 0)
		close(fd);
}

void attack_before(struct report *report)
{
	(void)report;
	for (int fd = 0; fd < DESCRIPTORS; fd++)
		known[fd] = is_message_socket(fd);
}

int find_helper(struct report *report)
{
	for (int fd = 0; fd < DESCRIPTORS; fd++)
		if (is_message_socket(fd) && !known[fd])
			return fd;
	note(report, "there is no channel to the helper\n");
	return -1;
}

static long send_question(int opener, const struct question *given, const char *path, size_t len)
{
	struct question question = *given;

	question.version = 1;
	question.type = OPEN;
	question.number = 7;
	question.len = (uint32_t)(HEAD - 16 + len);
	memcpy(question.path, path, len);
	return send(opener, &question, HEAD + len, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/*
 * What a descriptor of a directory gives: the names in it, of which those are noted that lie in no
 * root, and nothing by way of it.
 */
static void look_into(struct report *report, int directory)
{
	static const char *const ways[] = { "..", "../secret/a", "../secret", ".", "a" };
	static bool knows_away;
	struct stat status;
	/* Below a root, the worker may open the last two by itself. */
	size_t count = fstatat(directory, "away-name", &status, 0) == 0 ? 5 : 3;

	for (size_t i = 0; i < count; i++) {
		int fd = openat(directory, ways[i], O_RDONLY);
		if (fd < 0)
			continue;
		note(report, "opened by way of a directory: %s\n", ways[i]);
		close(fd);
	}
	DIR *list = fdopendir(directory);
	for (struct dirent *entry; list && (entry = readdir(list));) {
		bool is_away = strstr(entry->d_name, "away");

		if (strstr(entry->d_name, "secret") || strstr(entry->d_name, "beside") ||
		    (is_away && !knows_away))
			note(report, "listed: %s\n", entry->d_name);
		knows_away = knows_away || is_away;
	}
	if (list)
		closedir(list);
}

static void look_at(struct report *report, const struct question *question, const char *path,
		    int fd)
{
	struct stat status;
	char text[16] = "";

	if (fstat(fd, &status) == 0 && S_ISDIR(status.st_mode) && question->kind == 1) {
		look_into(report, fd);
		return;
	}
	if (pread(fd, text, sizeof(text) - 1, 0) < 0)
		note(report, "cannot be read: ");
	note(report, "%u %s: %s\n", question->location, path, text);
	close(fd);
}

/*
 * Each path below each location and base, with each length of a root and each kind of question;
 * notes what was opened.
 */
void attack_opener(struct report *report)
{
	static const struct {
		const char *path;
		size_t len;
	} paths[] = {
#define PATH(text) { text, sizeof(text) - 1 }
		PATH("/../secret/a"),
		PATH("../secret/a"),
		PATH("/x/../../secret/a"),
		PATH("/./../secret/a"),
		PATH("//../secret/a"),
		PATH("/.."),
		PATH(".."),
		PATH(""),
		PATH("/"),
		PATH("/\0/../secret/a"),
		PATH("-beside/a"),
		PATH("beside/a"),
		PATH("/folder/../secret/a"),
		PATH("secret/a"),
		PATH("/secret/a"),
		PATH("/pipe"),
		PATH("/link"),
		PATH("/socket"),
		PATH("/device"),
		PATH("/folder"),
		PATH("/folder/.."),
		PATH("/../secret"),
		PATH("../secret"),
		PATH("secret"),
		PATH("-beside"),
		PATH("."),
		PATH("/folder/../../secret"),
		PATH("/folder/."),
		PATH("/../html/folder"),
		PATH("/\0/../secret"),
		PATH("/folder/../"),
	};
	int opener = find_helper(report);

	if (opener < 0)
		return;
	for (uint32_t i = 0; i < LOCATIONS * BASES * 4 * KINDS; i++) {
		const struct question question = {
			.location = i / (4 * KINDS) / BASES,
			.base = i / (4 * KINDS) % BASES,
			.root_len = (i % 4) * (i % 4) * 1000,
			.kind = i / 4 % KINDS,
		};
		for (size_t j = 0; j < sizeof(paths) / sizeof(paths[0]); j++) {
			send_question(opener, &question, paths[j].path, paths[j].len);
			int fd = receive_answer(opener);
			if (fd >= 0)
				look_at(report, &question, paths[j].path, fd);
		}
	}
}

/* More than it may ask, and nothing is read. */
void attack_opener_flood(struct report *report)
{
	int opener = find_helper(report);

	for (int i = 0; opener >= 0 && i < MANY; i++)
		if (send_question(opener, &(struct question){ 0 }, "/link", 5) < 0)
			usleep(100);
}
